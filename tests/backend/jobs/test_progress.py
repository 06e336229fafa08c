"""Progress is told at once, then at most every half second, and its last word is not lost."""

import threading
import time
from itertools import pairwise

import pytest

from backend.jobs.progress import INTERVAL_SECONDS, ThrottledProgress


class Told:
    """Remembers what was written, and when."""

    def __init__(self) -> None:
        self.values: list[tuple[int, str | None]] = []
        self.times: list[float] = []
        self.last = threading.Event()

    def __call__(self, percent: int, message: str | None) -> None:
        self.values.append((percent, message))
        self.times.append(time.monotonic())
        if percent == 99:
            self.last.set()


def test_the_first_word_goes_out_at_once_and_the_last_follows() -> None:
    told = Told()
    progress = ThrottledProgress(told)
    for percent in range(100):
        progress(percent, f"{percent} of 100")
    assert told.values[0] == (0, "0 of 100")
    assert told.last.wait(60)
    progress.close()
    assert told.values[-1] == (99, "99 of 100")
    assert all(later - earlier >= INTERVAL_SECONDS * 0.95 for earlier, later in pairwise(told.times))


def test_nothing_is_told_once_the_job_has_ended() -> None:
    told = Told()
    progress = ThrottledProgress(told)
    progress(1)
    progress(99)
    progress.close()
    told.last.clear()
    progress(99)
    assert not told.last.wait(INTERVAL_SECONDS * 1.2)


def test_a_process_that_goes_on_after_its_job_has_ended_tells_nothing() -> None:
    told = Told()
    progress = ThrottledProgress(told)
    progress.close()
    progress(50)
    assert told.values == []


def test_a_word_that_was_due_just_when_the_job_ended_is_not_told() -> None:
    told = Told()
    progress = ThrottledProgress(told)
    progress(1)
    progress(99)
    progress.close()
    progress._flush()  # its timer had run out before it could be cancelled
    assert told.values == [(1, None)]


@pytest.mark.parametrize(("given", "percent"), [(-5, 0), (250, 100), (12.9, 12), (float("nan"), 0), (float("inf"), 0)])
def test_percents_stay_within_bounds(given: float, percent: int) -> None:
    told = Told()
    ThrottledProgress(told)(given)
    assert told.values == [(percent, None)]


def test_a_store_that_cannot_be_written_does_not_stop_the_process(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_percent: int, _message: str | None) -> None:
        raise OSError("disk full")

    ThrottledProgress(fail)(50)
    assert "progress could not be stored" in caplog.text
