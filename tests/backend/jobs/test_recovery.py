"""Deaths: of a worker, of a server. Nothing hangs, nothing runs on, nobody is told what is not so."""

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from backend.jobs.engine import Engine
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Job, JobRequest
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore

pytestmark = [pytest.mark.long(10), pytest.mark.anyio]

type Request = Callable[..., JobRequest]
type UntilRunning = Callable[[Engine, Job], Awaitable[Job]]
type WorkerOf = Callable[[str], ProcessIdentity]


async def until_begun(marker: Path) -> None:
    """Until the process has counted itself: one that is killed before would begin for the first time again."""
    counted = anyio.Path(marker)
    while not (await counted.exists() and (await counted.stat()).st_size):
        await anyio.sleep(0.01)


async def test_a_killed_worker_fails_its_job_only(
    engine: Engine, request_for: Request, until_running: UntilRunning, worker_of: WorkerOf
) -> None:
    with anyio.fail_after(60):
        victim = await until_running(engine, engine.submit(request_for("Burn"), durable=True))
        other = await until_running(engine, engine.submit(request_for("tell"), durable=True))
        os.kill(worker_of(victim.id).pid, signal.SIGKILL)
        lost = await engine.wait(victim.id, timeout=60)
        assert lost.failure is not None
        assert (lost.status, lost.failure.kind) == (JobStatus.FAILED, "lost")
        assert "SIGKILL" in lost.message
        assert (await engine.wait(other.id, timeout=0)).status is JobStatus.RUNNING
        following = engine.submit(request_for("Echo"), durable=False)
        assert (await engine.wait(following.id, timeout=60)).status is JobStatus.SUCCESSFUL


async def test_a_job_that_may_be_run_again_survives_its_worker(
    engine: Engine, store: JobStore, request_for: Request, worker_of: WorkerOf, tmp_path: Path
) -> None:
    marker = tmp_path / "begun"
    with anyio.fail_after(60):
        job = engine.submit(request_for("BurnOnce", marker=str(marker)), durable=True)
        await until_begun(marker)
        os.kill(worker_of(job.id).pid, signal.SIGKILL)
        assert (await engine.wait(job.id, timeout=60)).status is JobStatus.SUCCESSFUL
    assert store.read(job.id, "value")[1] == b"2"


async def test_a_job_that_kills_its_worker_every_time_fails_in_the_end(
    engine: Engine, request_for: Request, tmp_path: Path
) -> None:
    marker = tmp_path / "begun"
    with anyio.fail_after(60):
        job = await engine.wait(engine.submit(request_for("Crash", marker=str(marker)), durable=True).id, timeout=60)
    assert (job.status, marker.read_text()) == (JobStatus.FAILED, "xxx")
    assert "SIGSEGV" in job.message


async def test_the_death_of_an_idle_worker_harms_no_later_job(
    make_engine: Callable[..., Engine],
    request_for: Request,
    until_running: UntilRunning,
    worker_of: WorkerOf,
) -> None:
    engine = make_engine(workers=1)
    with anyio.fail_after(60):
        job = await until_running(engine, engine.submit(request_for("tell", seconds=0.3), durable=False))
        worker = worker_of(job.id)
        await engine.wait(job.id, timeout=60)
        os.kill(worker.pid, signal.SIGKILL)
        for _ in range(3):
            following = engine.submit(request_for("Echo"), durable=False)
            assert (await engine.wait(following.id, timeout=60)).status is JobStatus.SUCCESSFUL


async def start_jobs(server: Any, marker: Path) -> dict[str, str]:
    """One job that may run again, one that may not, and one that waits for a worker."""
    again = await server.ask(do="submit", process="BurnOnce", inputs={"marker": str(marker)})
    never = await server.ask(do="submit", process="Burn")
    for job in (again, never):
        await server.ask(do="running", job=job["job"])
    await until_begun(marker)
    waiting = await server.ask(do="submit", process="Echo")
    return {"again": again["job"], "never": never["job"], "waiting": waiting["job"]}


async def expect_taken_over(engine: Engine, jobs: dict[str, str]) -> None:
    assert (await engine.wait(jobs["again"], timeout=60)).status is JobStatus.SUCCESSFUL
    assert (await engine.wait(jobs["waiting"], timeout=60)).status is JobStatus.SUCCESSFUL
    lost = await engine.wait(jobs["never"], timeout=60)
    assert (lost.status, lost.message) == (JobStatus.FAILED, "The server that ran the job died.")


async def test_a_killed_server_leaves_no_process_behind_and_its_jobs_go_on_at_the_next_start(
    serve_home: Callable[[], Any], make_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    server = serve_home()
    with anyio.fail_after(60):
        jobs = await start_jobs(server, tmp_path / "begun")
        descendants = await anyio.to_thread.run_sync(server.kill)
        assert len(descendants) >= 3
        _, alive = await anyio.to_thread.run_sync(lambda: psutil.wait_procs(descendants, timeout=40))
        assert alive == []
        await expect_taken_over(make_engine(), jobs)


async def test_the_jobs_of_a_killed_server_are_taken_over_by_one_that_runs(
    serve_home: Callable[[], Any], make_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    server = serve_home()
    with anyio.fail_after(60):
        jobs = await start_jobs(server, tmp_path / "begun")
        engine = make_engine()
        await anyio.to_thread.run_sync(server.kill)
        await expect_taken_over(engine, jobs)


async def test_the_job_of_a_dead_server_can_be_dismissed(
    serve_home: Callable[[], Any], make_engine: Callable[..., Engine]
) -> None:
    server = serve_home()
    with anyio.fail_after(60):
        job = await server.ask(do="submit", process="tell")
        await server.ask(do="running", job=job["job"])
        await anyio.to_thread.run_sync(server.kill)
        engine = make_engine()
        assert (await engine.dismiss(job["job"])).status is JobStatus.DISMISSED
