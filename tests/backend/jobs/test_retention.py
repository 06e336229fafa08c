"""Retention: by age, number and size; never what has not ended, and nobody's read is broken."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from databases import Place

from backend.errors import JobExpiredError, NoSuchJobError
from backend.jobs import retention as retention_module
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import JobRequest, NewResult
from backend.jobs.retention import KEEP_ALL, Retention
from backend.jobs.store import JobStore
from backend.settings import Settings
from tests.backend.jobs.attempts import finish

REQUEST = JobRequest("buffer", {}, None, "raw", idempotent=False)
HOUR = 3600.0


@pytest.fixture
def keep(place: Place) -> Iterator[Any]:
    """Opens the store with limits."""
    made: list[JobStore] = []

    def open_store(**limits: float) -> JobStore:
        all_limits: dict[str, Any] = {"seconds": None, "jobs": None, "result_bytes": None, **limits}
        made.append(place.open(retention=Retention(**all_limits)))
        return made[-1]

    yield open_store
    for store in made:
        store.close()


def end(store: JobStore, size: int = 1) -> str:
    job = store.insert(REQUEST, owner="an-engine", durable=False)
    started = store.start(job.id, "an-engine", ProcessIdentity.current())
    assert started is not None
    assert finish(store, started, [NewResult("area", "text/plain", b"x" * size, {})])
    return job.id


def age(place: Place, seconds: float, *job_ids: str) -> None:
    for job_id in job_ids:
        moments = "created = created - :s, started = started - :s, finished = finished - :s"
        place.execute(f"UPDATE jobs SET {moments} WHERE id = :job", s=seconds, job=job_id)  # noqa: S608


def left(store: JobStore) -> list[str]:
    return [job.id for job in store.list(limit=100, offset=0)[0]]


def test_a_job_is_removed_when_its_time_is_over_and_said_to_have_expired(keep: Any, place: Place) -> None:
    store = keep(seconds=HOUR)
    old, young, waiting = end(store), end(store), store.insert(REQUEST, owner=None, durable=False).id
    age(place, 2 * HOUR, old, waiting)
    job = store.get(young)
    assert job.expires is not None
    assert (job.expires - job.finished).total_seconds() == HOUR
    assert store.get(waiting).expires is None
    assert store.sweeper.sweep() == 1
    assert sorted(left(store)) == sorted([young, waiting])
    for ask in (store.get, store.results, store.dismiss, store.log, lambda job_id: store.read(job_id, "area")):
        with pytest.raises(JobExpiredError):
            ask(old)
    with pytest.raises(NoSuchJobError):
        store.get("none")
    assert store.sweeper.sweep() == 0


def test_the_oldest_are_removed_when_there_are_too_many_but_none_that_has_just_ended(keep: Any, place: Place) -> None:
    store = keep(jobs=2)
    ids = [end(store) for _ in range(4)]
    assert store.sweeper.sweep() == 0
    for index, job_id in enumerate(ids):
        age(place, HOUR * (10 - index), job_id)
    assert store.sweeper.sweep() == 2
    assert left(store) == ids[:1:-1]


def test_the_oldest_are_removed_when_their_results_are_too_large(keep: Any, place: Place) -> None:
    store = keep(result_bytes=250)
    ids = [end(store, 100) for _ in range(4)]
    assert store.sweeper.sweep() == 0  # somebody is about to read them
    for index, job_id in enumerate(ids):
        age(place, HOUR * (10 - index), job_id)
    assert store.sweeper.sweep() == 2
    assert left(store) == ids[:1:-1]


def test_who_reads_a_result_that_expires_meanwhile_reads_all_of_it(
    keep: Any, place: Place, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = keep(seconds=HOUR)
    job_id = end(store, 100)
    record, path = store.read(job_id, "area")
    age(place, 2 * HOUR, job_id)
    assert store.sweeper.sweep() == 1
    store.sweeper.sweep()
    assert isinstance(path, Path)
    assert len(path.read_bytes()) == record.size
    monkeypatch.setattr(retention_module, "READING_SECONDS", -1)
    store.sweeper.sweep()
    assert list((home / "results").iterdir()) == []
    with pytest.raises(JobExpiredError):
        store.get(job_id)


def test_the_files_of_a_removed_job_go_however_many_jobs_were_removed_before_it(
    keep: Any, place: Place, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "READING_SECONDS", -1)
    monkeypatch.setattr(retention_module, "_AT_ONCE", 2)
    store = keep(seconds=HOUR)
    for _ in range(3):
        ids = [end(store, 100), end(store, 100)]
        age(place, 2 * HOUR, *ids)
        assert store.sweeper.sweep() == 2
    for _ in range(3):
        store.sweeper.sweep()
    assert list((home / "results").iterdir()) == []


def test_only_so_many_expired_jobs_are_remembered(keep: Any, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention_module, "READING_SECONDS", -1)
    monkeypatch.setattr(retention_module, "REMEMBERED", 2)
    store = keep(seconds=HOUR)
    ids = [end(store) for _ in range(4)]
    age(place, 2 * HOUR, *ids)
    assert store.sweeper.sweep() == 4
    store.sweeper.sweep()
    remembered = 0
    for job_id in ids:
        try:
            store.get(job_id)
        except JobExpiredError:
            remembered += 1
        except NoSuchJobError:
            pass
    assert remembered == 2


def test_an_expired_job_whose_files_are_still_there_is_remembered(
    keep: Any, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "REMEMBERED", 0)
    store = keep(seconds=HOUR)
    job_id = end(store, 100)
    age(place, 2 * HOUR, job_id)
    for _ in range(3):
        store.sweeper.sweep()
    with pytest.raises(JobExpiredError):
        store.get(job_id)


def test_two_sweepers_remove_each_job_once(keep: Any, place: Place) -> None:
    first, second = keep(seconds=HOUR), keep(seconds=HOUR)
    ids = [end(first) for _ in range(5)]
    age(place, 2 * HOUR, *ids)
    doomed = first.sweeper
    with closing(place.open()):
        assert second.sweeper.sweep() == 5
        assert doomed._remove(ids) == 0


def test_a_clock_that_is_set_back_lets_no_job_end_before_it_began(keep: Any, place: Place) -> None:
    store = keep(seconds=HOUR)
    job = store.insert(REQUEST, owner="an-engine", durable=False)
    age(place, -5 * HOUR, job.id)  # it was accepted while the clock was five hours ahead
    started = store.start(job.id, "an-engine", ProcessIdentity.current())
    assert started is not None
    finish(store, started, [])
    ended = store.get(job.id)
    assert ended.created <= ended.started <= ended.finished
    assert store.sweeper.sweep() == 0


def test_a_job_that_is_kept_beyond_the_calendar_is_kept_for_ever(home: Path) -> None:
    with closing(JobStore.open(home, lease_seconds=15, retention=Retention(1e12, None, None))) as store:
        job = store.insert(REQUEST, owner=None, durable=False)
        dismissed = store.dismiss(job.id)
        assert (dismissed.status, dismissed.expires) == ("dismissed", None)
        assert store.sweeper.sweep() == 0


def test_a_setting_of_nought_is_no_limit() -> None:
    nought = Settings(keep_seconds=0, keep_jobs=0, keep_result_bytes=0)
    assert Retention.of(nought) == KEEP_ALL
    some = Settings(keep_seconds=1, keep_jobs=2, keep_result_bytes=3)
    assert Retention.of(some) == Retention(1, 2, 3)
