import os
import sys

import pytest

from backend.jobs.readable import Readable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there handles are waited for by multiprocessing")


def test_only_what_has_been_written_to_or_closed_can_be_read() -> None:
    (silent, kept), (spoken, voice), (ended, end) = (os.pipe() for _ in range(3))
    readable = Readable()
    assert readable.of([silent, spoken, ended], 0) == []
    os.write(voice, b"x")
    os.close(end)
    assert set(readable.of([silent, spoken, ended], 0)) == {spoken, ended}
    for number in (silent, kept, spoken, voice, ended):
        os.close(number)


def test_a_pipe_that_has_the_number_of_one_closed_before_is_heard() -> None:
    (number, of_first), (second, of_second) = os.pipe(), os.pipe()
    readable = Readable()
    assert readable.of([number], 0) == []
    os.dup2(second, number)
    assert readable.of([number], 0) == []
    os.write(of_second, b"x")
    assert readable.of([number], 0) == [number]
    for one in (number, of_first, second, of_second):
        os.close(one)


def test_what_is_asked_about_may_change_from_one_time_to_the_next() -> None:
    (one, to_one), (other, to_other) = os.pipe(), os.pipe()
    readable = Readable()
    os.write(to_one, b"x")
    os.write(to_other, b"x")
    assert readable.of([one], 0) == [one]
    assert readable.of([other], 0) == [other]
    assert set(readable.of([one, other], 0)) == {one, other}
    for number in (one, to_one, other, to_other):
        os.close(number)
