"""What becomes of a job whose worker or engine is gone, and what is left of one that has ended."""

import errno
import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from databases import Place, opened

from backend.errors import QueueFullError, StoreUnavailableError
from backend.jobs import patience
from backend.jobs.connection import Connection
from backend.jobs.leases import MAX_ATTEMPTS
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Failure, Job, JobRequest, NewResult, StartedJob
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore
from tests.backend.jobs.attempts import finish, hand_in
from tests.disks import sync_with

ENGINE = "an-engine"
ONCE = JobRequest("buffer", {}, None, "raw", idempotent=False)
AGAIN = replace(ONCE, idempotent=True)
LARGE = replace(ONCE, inputs={"text": "x" * 2**17})
RESULTS = [NewResult("small", "text/plain", b"x", {}), NewResult("large", "text/plain", b"x" * 100, {})]


@pytest.fixture
def store(place: Place) -> Iterator[JobStore]:
    """On each of the databases."""
    yield from opened(place)


@pytest.fixture
def sqlite(home: Path) -> Iterator[JobStore]:
    """On the one where the end of a job may be left to its server."""
    yield from opened(Place(home, None))


def begin(store: JobStore, job: Job) -> StartedJob:
    started = store.start(job.id, ENGINE, ProcessIdentity.current())
    assert started is not None
    return started


def begun(store: JobStore, request: JobRequest = ONCE, *, durable: bool = True) -> StartedJob:
    return begin(store, store.insert(request, owner=ENGINE, durable=durable))


def lose(store: JobStore, started: StartedJob) -> Job:
    """Its worker dies; where it may run again, its engine claims it again."""
    store.leases.settle(started.id, ENGINE, "It died.")
    store.leases.claim_one(ENGINE, started.id)
    return store.get(started.id)


def complete(store: JobStore) -> StartedJob:
    """A job of which all results are stored, and which nobody has ended yet."""
    started = begun(store)
    assert hand_in(store, started, RESULTS) == "complete"
    return started


def left_in(home: Path, folder: str) -> list[Path]:
    return [path for path in (home / folder).rglob("*") if path.is_file()]


def test_a_job_whose_workers_keep_dying_is_begun_so_often_and_no_more(store: JobStore) -> None:
    job = store.insert(AGAIN, owner=ENGINE, durable=False)
    for _ in range(MAX_ATTEMPTS - 1):
        assert lose(store, begin(store, job)).status is JobStatus.ACCEPTED
    assert lose(store, begin(store, job)).failure == Failure("lost", "It died.")


def test_an_engine_that_closes_gives_back_what_may_run_again_however_often_it_was_begun(store: JobStore) -> None:
    job = store.insert(AGAIN, owner=ENGINE, durable=False)
    for _ in range(MAX_ATTEMPTS - 1):
        lose(store, begin(store, job))
    begin(store, job)
    store.leases.release(ENGINE, "It was closed.")
    assert store.leases.claim("another", ["buffer"]) == (job.id, "buffer")


def test_stops_of_a_server_are_no_deaths_of_it(store: JobStore) -> None:
    job = store.insert(AGAIN, owner=ENGINE, durable=False)
    for _ in range(2 * MAX_ATTEMPTS):
        begin(store, job)
        store.leases.release(ENGINE, "It was closed.")
        assert store.leases.claim(ENGINE, ["buffer"]) == (job.id, "buffer")
    for _ in range(MAX_ATTEMPTS - 1):
        assert lose(store, begin(store, job)).status is JobStatus.ACCEPTED
    assert lose(store, begin(store, job)).failure == Failure("lost", "It died.")


def test_a_job_that_waits_for_its_next_attempt_tells_nothing_of_the_one_before(store: JobStore) -> None:
    started = begun(store, AGAIN)
    store.progress(started, 70, "almost")
    waiting = lose(store, started)
    assert (waiting.progress, waiting.message) == (0, "It died. It will be run again.")
    (observed,) = store.leases.observe([started.id])
    assert observed.worker is None


def test_a_job_is_claimed_by_its_id_once_and_adopted_for_the_attempt_that_was_asked_for(store: JobStore) -> None:
    waiting = store.insert(ONCE, owner=None, durable=False).id
    assert [store.leases.claim_one(engine, waiting) for engine in ("a", "b")] == [True, False]
    assert not store.leases.adopt("c", waiting, 1)
    assert store.leases.adopt("c", waiting, 0)


def test_a_failed_job_that_is_dismissed_tells_no_failure_and_keeps_the_time_of_its_end(store: JobStore) -> None:
    started = begun(store)
    store.fail(started, Failure("failed", "no", "$.inputs.a"))
    failed, dismissed = store.get(started.id), store.dismiss(started.id)
    assert (dismissed.failure, dismissed.finished) == (None, failed.finished)


def test_the_inputs_of_a_job_that_has_failed_or_was_refused_are_not_kept(store: JobStore, home: Path) -> None:
    started = begun(store, LARGE)
    assert left_in(home, "inputs")
    store.fail(started, Failure("failed", "no"))
    assert not left_in(home, "inputs")
    with pytest.raises(QueueFullError):
        store.insert(LARGE, owner=None, durable=False, max_queued=0)
    assert not left_in(home, "inputs")


def test_results_that_cannot_be_stored_leave_no_file(store: JobStore, home: Path) -> None:
    started = begun(store)
    with pytest.raises(Exception, match=r"(?i)unique"):
        hand_in(store, started, [RESULTS[1], RESULTS[1]])
    assert not left_in(home, "results")


def test_a_complete_job_that_was_to_be_dismissed_leaves_nothing_behind(sqlite: JobStore, home: Path) -> None:
    started = complete(sqlite)
    sqlite.dismiss(started.id)
    sqlite.leases.settle(started.id, ENGINE, "It died.")
    assert sqlite.get(started.id).status is JobStatus.DISMISSED
    assert not left_in(home, "results")
    assert Place(home, None).rows("results") == 0


def test_a_complete_job_whose_server_died_has_all_its_results(sqlite: JobStore) -> None:
    started = complete(sqlite)
    sqlite.leases.settle(started.id, ENGINE, "The server died.")
    assert sqlite.get(started.id).status is JobStatus.SUCCESSFUL
    assert [sqlite.read(started.id, one.output_id)[0].size for one in RESULTS] == [1, 100]


def test_a_job_that_died_with_results_half_way_to_the_store_leaves_no_file(store: JobStore, home: Path) -> None:
    started = begun(store)
    store.keep(started, [[b"x" * 100]], inline_bytes=8)
    assert left_in(home, "results")
    store.leases.settle(started.id, ENGINE, "The worker died.")
    assert store.get(started.id).status is JobStatus.FAILED
    assert not left_in(home, "results")


def test_a_complete_job_has_not_failed_whatever_befell_its_worker(sqlite: JobStore) -> None:
    started = complete(sqlite)
    sqlite.leases.fail(started.id, ENGINE, Failure("exceeded", "It took too long."))
    assert sqlite.get(started.id).status is JobStatus.SUCCESSFUL
    assert sqlite.read(started.id, "large")[0].size == 100


def test_the_end_of_a_job_is_on_the_disk_before_anybody_sees_it(
    sqlite: JobStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, dismissed = begun(sqlite), begun(sqlite)
    sqlite.dismiss(dismissed.id)
    seen = list[JobStatus]()
    sync_with(monkeypatch, home, lambda _: seen.extend(sqlite.get(job.id).status for job in (dead, dismissed)))
    sqlite.leases.settle(dead.id, ENGINE, "It died.")
    sqlite.leases.settle(dismissed.id, ENGINE, "It was ended.")
    assert [sqlite.get(job.id).status for job in (dead, dismissed)] == [JobStatus.FAILED, JobStatus.DISMISSED]
    assert set(seen) <= {JobStatus.RUNNING}


def test_a_job_that_is_dismissed_after_its_end_leaves_nothing_in_the_database(place: Place) -> None:
    with closing(place.open()) as store:
        started = begun(store)
        assert finish(store, started, RESULTS)
        assert place.rows("results") == 2
        store.dismiss(started.id)
        assert place.rows("results") == 0


class LostConfirmation:
    """A way to the database on which the first commit is made and not confirmed."""

    def __init__(self, store: JobStore) -> None:
        self._transaction = store._database.transaction
        self._lost = False

    @contextmanager
    def __call__(self, **how: Any) -> Generator[Connection]:
        with self._transaction(**how) as connection:
            yield connection
        if not self._lost:
            self._lost = True
            raise StoreUnavailableError("The database does not answer.")


def test_an_end_whose_confirmation_was_lost_is_found_to_be_stored(
    sqlite: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_RETRY_SECONDS", 0)
    started = begun(sqlite, durable=False)
    monkeypatch.setattr(sqlite._database, "transaction", LostConfirmation(sqlite))
    assert finish(sqlite, started, RESULTS)
    assert sqlite.read(started.id, "large")[0].size == 100


def test_results_of_which_it_is_not_known_whether_they_are_stored_keep_their_files(
    sqlite: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "OUTAGE_SECONDS", -1)
    started = begun(sqlite, durable=False)
    monkeypatch.setattr(sqlite._database, "transaction", LostConfirmation(sqlite))
    with pytest.raises(StoreUnavailableError):
        finish(sqlite, started, RESULTS)
    assert sqlite.read(started.id, "large")[0].size == 100


def test_a_job_that_was_begun_before_the_disk_refused_it_runs_on(
    sqlite: JobStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun_elsewhere: list[StartedJob | None] = []

    def refuse(_descriptor: int) -> None:
        (waiting,), _ = sqlite.list(limit=1, offset=0)
        sqlite.leases.claim_one(ENGINE, waiting.id)
        begun_elsewhere.append(sqlite.start(waiting.id, ENGINE, ProcessIdentity.current()))
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    sqlite.insert(ONCE, owner=ENGINE, durable=True)  # there is a log that can be synced
    sync_with(monkeypatch, home, refuse)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        sqlite.insert(ONCE, owner=None, durable=True)
    (started,) = begun_elsewhere
    assert started is not None
    assert sqlite.get(started.id).status is JobStatus.RUNNING
