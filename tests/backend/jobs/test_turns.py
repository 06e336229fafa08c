"""Turns come in the order in which they were asked for, and to nobody who has stopped waiting."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from backend.jobs import turns as turns_module
from backend.jobs.turns import Turns

PATIENCE = 60


def until_waiting(turns: Turns, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(turns._waiting) < number:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_one_that_asks_again_waits_behind_those_that_asked_before() -> None:
    turns = Turns()
    order: list[str] = []

    def take(name: str) -> None:
        with turns.turn(PATIENCE) as mine:
            assert mine
            order.append(name)

    with ThreadPoolExecutor(3) as pool:
        with turns.turn(0):
            for number, name in enumerate(("first", "second", "third")):
                pool.submit(take, name)
                until_waiting(turns, number + 1)
        with turns.turn(PATIENCE) as mine:
            assert mine
            order.append("again")
    assert order == ["first", "second", "third", "again"]


def test_who_does_not_wait_or_waits_in_vain_has_no_turn_and_is_not_waited_for() -> None:
    turns = Turns()
    with turns.turn(0) as mine:
        assert mine
        with turns.turn(0) as other:
            assert not other
        with turns.turn(0.01) as late:
            assert not late
    with turns.turn(0) as again:
        assert again


def test_each_of_many_threads_has_its_turn_alone() -> None:
    turns = Turns()
    inside = most = done = 0

    def work() -> None:
        nonlocal inside, most, done
        for _ in range(50):
            with turns.turn(PATIENCE):
                inside += 1
                most = max(most, inside)
                done += 1
                inside -= 1

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work) for _ in range(8)]:
            future.result(PATIENCE)
    assert (most, done) == (1, 400)


def test_who_is_told_just_when_the_wait_is_over_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()
    first = turns.turn(0)

    class ToldTooLate(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - it is over
            first.__exit__(None, None, None)
            return False

    assert first.__enter__()
    monkeypatch.setattr(turns_module, "threading", SimpleNamespace(Event=ToldTooLate))
    with turns.turn(1) as mine:
        assert mine
        with turns.turn(0) as another:
            assert not another
    with turns.turn(0) as mine:
        assert mine
