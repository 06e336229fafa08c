"""How an engine looks after its jobs: it sees what others have changed, and what nobody has told it."""

import time
from collections.abc import Iterator
from dataclasses import replace

import anyio
import pytest
from executors import ByHand

from backend.jobs import engine as engine_module
from backend.jobs.admission import Bounds
from backend.jobs.engine import Engine
from backend.jobs.executor import Outcome
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Job, JobRequest, StartedJob
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore
from tests.backend.jobs.attempts import finish

pytestmark = pytest.mark.anyio

ONCE = JobRequest("buffer", {}, None, "raw", idempotent=False)
AGAIN = replace(ONCE, idempotent=True)
ME = ProcessIdentity.current()
GONE = replace(ME, started=ME.started - 1000)


class Clock:
    """The monotonic clock that the engine reads."""

    def __init__(self) -> None:
        self.later = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.later


@pytest.fixture
def engine(store: JobStore, executor: ByHand, left_alone: None) -> Iterator[Engine]:
    """One that looks when the test says so."""
    made = Engine(store, executor, Bounds(workers=2), lease_seconds=3600, dismiss_wait_seconds=60)
    made.start()
    yield made
    made.stop()


def begun(engine: Engine, store: JobStore, request: JobRequest, worker: ProcessIdentity = ME) -> tuple[Job, StartedJob]:
    job = engine.submit(request, durable=False)
    started = store.start(job.id, engine.id, worker)
    assert started is not None
    return job, started


async def test_the_run_of_a_job_that_others_have_taken_over_is_ended(
    engine: Engine, executor: ByHand, store: JobStore
) -> None:
    job, _ = begun(engine, store, AGAIN)
    kept, _ = begun(engine, store, AGAIN)
    store.leases.settle(job.id, engine.id, "They took it for dead.")
    assert store.leases.claim_one("another", job.id)
    engine._look()
    assert executor.killed == [job.id]
    assert kept.id in executor.runs


async def test_the_run_of_a_job_that_others_have_dismissed_is_ended(
    engine: Engine, executor: ByHand, store: JobStore
) -> None:
    job, _ = begun(engine, store, ONCE)
    store.dismiss(job.id)
    engine._look()
    assert executor.killed == [job.id]


async def test_a_job_that_ends_by_itself_while_it_is_being_dismissed_is_dismissed(
    engine: Engine, executor: ByHand, store: JobStore
) -> None:
    job, started = begun(engine, store, ONCE)
    dismissed: list[Job] = []

    async def dismiss() -> None:
        dismissed.append(await engine.dismiss(job.id))

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(dismiss)
            while job.id not in executor.killed:
                await anyio.sleep(0.01)
            assert finish(store, started, [])
            executor.runs[job.id](Outcome("finished"))
    assert [one.status for one in dismissed] == [JobStatus.DISMISSED]


async def test_a_job_whose_worker_died_begins_again_at_once_where_it_may(
    engine: Engine, executor: ByHand, store: JobStore
) -> None:
    engine._lanes.look()  # there is no other
    job, _ = begun(engine, store, AGAIN)
    executor.runs.pop(job.id)(Outcome("died", "It died."))
    assert store.get(job.id).message == "It died. It will be run again."
    assert job.id in executor.runs


async def test_a_worker_whose_death_nobody_tells_is_missed_after_a_while_and_no_other(
    engine: Engine, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(engine_module, "time", clock)
    lost, _ = begun(engine, store, ONCE, GONE)
    alive, _ = begun(engine, store, ONCE)
    for clock.later in (0, 4):
        engine._sweep()
        assert store.get(lost.id).status is JobStatus.RUNNING
    clock.later = 6
    engine._sweep()
    assert store.get(lost.id).message == "The worker process that ran the job died."
    assert store.get(alive.id).status is JobStatus.RUNNING


async def test_a_limit_that_ended_a_job_is_told_though_the_store_could_not_be_written_to_at_the_time(
    engine: Engine, executor: ByHand, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk does not answer")

    job, _ = begun(engine, store, AGAIN)
    with monkeypatch.context() as patched:
        patched.setattr(store.leases, "fail", broken)
        executor.runs.pop(job.id)(Outcome("exceeded", "The job took too long."))
        engine._sweep()
    assert store.get(job.id).status is JobStatus.RUNNING
    engine._sweep()
    assert (store.get(job.id).status, store.get(job.id).message) == (JobStatus.FAILED, "The job took too long.")


async def test_a_job_that_is_an_engines_in_the_store_alone_is_given_back_after_a_while(
    engine: Engine, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(engine_module, "time", clock)
    job = store.insert(ONCE, owner=engine.id, durable=False)  # whoever was to begin it has failed to
    for clock.later in (0, 4):
        engine._sweep()
        assert [job_id for job_id, _ in store.leases.jobs_of(engine.id)] == [job.id]
    clock.later = 6
    engine._sweep()
    assert store.leases.jobs_of(engine.id) == []
    assert store.get(job.id).status is JobStatus.ACCEPTED
