"""When jobs begin and end, though others write to the store just then or it does not take something."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from executors import ByHand

from backend.jobs import dispatch as dispatch_module
from backend.jobs.admission import Bounds
from backend.jobs.engine import Engine
from backend.jobs.executor import Outcome
from backend.jobs.leases import Leases
from backend.jobs.records import Failure, Job, JobRequest
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore

pytestmark = pytest.mark.anyio

PATIENCE = 60


def asked(process_id: str) -> JobRequest:
    return JobRequest(process_id, {}, None, "raw", idempotent=False)


class Locking:
    """Somebody else who begins to write to the store as soon as a job has come into it."""

    def __init__(self, path: Path) -> None:
        self.holds = threading.Event()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def accepted(self, job: Job) -> None:  # noqa: ARG002 - whichever it is
        self._connection.execute("BEGIN IMMEDIATE")
        self.holds.set()

    def ended(self, job: Job) -> None:
        """Nothing."""

    def let_go(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()


def left_by_a_dead_server(store: JobStore, home: Path) -> str:
    """The id of a job that was to begin on a server which has ended without a word."""
    store.leases.register("dead")
    job = store.insert(asked("buffer"), owner="dead", durable=False)
    with closing(sqlite3.connect(home / "jobs.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE engines SET process_started = 0 WHERE id = 'dead'")
    return job.id


@pytest.fixture
def make_engine(store: JobStore, executor: ByHand) -> Iterator[Callable[[], Engine]]:
    made: list[Engine] = []

    def make() -> Engine:
        bounds = Bounds(workers=4, max_queued=10, concurrency={"single": 1})
        made.append(Engine(store, executor, bounds, lease_seconds=3600, dismiss_wait_seconds=10))
        made[-1].start()
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


async def test_the_event_loop_does_not_wait_for_others_who_write_when_a_job_that_waited_may_begin(
    make_engine: Callable[[], Engine], executor: ByHand, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = make_engine()
    with anyio.fail_after(PATIENCE), closing(Locking(home / "jobs.sqlite")) as others:
        engine.observers = (others,)
        async with anyio.create_task_group() as tasks:
            # Not all workers may be taken by this one, so that it is stored first and claimed then.
            tasks.start_soon(lambda: engine.accept(asked("single"), durable=False, patience=PATIENCE))
            assert await anyio.to_thread.run_sync(others.holds.wait, PATIENCE)
            others.let_go()
        while not executor.runs:  # the engine's own thread may be at it just now, and begins it then
            await anyio.sleep(0.01)
        assert len(executor.runs) == 1
    assert "no job could be claimed" not in caplog.text


async def test_a_job_that_could_not_be_claimed_is_claimed_later_though_nobody_changes_the_store(
    make_engine: Callable[[], Engine], executor: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = Leases.claim
    refused = threading.Event()

    def once_refused(leases: Leases, engine: str, process_ids: frozenset[str]) -> tuple[str, str] | None:
        if refused.is_set():
            return claim(leases, engine, process_ids)
        if not leases.waiting(process_ids):
            return None
        refused.set()
        raise OSError("the disk does not answer")

    monkeypatch.setattr(Leases, "claim", once_refused)
    engine = make_engine()
    with anyio.fail_after(PATIENCE):
        await engine.accept(asked("single"), durable=True)
        while not executor.runs:
            await anyio.sleep(0.01)
    assert refused.is_set()


async def test_an_end_that_cannot_be_stored_keeps_neither_other_ends_nor_jobs_of_dead_servers_waiting(
    make_engine: Callable[[], Engine], executor: ByHand, store: JobStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = Leases.fail
    refusals: dict[str, int] = {}

    def refused(leases: Leases, job_id: str, engine: str, failure: Failure) -> None:
        refusals[job_id] = refusals.get(job_id, 0) + 1
        if job_id == never or refusals[job_id] == 1:
            raise OSError("the disk does not answer")
        fail(leases, job_id, engine, failure)

    engine = make_engine()
    with anyio.fail_after(PATIENCE):
        never, later = [(await engine.accept(asked("buffer"), durable=False)).id for _ in range(2)]
        monkeypatch.setattr(Leases, "fail", refused)
        for job_id in (never, later):
            executor.runs[job_id](Outcome("broken", "It broke."))
        assert (await engine.wait(later, timeout=PATIENCE)).status is JobStatus.FAILED
        orphan = left_by_a_dead_server(store, home)
        while orphan not in executor.runs:
            await anyio.sleep(0.01)
    assert refusals[never] > 1
    assert not store.get(never).final


def end(executor: ByHand, job: Job) -> None:
    """Its worker has ended it."""
    executor.runs.pop(job.id)(Outcome("finished"))


@pytest.mark.usefixtures("left_alone")
async def test_the_event_loop_leaves_it_to_others_to_claim_a_job_when_a_worker_has_just_become_free(
    make_engine: Callable[[], Engine], executor: ByHand, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Freeing(Locking):
        def accepted(self, job: Job) -> None:
            super().accepted(job)
            engine._lanes.release(busy[0].id)

    engine = make_engine()
    busy = [engine.submit(asked("buffer"), durable=False) for _ in range(4)]
    with anyio.fail_after(PATIENCE), closing(Freeing(home / "jobs.sqlite")) as others:
        engine.observers = (others,)
        waiting = await engine.accept(asked("buffer"), durable=False)
        others.let_go()
    assert "no job could be claimed" not in caplog.text
    engine._lanes.fill()
    assert waiting.id in executor.runs


@pytest.mark.usefixtures("left_alone")
async def test_the_end_of_a_job_lets_the_next_one_of_a_process_begin_that_may_not_take_all_workers(
    make_engine: Callable[[], Engine], executor: ByHand
) -> None:
    engine = make_engine()
    first, second = [engine.submit(asked("single"), durable=False) for _ in range(2)]
    assert executor.runs.keys() == {first.id}
    end(executor, first)
    assert executor.runs.keys() == {second.id}


@pytest.mark.usefixtures("left_alone")
async def test_a_job_of_others_that_was_seen_while_all_workers_were_busy_begins_with_the_first_that_is_free(
    make_engine: Callable[[], Engine], executor: ByHand, store: JobStore
) -> None:
    engine = make_engine()
    engine._lanes.look()  # there is none yet
    own = [engine.submit(asked("buffer"), durable=False) for _ in range(4)]
    other = store.insert(asked("buffer"), owner=None, durable=False)
    engine._lanes.look()
    assert other.id not in executor.runs
    end(executor, own[0])
    assert other.id in executor.runs


@pytest.mark.usefixtures("left_alone")
async def test_one_look_into_the_store_begins_as_many_jobs_of_others_as_workers_are_free(
    make_engine: Callable[[], Engine], executor: ByHand, store: JobStore
) -> None:
    engine = make_engine()
    engine._lanes.look()  # there is none yet
    own = engine.submit(asked("buffer"), durable=False)
    others = [store.insert(asked("buffer"), owner=None, durable=False).id for _ in range(5)]
    engine._lanes.look()
    assert executor.runs.keys() == {own.id, *others[:3]}


@pytest.mark.usefixtures("left_alone")
async def test_a_call_that_is_waited_for_begins_before_an_older_job(
    make_engine: Callable[[], Engine], executor: ByHand
) -> None:
    engine = make_engine()
    short, *_ = [engine.submit(asked("buffer"), durable=False, patience=PATIENCE) for _ in range(4)]
    older = engine.submit(asked("buffer"), durable=False)
    call = engine.submit(asked("buffer"), durable=False, patience=PATIENCE)
    assert executor.runs.keys().isdisjoint({older.id, call.id})
    end(executor, short)
    assert executor.runs.keys() & {older.id, call.id} == {call.id}


@pytest.mark.usefixtures("left_alone")
async def test_a_job_that_comes_again_before_its_first_run_was_told_to_have_ended_takes_one_worker(
    make_engine: Callable[[], Engine], executor: ByHand, store: JobStore
) -> None:
    engine = make_engine()
    job = engine.submit(replace(asked("buffer"), idempotent=True), durable=False)
    store.leases.settle(job.id, engine.id, "It was given back elsewhere.")
    engine._lanes.expect()
    engine._lanes.look()
    end(executor, job)
    others = {engine.submit(asked("buffer"), durable=False).id for _ in range(4)}
    assert executor.runs.keys() == others


class Clock:
    """The monotonic clock by which a call is waited for."""

    def __init__(self) -> None:
        self.later = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.later


@pytest.mark.parametrize(("seconds", "first"), [(0, "call"), (2 * PATIENCE, "job")])
async def test_a_call_goes_before_older_jobs_as_long_as_it_is_waited_for(
    make_engine: Callable[[], Engine], executor: ByHand, monkeypatch: pytest.MonkeyPatch, *, seconds: float, first: str
) -> None:
    clock = Clock()
    monkeypatch.setattr(dispatch_module, "time", clock)
    engine = make_engine()
    with anyio.fail_after(PATIENCE):
        running = engine.submit(asked("single"), durable=False)
        while running.id not in executor.runs:
            await anyio.sleep(0.01)
        job = engine.submit(asked("single"), durable=False)
        call = engine.submit(asked("single"), durable=False, patience=PATIENCE)
        clock.later = seconds
        executor.runs.pop(running.id)(Outcome("finished"))
        while not executor.runs:
            await anyio.sleep(0.01)
    assert list(executor.runs) == [{"job": job.id, "call": call.id}[first]]
