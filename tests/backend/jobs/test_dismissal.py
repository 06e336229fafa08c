"""Dismissal: the process is gone before anybody is told so, whichever server runs the job."""

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from backend.errors import NoSuchJobError
from backend.jobs.engine import Engine
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Job, JobRequest
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore

pytestmark = pytest.mark.anyio

type Request = Callable[..., JobRequest]
type UntilRunning = Callable[[Engine, Job], Awaitable[Job]]
type WorkerOf = Callable[[str], ProcessIdentity]


async def test_a_job_in_native_code_is_killed_and_its_worker_replaced(
    make_engine: Callable[..., Engine], request_for: Request, until_running: UntilRunning, worker_of: WorkerOf
) -> None:
    engine = make_engine(workers=1)
    with anyio.fail_after(60):
        job = await until_running(engine, engine.submit(request_for("Burn"), durable=True))
        worker = worker_of(job.id)
        assert worker.alive()
        dismissed = await engine.dismiss(job.id)
        assert dismissed.status is JobStatus.DISMISSED
        assert not worker.alive()
        following = engine.submit(request_for("Echo"), durable=False)
        assert (await engine.wait(following.id, timeout=60)).status is JobStatus.SUCCESSFUL


async def test_who_waits_for_a_job_learns_of_its_dismissal(
    engine: Engine, request_for: Request, until_running: UntilRunning
) -> None:
    with anyio.fail_after(60):
        job = await until_running(engine, engine.submit(request_for("Burn"), durable=True))
        async with anyio.create_task_group() as group:
            group.start_soon(engine.dismiss, job.id)
            assert (await engine.wait(job.id, timeout=60)).status is JobStatus.DISMISSED


async def test_a_job_that_has_not_begun_never_does(
    make_engine: Callable[..., Engine], request_for: Request, until_running: UntilRunning, tmp_path: Path
) -> None:
    engine = make_engine(workers=1)
    with anyio.fail_after(60):
        first = await until_running(engine, engine.submit(request_for("tell"), durable=True))
        waiting = engine.submit(request_for("BurnOnce", marker=str(tmp_path / "begun")), durable=True)
        assert (await engine.dismiss(waiting.id)).status is JobStatus.DISMISSED
        await engine.dismiss(first.id)
        following = engine.submit(request_for("Echo"), durable=False)
        assert (await engine.wait(following.id, timeout=60)).status is JobStatus.SUCCESSFUL
    assert not (tmp_path / "begun").exists()


async def test_jobs_dismissed_right_after_their_submission_leave_the_engine_well(
    engine: Engine, store: JobStore, request_for: Request
) -> None:
    with anyio.fail_after(60):
        for _ in range(20):
            job = engine.submit(request_for("Burn"), durable=False)
            assert (await engine.dismiss(job.id)).status is JobStatus.DISMISSED
        jobs = [engine.submit(request_for("Echo"), durable=False) for _ in range(4)]
        for job in jobs:
            assert (await engine.wait(job.id, timeout=60)).status is JobStatus.SUCCESSFUL


async def test_a_finished_job_loses_its_results_and_stays_dismissed(engine: Engine, request_for: Request) -> None:
    with anyio.fail_after(60):
        job = await engine.wait(engine.submit(request_for("Echo"), durable=False).id, timeout=60)
        dismissed = await engine.dismiss(job.id)
        assert dismissed.status is JobStatus.DISMISSED
        assert await engine.dismiss(job.id) == dismissed


async def test_an_unknown_job_cannot_be_dismissed(engine: Engine) -> None:
    with pytest.raises(NoSuchJobError), anyio.fail_after(60):
        await engine.dismiss("none")


async def test_temporary_files_of_a_killed_job_are_removed(
    engine: Engine, request_for: Request, until_running: UntilRunning, tmp_path: Path, home: Path
) -> None:
    marker = anyio.Path(tmp_path / "where")
    with anyio.fail_after(60):
        job = await until_running(engine, engine.submit(request_for("LeaveFiles", marker=str(marker)), durable=False))
        while not await marker.exists() or not await marker.read_text():
            await anyio.sleep(0.01)
        left = anyio.Path(await marker.read_text())
        assert await left.exists()
        await engine.dismiss(job.id)
        assert anyio.Path(home) in left.parents
        assert not await left.exists()


async def test_two_servers_on_one_home_dismiss_each_others_jobs(
    engine: Engine,
    serve_home: Callable[[], Any],
    request_for: Request,
    until_running: UntilRunning,
    worker_of: WorkerOf,
) -> None:
    server = serve_home()
    with anyio.fail_after(60):
        theirs = await server.ask(do="submit", process="Burn")
        await server.ask(do="running", job=theirs["job"])
        ours = await until_running(engine, engine.submit(request_for("Burn"), durable=True))
        their_worker, our_worker = worker_of(theirs["job"]), worker_of(ours.id)
        assert (await engine.dismiss(theirs["job"])).status is JobStatus.DISMISSED
        assert not their_worker.alive()
        assert our_worker.alive()
        assert (await server.ask(do="dismiss", job=ours.id))["status"] == "dismissed"
        assert not our_worker.alive()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="a process cannot be stopped here")
async def test_what_cannot_be_confirmed_in_time_is_not_called_dismissed(
    make_engine: Callable[..., Engine], serve_home: Callable[[], Any], store: JobStore
) -> None:
    engine = make_engine(dismiss_wait_seconds=0.2)
    server = serve_home()
    with anyio.fail_after(60):
        job = await server.ask(do="submit", process="Burn")
        await server.ask(do="running", job=job["job"])
        os.kill(server.pid, signal.SIGSTOP)
        try:
            asked = await engine.dismiss(job["job"])
            assert (asked.status, asked.dismiss_requested) == (JobStatus.RUNNING, True)
            assert "not ended yet" in asked.message
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert (await engine.wait(job["job"], timeout=60)).status is JobStatus.DISMISSED
