"""Jobs of which all results are stored: ended by their server, many by one turn of the disk, and never seen before."""

import errno
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest

from backend.errors import ResultNotReadyError
from backend.jobs.admission import Bounds
from backend.jobs.engine import Engine
from backend.jobs.executor import Assignment, Ended, Outcome
from backend.jobs.gathering import Gathering
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import CompleteAttempt, JobRequest, NewResult
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore
from tests.backend.jobs.attempts import hand_in
from tests.disks import sync_with

REQUEST = JobRequest("buffer", {}, None, "raw", idempotent=False)
OUTPUTS = [NewResult("area", "application/json", b"1", {})]
ENGINE = "engine"
PATIENCE = 60


def complete(store: JobStore) -> CompleteAttempt:
    """A job whose worker has done all that it has to."""
    job = store.insert(REQUEST, owner=ENGINE, durable=True)
    started = store.start(job.id, ENGINE, ProcessIdentity.current())
    assert started is not None
    assert hand_in(store, started, OUTPUTS) == "complete"
    return job.id, started.attempt


def test_a_complete_job_runs_and_shows_no_results_until_it_is_confirmed(store: JobStore) -> None:
    job_id, attempt = complete(store)
    assert store.get(job_id).status is JobStatus.RUNNING
    with pytest.raises(ResultNotReadyError):
        store.results(job_id)
    assert store.confirm([(job_id, attempt)]) == 1
    assert store.get(job_id).status is JobStatus.SUCCESSFUL
    assert store.read(job_id, "area")[1] == b"1"


def test_how_long_the_disk_takes_is_told(store: JobStore, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = complete(store)
    assert store.sync_seconds == 0
    sync_with(monkeypatch, home, lambda _descriptor: threading.Event().wait(0.02))
    store.confirm([job])
    assert store.sync_seconds >= 0.02


def test_a_job_that_somebody_waits_for_is_ended_by_its_worker(store: JobStore) -> None:
    job = store.insert(REQUEST, owner=ENGINE, durable=False)
    started = store.start(job.id, ENGINE, ProcessIdentity.current())
    assert started is not None
    assert hand_in(store, started, OUTPUTS) == "ended"
    assert store.get(job.id).status is JobStatus.SUCCESSFUL


def test_what_was_dismissed_meanwhile_stays_so(store: JobStore) -> None:
    job_id, attempt = complete(store)
    store.dismiss(job_id)
    store.leases.settle(job_id, ENGINE, "It was ended.")
    assert store.confirm([(job_id, attempt)]) == 0
    assert store.get(job_id).status is JobStatus.DISMISSED


def test_jobs_that_come_while_the_disk_is_busy_share_its_next_turn(
    store: JobStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [complete(store) for _ in range(6)]
    sync, go, under_way = os.fsync, threading.Event(), threading.Event()
    turns: list[int] = []

    def slow(descriptor: int) -> None:
        turns.append(descriptor)
        under_way.set()
        assert go.wait(PATIENCE)
        sync(descriptor)

    sync_with(monkeypatch, home, slow)
    confirmations = Gathering[CompleteAttempt]("confirmations", store.confirm)
    confirmations.start()
    confirmations.add(jobs[0])
    assert under_way.wait(PATIENCE)
    for job in jobs[1:]:
        confirmations.add(job)
    assert store.get(jobs[0][0]).status is JobStatus.RUNNING
    go.set()
    confirmations.stop()
    assert {store.get(job_id).status for job_id, _ in jobs} == {JobStatus.SUCCESSFUL}
    assert len(turns) == 2


class Workers:
    """An executor whose workers, threads of this process, leave the ends of jobs to the engine."""

    process_ids = frozenset({"buffer"})

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(2)

    def start(self) -> None:
        """They are there."""

    def run(self, assignment: Assignment, ended: Ended) -> None:
        self._pool.submit(self._work, assignment, ended)

    def kill(self, job_id: str) -> None:
        """None takes so long."""

    def stop(self) -> None:
        self._pool.shutdown()

    def _work(self, assignment: Assignment, ended: Ended) -> None:
        started = self._store.start(assignment.job_id, assignment.engine, ProcessIdentity.current())
        assert started is not None
        assert hand_in(self._store, started, OUTPUTS) == "complete"
        ended(Outcome("complete", attempt=started.attempt))


@pytest.fixture
def engine(store: JobStore) -> Iterator[Engine]:
    made = Engine(store, Workers(store), Bounds(workers=2), lease_seconds=15, dismiss_wait_seconds=10)
    made.start()
    yield made
    made.stop()


@pytest.mark.anyio
async def test_an_engine_ends_what_its_workers_have_completed(engine: Engine, store: JobStore) -> None:
    jobs = [engine.submit(REQUEST, durable=True) for _ in range(20)]
    with anyio.fail_after(PATIENCE):
        ended = [await engine.wait(job.id, timeout=PATIENCE) for job in jobs]
    assert {job.status for job in ended} == {JobStatus.SUCCESSFUL}
    assert all(store.read(job.id, "area")[1] == b"1" for job in jobs)


@pytest.mark.anyio
async def test_a_job_whose_confirmation_failed_is_ended_by_the_next_round(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_store: JobStore, _complete: object) -> int:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(JobStore, "confirm", broken)
    job = engine.submit(REQUEST, durable=True)
    with anyio.fail_after(PATIENCE):
        assert (await engine.wait(job.id, timeout=PATIENCE)).status is JobStatus.SUCCESSFUL
    assert "the end of job" in caplog.text


def test_a_server_that_is_closed_ends_what_is_complete(store: JobStore) -> None:
    job_id, _ = complete(store)
    store.leases.release(ENGINE, "The server was closed.")
    assert store.get(job_id).status is JobStatus.SUCCESSFUL
