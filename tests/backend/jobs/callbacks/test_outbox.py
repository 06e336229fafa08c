"""Whom to tell of which job stands beside the job: nobody is forgotten, and one server at a time tells."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from databases import Place

from backend.jobs.callbacks import outbox as outbox_module
from backend.jobs.records import Job, Subscriber
from backend.jobs.retention import Retention
from backend.jobs.store import JobStore
from tests.backend.jobs.callbacks.subscribed import ENGINE, accept, fail, pending, start, subscriber, succeed

URL = "http://127.0.0.1:9"


@pytest.fixture
def store(place: Place) -> Iterator[JobStore]:
    with closing(place.open()) as opened:
        opened.leases.register(ENGINE)
        yield opened


class Clock:
    """The clock that an outbox reads, and nobody else: servers of other tests run in this process."""

    def __init__(self) -> None:
        self.later = 0.0

    def time(self) -> float:
        return time.time() + self.later


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(outbox_module, "time", clock)
    return clock


def claimed(store: JobStore, engine: str = ENGINE) -> list[str]:
    return [one.job_id for one in store.outbox.claim(engine, 100)]


def test_the_end_of_a_job_is_to_be_told_once_it_is_there(store: JobStore) -> None:
    good, bad, gone = (accept(store, Subscriber(f"{URL}/s", f"{URL}/f")) for _ in range(3))
    assert claimed(store) == []
    start(store, accept(store, Subscriber(success_uri=URL)))
    assert claimed(store) == []
    succeed(store, good)
    fail(store, bad)
    store.dismiss(gone.id)
    assert claimed(store) == [good.id, bad.id, gone.id]


def test_a_running_job_has_news_for_who_wants_to_know_its_progress(store: JobStore) -> None:
    job = accept(store, Subscriber(progress_uri=URL))
    assert claimed(store) == []
    start(store, job)
    (one,) = store.outbox.claim(ENGINE, 1)
    assert (one.job_id, one.subscriber, one.attempts) == (job.id, Subscriber(progress_uri=URL), 0)


def test_a_job_without_a_subscriber_is_told_to_nobody(store: JobStore) -> None:
    succeed(store, accept(store, None))
    assert claimed(store) == []
    assert pending(store) == set()


def test_one_of_several_servers_tells(store: JobStore, place: Place) -> None:
    jobs = [accept(store, subscriber(URL)) for _ in range(20)]
    for job in jobs:
        succeed(store, job)
    with closing(place.open()) as other, ThreadPoolExecutor(4) as threads:
        for number in range(4):
            store.leases.register(f"engine-{number}")
        stores = (store, other, store, other)
        found = list(threads.map(lambda number: claimed(stores[number], f"engine-{number}"), range(4)))
    assert sorted(job for each in found for job in each) == sorted(job.id for job in jobs)


def test_what_a_server_that_is_gone_has_claimed_another_one_tells(store: JobStore) -> None:
    store.leases.register("the-next")
    job = accept(store, subscriber(URL))
    succeed(store, job)
    assert claimed(store) == [job.id]
    assert claimed(store, "the-next") == []
    store.leases.release(ENGINE, "It was closed.")
    (one,) = store.outbox.claim("the-next", 5)
    assert one.job_id == job.id
    store.outbox.settle(job.id, ENGINE)  # by the one that has come too late
    assert pending(store) == {job.id}
    store.outbox.settle(job.id, "the-next")
    assert pending(store) == set()


def test_what_was_put_off_is_to_be_told_again_when_it_is_due(store: JobStore, clock: Clock) -> None:
    put_off, fresh = (accept(store, subscriber(URL)) for _ in range(2))
    succeed(store, put_off)
    assert claimed(store) == [put_off.id]
    store.outbox.put_off(put_off.id, ENGINE, failures=3, seconds=60)
    assert claimed(store) == []
    clock.later += 61
    succeed(store, fresh)
    first, second = store.outbox.claim(ENGINE, 5)
    assert (first.job_id, second.job_id, second.attempts) == (fresh.id, put_off.id, 3)


def test_a_clock_that_was_set_back_holds_up_nobody(store: JobStore, clock: Clock) -> None:
    job = accept(store, subscriber(URL))
    succeed(store, job)
    assert claimed(store) == [job.id]
    store.outbox.put_off(job.id, ENGINE, failures=1, seconds=60)
    clock.later -= 86400
    assert claimed(store) == [job.id]


def test_the_oldest_news_come_first_and_no_more_than_are_asked_for(store: JobStore) -> None:
    jobs = [accept(store, subscriber(URL)) for _ in range(3)]
    for job in reversed(jobs):
        succeed(store, job)
        time.sleep(0.002)
    assert [one.job_id for one in store.outbox.claim(ENGINE, 2)] == [jobs[2].id, jobs[1].id]
    assert claimed(store) == [jobs[0].id]


def test_a_job_that_is_not_accepted_leaves_no_subscriber(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.jobs.acceptance.add_subscriber", _break)
    with pytest.raises(RuntimeError):
        accept(store, subscriber(URL))
    assert store.list(limit=1, offset=0)[1] == 0


def _break(*_: object) -> None:
    raise RuntimeError


def test_what_retention_removes_is_told_no_more(place: Place) -> None:
    with closing(place.open(retention=Retention(0.001, None, None))) as store:
        job = _ended(store)
        time.sleep(0.01)
        assert store.sweeper.sweep() == 1
        assert pending(store) == set()
        assert job.id not in claimed(store)


def _ended(store: JobStore) -> Job:
    job = accept(store, subscriber(URL))
    succeed(store, job)
    return job
