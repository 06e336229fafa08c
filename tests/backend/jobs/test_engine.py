"""The engine with real workers: jobs come to their end, and whoever waits is told."""

import subprocess
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from job_server import BASE_URL

from backend.errors import ProcessFailedError, ProcessRefusedError, ServerBusyError
from backend.jobs.engine import Engine
from backend.jobs.records import Job, JobRequest
from backend.jobs.sqlite import SqliteDatabase
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore

pytestmark = pytest.mark.anyio

type Request = Callable[..., JobRequest]
type UntilRunning = Callable[[Engine, Job], Awaitable[Job]]


async def finish(engine: Engine, request: JobRequest) -> Job:
    with anyio.fail_after(60):
        return await engine.wait(engine.submit(request, durable=False).id, timeout=60)


async def test_a_job_runs_to_its_result_and_summary(engine: Engine, store: JobStore, request_for: Request) -> None:
    job = await finish(engine, request_for("Echo", text="Zürich"))
    assert (job.status, job.progress) == (JobStatus.SUCCESSFUL, 100)
    record, content = store.read(job.id, "value")
    assert content == '{"got":{"text":"Zürich"},"padding":""}'.encode()
    assert (record.media_type, record.summary["kind"]) == ("application/json", "object")


async def test_a_large_result_stands_in_a_file(engine: Engine, store: JobStore, request_for: Request) -> None:
    job = await finish(engine, request_for("Echo", megabytes=3))
    record, content = store.read(job.id, "value")
    assert isinstance(content, Path)
    assert content.stat().st_size == record.size > 3 * 2**20


async def test_bytes_are_kept_as_they_are(engine: Engine, store: JobStore, request_for: Request) -> None:
    job = await finish(engine, request_for("Picture"))
    assert store.read(job.id, "value")[1] == b"\x89PNG"


async def test_a_refusal_and_a_failure_are_told_apart(engine: Engine, store: JobStore, request_for: Request) -> None:
    refused = await finish(engine, request_for("Refuse"))
    assert refused.status is JobStatus.FAILED
    with pytest.raises(ProcessRefusedError, match="distance is too large") as caught:
        store.results(refused.id)
    assert caught.value.path == "$.inputs.distance"
    failed = await finish(engine, request_for("NoNumber"))
    with pytest.raises(ProcessFailedError, match="JSON"):
        store.results(failed.id)


async def test_a_process_of_another_server_fails_with_a_reason(engine: Engine, request_for: Request) -> None:
    job = await finish(engine, request_for("unheard-of"))
    assert (job.status, job.message) == (JobStatus.FAILED, "This server has no process 'unheard-of'.")


async def test_more_jobs_than_workers_all_come_to_their_own_end(
    engine: Engine, store: JobStore, request_for: Request
) -> None:
    jobs = [engine.submit(request_for("Echo", number=number), durable=False) for number in range(200)]
    ended: dict[str, Job] = {}

    async def wait(job: Job) -> None:
        ended[job.id] = await engine.wait(job.id, timeout=60)

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            for job in jobs:
                group.start_soon(wait, job)
    for number, job in enumerate(jobs):
        assert ended[job.id].status is JobStatus.SUCCESSFUL
        assert store.read(job.id, "value")[1] == f'{{"got":{{"number":{number}}},"padding":""}}'.encode()


async def test_a_reference_to_a_result_is_read_from_the_store(
    engine: Engine, store: JobStore, request_for: Request
) -> None:
    first = await finish(engine, request_for("Echo", text="one"))
    href = f"{BASE_URL}/jobs/{first.id}/results/value"
    second = await finish(engine, request_for("Echo", deep=[{"here": {"href": href}}]))
    assert store.read(second.id, "value")[1] == (
        b'{"got":{"deep":[{"here":{"got":{"text":"one"},"padding":""}}]},"padding":""}'
    )


async def test_a_reference_to_nothing_is_refused_with_its_place(
    engine: Engine, store: JobStore, request_for: Request
) -> None:
    gone = await finish(engine, request_for("Echo"))
    await engine.dismiss(gone.id)
    job = await finish(engine, request_for("Echo", parts=[1, {"href": f"{BASE_URL}/jobs/{gone.id}/results/value"}]))
    with pytest.raises(ProcessRefusedError, match="dismissed") as caught:
        store.results(job.id)
    assert caught.value.path == "$.inputs.parts[1]"


async def test_progress_wakes_who_knows_an_older_version(
    engine: Engine, request_for: Request, until_running: UntilRunning
) -> None:
    with anyio.fail_after(60):
        job = await until_running(engine, engine.submit(request_for("tell"), durable=False))
        while job.progress == 0:
            job = await engine.wait(job.id, timeout=60, version=job.version)
    assert (job.status, job.progress, job.message) == (JobStatus.RUNNING, 50, "half-way")


async def test_a_wait_that_is_over_gives_the_job_as_it_is(engine: Engine, request_for: Request) -> None:
    job = engine.submit(request_for("tell"), durable=False)
    with anyio.fail_after(60):
        assert not (await engine.wait(job.id, timeout=0.05)).final


async def test_a_job_that_waits_for_a_worker_is_taken_by_another_engine(
    make_engine: Callable[..., Engine], request_for: Request, until_running: UntilRunning
) -> None:
    busy = make_engine(workers=1)
    with anyio.fail_after(60):
        await until_running(busy, busy.submit(request_for("tell"), durable=False))
        waiting = busy.submit(request_for("Echo"), durable=False)
        assert (await busy.wait(waiting.id, timeout=0.3)).status is JobStatus.ACCEPTED
        make_engine(workers=1)
        assert (await busy.wait(waiting.id, timeout=60)).status is JobStatus.SUCCESSFUL


async def test_closing_returns_what_may_run_again_and_ends_the_rest(
    make_engine: Callable[..., Engine], store: JobStore, request_for: Request, until_running: UntilRunning
) -> None:
    engine = make_engine(workers=2)
    with anyio.fail_after(60):
        again = await until_running(engine, engine.submit(request_for("tell"), durable=False))
        never = await until_running(engine, engine.submit(request_for("Burn"), durable=False))
        waiting = engine.submit(request_for("Echo"), durable=False)
        await anyio.to_thread.run_sync(engine.stop)
        assert store.get(again.id).status is JobStatus.ACCEPTED
        assert store.get(waiting.id).status is JobStatus.ACCEPTED
        failed = store.get(never.id)
        assert failed.failure is not None
        assert (failed.failure.kind, failed.message) == ("lost", "The server that ran the job was closed.")
        with pytest.raises(ServerBusyError):
            engine.submit(request_for("Echo"), durable=False)
        heir = make_engine(workers=2)
        assert (await heir.wait(waiting.id, timeout=60)).status is JobStatus.SUCCESSFUL
        assert (await until_running(heir, store.get(again.id))).status is JobStatus.RUNNING


async def test_a_job_on_its_way_into_the_store_when_its_engine_stops_is_left_to_others(
    engine: Engine, store: JobStore, request_for: Request, home: Path
) -> None:
    others = SqliteDatabase(home / "jobs.sqlite")
    accepted: list[Job] = []

    def submit() -> None:
        accepted.append(engine.submit(request_for("Echo"), durable=False))

    with anyio.fail_after(60), closing(others):
        async with anyio.create_task_group() as tasks:
            with others.transaction(durable=False):
                tasks.start_soon(anyio.to_thread.run_sync, submit)
                while not engine._lanes.claiming:  # pyright: ignore[reportPrivateUsage] - it waits for the lock
                    await anyio.sleep(0.001)
                tasks.start_soon(anyio.to_thread.run_sync, engine.stop)
                while not engine._stopping.is_set():  # pyright: ignore[reportPrivateUsage]
                    await anyio.sleep(0.001)
        assert store.leases.claim("another", ["Echo"]) == (accepted[0].id, "Echo")


async def test_what_a_process_prints_stays_out_of_the_servers_standard_output(
    serve_home: Callable[[], Any],
) -> None:
    server = serve_home()
    with anyio.fail_after(60):
        job = await server.ask(do="submit", process="Noise")
        assert (await server.ask(do="wait", job=job["job"]))["status"] == "successful"
        try:
            output, log = await anyio.to_thread.run_sync(server.close)
        except subprocess.TimeoutExpired:
            pytest.fail("the server did not end")
    assert output == ""
    assert "noise of print" in log
    assert "noise of native code" in log


async def test_a_job_that_nobody_waits_for_is_ended_by_its_worker_where_the_disk_answers_at_once(
    left_alone: None, engine: Engine, request_for: Request
) -> None:
    job = engine.submit(request_for("Echo", text="kept"), durable=True)
    with anyio.fail_after(60):
        assert (await engine.wait(job.id, timeout=60)).status is JobStatus.SUCCESSFUL
