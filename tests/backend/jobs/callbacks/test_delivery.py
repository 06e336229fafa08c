"""What subscribers are told, when, and how often."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from databases import Place

from backend.errors import StoreUnavailableError
from backend.jobs.callbacks.delivery import Deliveries
from backend.jobs.callbacks.outbox import Subscription
from backend.jobs.callbacks.telling import Notice, Persistence
from backend.jobs.records import Job, Subscriber
from backend.jobs.store import JobStore
from tests.backend.jobs.callbacks.subscribed import (
    BRISK,
    ENGINE,
    FAILURE,
    accept,
    attempts,
    compose,
    delivering,
    due,
    fail,
    pending,
    start,
    subscriber,
    succeed,
)
from tests.receiving import TAKEN, Notified, Receiver, receiving

pytestmark = pytest.mark.anyio

OH = b"HTTP/1.1 500 Oh\r\n\r\n"


@pytest.fixture
def store(home: Path) -> Iterator[JobStore]:
    with closing(JobStore.open(home, lease_seconds=15)) as opened:
        opened.leases.register(ENGINE)
        yield opened


async def settled(store: JobStore) -> None:
    """Wait until nobody is to be told any more."""
    with anyio.fail_after(60):
        while pending(store):
            await anyio.sleep(0.01)


def told(receiver: Receiver) -> list[tuple[str, str]]:
    return [(request.target, request.json["status"]) for request in receiver.came]


async def stopped(deliveries: Deliveries) -> None:
    await anyio.to_thread.run_sync(deliveries.stop)


async def test_each_end_is_told_where_it_belongs(store: JobStore) -> None:
    async with receiving() as receiver:
        to = replace(subscriber(receiver.url), progress_uri=None)
        good, bad, gone = (accept(store, to) for _ in range(3))
        with delivering(store):
            succeed(store, good)
            fail(store, bad)
            store.dismiss(gone.id)
            await settled(store)
    assert {(request.json["job"], request.target, request.json["status"]) for request in receiver.came} == {
        (good.id, "/success", "successful"),
        (bad.id, "/failed", "failed"),
        (gone.id, "/failed", "dismissed"),
    }


async def test_nobody_is_told_of_an_end_that_is_not_asked_for(store: JobStore) -> None:
    async with receiving() as receiver:
        with delivering(store):
            fail(store, accept(store, Subscriber(success_uri=receiver.uri("success"))))
            succeed(store, accept(store, Subscriber(failed_uri=receiver.uri("failed"))))
            await settled(store)
    assert receiver.came == []


async def test_progress_is_told_now_and_then_and_never_after_the_end(store: JobStore) -> None:
    async with receiving() as receiver:
        with delivering(store):
            job = accept(store, subscriber(receiver.url))
            started = start(store, job)
            await receiver.until(1)
            for number in (2, 3):
                # Many changes in a row are told as one or two, and the last of them always is.
                for percent in range(20):
                    store.progress(started, 20 * number + percent, None)
                    await anyio.sleep(0.01)
                await receiver.until(number)
            assert store.fail(started, FAILURE)
            await settled(store)
    progress = [request for request in receiver.came if request.target == "/progress"]
    assert told(receiver) == [("/progress", "running")] * len(progress) + [("/failed", "failed")]
    between = [later.time - earlier.time for earlier, later in pairwise(progress)]
    assert min(between) > BRISK.progress_pause * 0.9
    assert [request.json["progress"] for request in progress] == sorted(
        {request.json["progress"] for request in progress}
    )


async def test_a_subscriber_that_is_down_is_told_when_it_is_up_again(store: JobStore) -> None:
    async with receiving() as receiver:
        port = receiver.port
    job = accept(store, Subscriber(f"{receiver.url}/success"))
    with delivering(store, persistence=replace(BRISK, attempts=500)):
        succeed(store, job)
        with anyio.fail_after(60):
            while not attempts(store, job):
                await anyio.sleep(0.01)
        async with receiving(port=port) as again:
            await settled(store)
    assert told(again) == [("/success", "successful")]


async def test_one_that_refuses_is_tried_again_some_times_and_no_more(
    store: JobStore, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiving(lambda _: OH) as receiver:
        job = accept(store, Subscriber(receiver.uri("success?token=secret")))
        with delivering(store), caplog.at_level(logging.WARNING):
            succeed(store, job)
            await settled(store)
    assert len(receiver.came) == BRISK.attempts
    assert caplog.messages[-1].startswith(f"the subscriber of job {job.id} is not told any more that it is successful")
    assert caplog.messages[-1].endswith("answered 500")
    assert "secret" not in caplog.text
    assert store.get(job.id).status == "successful"


async def test_one_that_is_gone_is_not_tried_again(store: JobStore) -> None:
    async with receiving(lambda _: b"HTTP/1.1 410 Gone\r\n\r\n") as receiver:
        with delivering(store):
            succeed(store, accept(store, Subscriber(receiver.uri("success"))))
            await settled(store)
    assert len(receiver.came) == 1


async def test_an_end_that_is_long_past_is_tried_once(store: JobStore) -> None:
    async with receiving(lambda _: OH) as receiver:
        with delivering(store, persistence=Persistence(attempts=50, seconds=0)):
            succeed(store, accept(store, Subscriber(receiver.uri("success"))))
            await settled(store)
    assert len(receiver.came) == 1


async def test_progress_that_nobody_takes_is_given_up_and_the_end_told(store: JobStore) -> None:
    def answer(request: Notified) -> bytes:
        return TAKEN if request.target == "/failed" else OH

    async with receiving(answer) as receiver:
        with delivering(store, persistence=replace(BRISK, attempts=2, progress_pause=0.02)):
            started = start(store, accept(store, subscriber(receiver.url)))
            await receiver.until(2)
            for percent in range(10):
                store.progress(started, percent, None)
                await anyio.sleep(0.02)
            assert store.fail(started, FAILURE)
            await settled(store)
    assert Counter(target for target, _ in told(receiver)) == {"/progress": 2, "/failed": 1}


async def test_one_that_never_answers_delays_nobody_else(store: JobStore) -> None:
    async with receiving(lambda _: None) as hanging, receiving() as receiver:
        with delivering(store, seconds=300.0):
            for _ in range(40):
                succeed(store, accept(store, Subscriber(hanging.uri("success"))))
            await hanging.until(4)
            succeed(store, accept(store, Subscriber(receiver.uri("success"))))
            await receiver.until(1)
    assert len(hanging.came) == 4


async def test_of_an_origin_that_does_not_answer_only_some_are_tried(store: JobStore) -> None:
    async with receiving(lambda _: None) as hanging:
        jobs = [accept(store, Subscriber(hanging.uri("success"))) for _ in range(40)]
        for job in jobs:
            succeed(store, job)
        with delivering(store, seconds=0.5, persistence=replace(BRISK, first_pause=30)):
            with anyio.fail_after(60):
                while any(due(store, job) == 0 for job in jobs):
                    await anyio.sleep(0.01)
    tried = sum(attempts(store, job) for job in jobs)
    assert 1 <= tried <= 8
    assert len(hanging.came) <= tried  # on a busy machine the time of a request may be over before it has come


async def test_what_was_not_told_is_told_by_the_next_server(store: JobStore) -> None:
    async with receiving(lambda _: None) as receiver:
        job = accept(store, Subscriber(receiver.uri("success")))
        with delivering(store) as deliveries:
            succeed(store, job)
            await receiver.until(1)
            await stopped(deliveries)
        store.leases.release(ENGINE, "It was closed.")
        store.leases.register("the-next")
        receiver.answer = lambda _: TAKEN
        with delivering(store, engine="the-next"):
            await settled(store)
    assert told(receiver) == [("/success", "successful")] * 2


async def test_two_servers_of_one_store_tell_each_subscriber_once(place: Place) -> None:
    async with receiving() as receiver:
        with closing(place.open()) as store, closing(place.open()) as second:
            store.leases.register(ENGINE)
            second.leases.register("another")
            with delivering(store), delivering(second, engine="another"):
                for _ in range(30):
                    succeed(store, accept(store, Subscriber(receiver.uri("success"))))
                await settled(store)
    assert Counter(Counter(request.json["job"] for request in receiver.came).values()) == {1: 30}


async def test_a_job_dismissed_before_its_success_was_told_is_told_as_dismissed(store: JobStore) -> None:
    async with receiving(lambda request: TAKEN if request.target == "/failed" else OH) as receiver:
        with delivering(store, persistence=replace(BRISK, attempts=500)):
            job = accept(store, replace(subscriber(receiver.url), progress_uri=None))
            succeed(store, job)
            await receiver.until(2)
            store.dismiss(job.id)
            await settled(store)
    assert told(receiver)[-1] == ("/failed", "dismissed")


async def test_a_store_that_does_not_answer_costs_no_attempt(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("backend.jobs.callbacks.telling.STORE_SECONDS", 0.02)
    composed = 0

    async def unlucky(job: Job) -> Notice:
        nonlocal composed
        composed += 1
        if composed < 10:
            raise StoreUnavailableError("The database of the job store does not answer.")
        return await compose(job)

    async with receiving() as receiver:
        with delivering(store, compose=unlucky), caplog.at_level(logging.ERROR):
            succeed(store, accept(store, Subscriber(receiver.uri("success"))))
            await settled(store)
    assert told(receiver) == [("/success", "successful")]


async def test_jobs_are_looked_for_again_after_the_store_did_not_answer(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("backend.jobs.callbacks.delivery.STORE_SECONDS", 0.02)
    claim, asked = store.outbox.claim, 0

    def unlucky(engine: str, most: int) -> Sequence[Subscription]:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise StoreUnavailableError("The database of the job store does not answer.")
        return claim(engine, most)

    monkeypatch.setattr(store.outbox, "claim", unlucky)
    async with receiving() as receiver:
        with delivering(store):
            succeed(store, accept(store, Subscriber(receiver.uri("success"))))
            await settled(store)
    assert told(receiver) == [("/success", "successful")]
    assert "could not be looked for" in caplog.text


async def test_a_notice_that_cannot_be_made_is_logged_and_given_up(
    store: JobStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def faulty(_: Job) -> Notice:
        raise RuntimeError("a fault of our own")

    async with receiving() as receiver:
        with delivering(store, compose=faulty), caplog.at_level(logging.WARNING):
            succeed(store, accept(store, Subscriber(receiver.uri("success"))))
            await settled(store)
    assert receiver.came == []
    assert "a fault of our own" in caplog.text


def test_pauses_grow_to_a_bound_whatever_the_number() -> None:
    persistence = Persistence(20, 86400)
    pauses = [persistence.pause(failures) for failures in range(1, 21)]
    assert 0.8 <= pauses[0] <= 1.2
    assert 4 * 3600 < sum(pauses) < 8 * 3600
    assert persistence.pause(10**6) <= 1800


async def test_all_are_told_though_a_server_tells_of_few_jobs_at_once(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.jobs.callbacks.delivery._MOST_HELD", 2)
    async with receiving() as receiver:
        jobs = [accept(store, Subscriber(receiver.uri("success"))) for _ in range(7)]
        for job in jobs:
            succeed(store, job)
        with delivering(store):
            await settled(store)
    assert {request.json["job"] for request in receiver.came} == {job.id for job in jobs}
