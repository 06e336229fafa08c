"""Jobs on their way into the store: those that come while the disk is busy go together, and each has its own answer."""

import errno
import math
import os
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio
import pytest
from executors import ByHand

from backend.errors import QueueFullError, ServerBusyError, StoreFullError
from backend.jobs.admission import Bounds
from backend.jobs.engine import Engine
from backend.jobs.records import Job, JobRequest, Subscriber
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore
from tests.disks import sync_with

pytestmark = pytest.mark.anyio

REQUEST = JobRequest("buffer", {}, None, "raw", idempotent=False)
PATIENCE = 60


class BusyDisk:
    """A disk that is busy with the first job until it is let go."""

    def __init__(self, sync: Callable[[int], None]) -> None:
        self.turns = 0
        self.busy, self.go = threading.Event(), threading.Event()
        self._sync = sync

    def __call__(self, descriptor: int) -> None:
        self.turns += 1
        self.busy.set()
        assert self.go.wait(PATIENCE)
        self._sync(descriptor)


@pytest.fixture
def engine(store: JobStore, executor: ByHand, left_alone: None) -> Iterator[Engine]:
    # Its own thread, which looks for jobs of others, has the free worker's place while it does.
    made = Engine(store, executor, Bounds(workers=2, max_queued=3), lease_seconds=15, dismiss_wait_seconds=10)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def disk(engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BusyDisk]:
    disk = BusyDisk(os.fsync)
    sync_with(monkeypatch, home, disk)
    yield disk
    disk.go.set()  # or an engine would wait for it


type Answers = dict[int, Job | Exception]


@asynccontextmanager
async def accepting(engine: Engine, requests: Sequence[JobRequest]) -> AsyncGenerator[Answers]:
    """Jobs that all have been handed over, and their answers by their places once there are any."""
    answers: Answers = {}

    async def accept(place: int, request: JobRequest) -> None:
        try:
            answers[place] = await engine.accept(request, durable=True)
        except Exception as error:
            answers[place] = error

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            for place, request in enumerate(requests):
                group.start_soon(accept, place, request)
            await anyio.wait_all_tasks_blocked()
            yield answers


@asynccontextmanager
async def accepting_behind_another(
    engine: Engine, disk: BusyDisk, requests: Sequence[JobRequest]
) -> AsyncGenerator[Answers]:
    """Jobs that come while the disk is busy with one; it is let go at the end."""
    async with accepting(engine, [REQUEST]) as first:
        assert await anyio.to_thread.run_sync(disk.busy.wait, PATIENCE)
        async with accepting(engine, requests) as answers:
            assert (first, answers) == ({}, {})
            yield answers
            disk.go.set()


async def test_jobs_that_come_while_the_disk_is_busy_share_its_next_turn_and_begin_where_they_may(
    engine: Engine, disk: BusyDisk, executor: ByHand, store: JobStore
) -> None:
    async with accepting_behind_another(engine, disk, [REQUEST] * 4) as answers:
        pass
    accepted = [answer.id for answer in answers.values() if isinstance(answer, Job)]
    assert len(set(accepted)) == 4
    assert store.list(limit=1, offset=0)[1] == 5
    assert disk.turns == 2
    assert len(executor.runs) == 2


async def test_of_jobs_that_come_together_as_many_wait_as_may(engine: Engine, disk: BusyDisk, store: JobStore) -> None:
    async with accepting_behind_another(engine, disk, [REQUEST] * 7) as answers:
        pass
    refused = [answer for answer in answers.values() if isinstance(answer, QueueFullError)]
    accepted = [answer for answer in answers.values() if isinstance(answer, Job)]
    assert (len(accepted), len(refused)) == (4, 3)  # one has a worker, three may wait
    assert store.list(limit=1, offset=0)[1] == 5


async def test_one_that_cannot_be_stored_keeps_no_neighbour_out(
    engine: Engine, disk: BusyDisk, store: JobStore
) -> None:
    bad = replace(REQUEST, inputs={"number": math.nan})
    async with accepting_behind_another(engine, disk, [REQUEST, bad, REQUEST]) as answers:
        pass
    assert [isinstance(answers[place], Job) for place in range(3)] == [True, False, True]
    assert isinstance(answers[1], ValueError)
    assert store.list(limit=1, offset=0)[1] == 3


async def test_what_nobody_waits_for_any_more_is_accepted_all_the_same(
    engine: Engine, disk: BusyDisk, store: JobStore
) -> None:
    async with accepting_behind_another(engine, disk, []), anyio.create_task_group() as group:
        group.start_soon(partial(engine.accept, REQUEST, durable=True))
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
        disk.go.set()
    assert store.list(limit=1, offset=0)[1] == 2


async def test_an_engine_that_stops_answers_what_it_was_given_and_takes_no_more(
    engine: Engine, disk: BusyDisk, store: JobStore
) -> None:
    async with anyio.create_task_group() as group, accepting_behind_another(engine, disk, [REQUEST] * 2) as answers:
        group.start_soon(anyio.to_thread.run_sync, engine.stop)
    stored, count = store.list(limit=10, offset=0)
    assert {type(answer) for answer in answers.values()} <= {Job, ServerBusyError}
    assert count == 1 + sum(isinstance(answer, Job) for answer in answers.values())
    assert {job.status for job in stored} == {JobStatus.ACCEPTED}
    with pytest.raises(ServerBusyError):
        await engine.accept(REQUEST, durable=True)


@pytest.mark.parametrize("fault", [errno.EIO, errno.ENOSPC], ids=["error", "full"])
async def test_what_the_disk_did_not_take_is_not_left_to_run_nor_let_in_twice(
    engine: Engine, home: Path, store: JobStore, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    def sync(descriptor: int) -> None:
        disk(descriptor)
        if disk.turns == 2:
            raise OSError(fault, "not this time")

    disk = BusyDisk(os.fsync)
    sync_with(monkeypatch, home, sync)
    async with accepting_behind_another(engine, disk, [subscribed(), subscribed(), REQUEST]) as answers:
        pass
    await anyio.to_thread.run_sync(engine.stop)
    accepted = [answer for answer in answers.values() if isinstance(answer, Job)]
    assert store.list(limit=10, offset=0)[1] == 1 + len(accepted)


async def test_the_inputs_of_a_job_that_the_disk_did_not_take_are_not_kept(
    engine: Engine, home: Path, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = (home / "jobs.sqlite-wal").stat()

    def sync(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), database):
            raise OSError(errno.ENOSPC, "there is no room")

    sync_with(monkeypatch, home, sync)
    with pytest.raises(StoreFullError):
        await engine.accept(replace(REQUEST, inputs={"text": "x" * 2**17}), durable=True, large=True)
    assert store.list(limit=10, offset=0)[1] == 0
    assert list((home / "inputs").iterdir()) == []


def subscribed() -> JobRequest:
    return replace(REQUEST, subscriber=Subscriber(success_uri="https://hooks.example/ended"))
