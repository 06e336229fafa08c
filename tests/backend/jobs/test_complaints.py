"""What fails again and again is told, and does not fill the log."""

import logging
import threading
import time

import pytest
from executors import ByHand

from backend.errors import StoreUnavailableError
from backend.jobs import complaints as complaints_module
from backend.jobs.admission import Bounds
from backend.jobs.complaints import Complaints
from backend.jobs.database import ChangeWatch
from backend.jobs.engine import Engine
from backend.jobs.store import JobStore

PATIENCE = 60
DOWN = StoreUnavailableError("The database of the job store does not answer.")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(complaints_module, "time", clock)
    return clock


@pytest.fixture
def complaints() -> Complaints:
    return Complaints(logging.getLogger("backend.jobs"), "the jobs could not be looked after")


def test_it_is_told_at_once_then_once_a_minute_and_when_it_is_over(
    complaints: Complaints, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    complaints.went_well()
    assert caplog.messages == []
    for _ in range(1000):
        complaints.failed(DOWN)
        clock.now += 0.1
    complaints.went_well()
    complaints.went_well()
    again = f"the jobs could not be looked after, and it is tried again: {DOWN}"
    assert caplog.messages == [again, again, "the jobs could not be looked after (1000 times); that is over"]
    complaints.failed(DOWN)
    assert caplog.messages[3:] == [again]


def test_something_else_that_goes_wrong_is_told_at_once_with_its_traceback_if_nobody_foresaw_it(
    complaints: Complaints, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    complaints.failed(DOWN)
    complaints.failed(KeyError("a bug"))
    complaints.failed(KeyError("a bug"))
    first, second = caplog.records
    assert first.exc_info is None
    assert second.exc_info
    assert "KeyError: 'a bug'" in caplog.text


@pytest.fixture
def down(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """The store does not answer, and each question to it is counted; other engines of this process keep theirs."""
    watch, asked = store.watch, threading.Semaphore(0)

    def unanswered() -> bool:
        asked.release()
        raise DOWN

    def broken() -> ChangeWatch:
        made = watch()
        monkeypatch.setattr(made, "changed", unanswered)
        return made

    monkeypatch.setattr(store, "watch", broken)
    return asked


def test_an_engine_whose_store_does_not_answer_says_so_once_and_goes_on_trying(
    store: JobStore, executor: ByHand, down: threading.Semaphore, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(store, executor, Bounds(workers=1), lease_seconds=3600, dismiss_wait_seconds=1)
    engine.start()
    try:
        deadline = time.monotonic() + PATIENCE
        for _ in range(4):
            assert down.acquire(timeout=deadline - time.monotonic())
    finally:
        engine.stop()
    told = [one for one in caplog.records if one.name == "backend.jobs.engine"]
    assert [one.getMessage() for one in told] == [
        f"the job engine could not look after its jobs, and it is tried again: {DOWN}"
    ]


def test_an_engine_that_was_asked_to_look_soon_asks_a_store_that_does_not_answer_no_oftener_for_that(
    store: JobStore, executor: ByHand, down: threading.Semaphore
) -> None:
    engine = Engine(store, executor, Bounds(workers=1), lease_seconds=3600, dismiss_wait_seconds=1)
    engine.start()
    try:
        assert down.acquire(timeout=PATIENCE)
        engine._sweep_soon.set()
        for _ in range(3):
            assert down.acquire(timeout=PATIENCE)
        assert not engine._sweep_soon.is_set()
    finally:
        engine.stop()
