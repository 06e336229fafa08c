"""Which jobs may begin: as many as there are workers, and short calls that somebody waits for beyond them."""

import pytest

from backend.jobs import admission
from backend.jobs.admission import Bounds, Call, Slot, Slots

LONG = Call("buffer")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(admission, "time", clock)
    return clock


def begin(slots: Slots, call: Call) -> Slot | None:
    slot = slots.take(call)
    if slot is not None:
        slots.use(slot, call.process_id)
    return slot


def waited_for(clock: Clock, seconds: float = 60) -> Call:
    return Call("buffer", clock.now + seconds)


def test_as_many_jobs_begin_as_there_are_workers() -> None:
    slots = Slots(Bounds(2))
    first, *rest = [begin(slots, LONG) for _ in range(3)]
    assert [slot is not None for slot in (first, *rest)] == [True, True, False]
    assert first is not None
    slots.give_back(first)
    assert begin(slots, LONG)
    assert not slots.free


def test_beyond_the_workers_one_call_that_is_waited_for_begins_at_a_time_until_it_is_no_short_one(clock: Clock) -> None:
    slots = Slots(Bounds(2))
    assert all(begin(slots, LONG) for _ in range(2))
    assert begin(slots, waited_for(clock))
    assert not begin(slots, waited_for(clock))
    clock.now += 1
    assert begin(slots, waited_for(clock))


def test_calls_that_turn_out_to_be_long_are_bounded(clock: Clock) -> None:
    slots = Slots(Bounds(2))
    begun = 0
    for _ in range(10):
        begun += begin(slots, waited_for(clock)) is not None
        clock.now += 2
    assert begun == 4


def test_a_call_that_nobody_waits_for_any_more_has_no_precedence(clock: Clock) -> None:
    slots = Slots(Bounds(1))
    assert begin(slots, LONG)
    gone = waited_for(clock, seconds=5)
    clock.now += 6
    assert not begin(slots, gone)


def test_no_process_takes_more_workers_than_it_may(clock: Clock) -> None:
    slots = Slots(Bounds(4, {"single": 1, "pair": 2}))
    single, *more = [begin(slots, Call("single", clock.now + 60)) for _ in range(2)]
    assert [begin(slots, Call("pair")) is not None for _ in range(3)] == [True, True, False]
    assert single is not None
    assert more == [None]
    assert slots.full_processes() == {"single", "pair"}
    slots.give_back(single)
    assert slots.full_processes() == {"pair"}


def test_a_place_for_which_there_was_no_job_is_free_again() -> None:
    slots = Slots(Bounds(1))
    taken = slots.take(LONG)
    assert taken is not None
    slots.give_back_unused(taken)
    used = begin(slots, LONG)
    assert used is not None
    slots.give_back_unused(used)
    assert not slots.free
