"""Many pipes are waited for: the same ones again and again, and also where the system takes few together."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest

from backend.jobs.readable import Readable, ready

type Pipes = list[tuple[Connection, Connection]]


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    with ExitStack() as stack:
        made = [Pipe(duplex=False) for _ in range(7)]
        for end in (end for pipe in made for end in pipe):
            stack.callback(end.close)
        yield made


@pytest.mark.parametrize("at_once", [None, 1, 3, 7, 60])
def test_each_that_has_something_to_tell_is_found_however_few_are_waited_for_together(
    pipes: Pipes, at_once: int | None
) -> None:
    sources = [read for read, _ in pipes]
    assert ready(sources, 0.01, at_once=at_once) == set()
    for which in (1, 6):
        pipes[which][1].send_bytes(b"x")
    assert ready(sources, 60, at_once=at_once) == {sources[1], sources[6]}


def test_nothing_is_found_among_nothing() -> None:
    assert ready([], 0) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="there handles are waited for by multiprocessing")
def test_only_what_has_been_written_to_or_closed_can_be_read() -> None:
    (silent, kept), (spoken, voice), (ended, end) = (os.pipe() for _ in range(3))
    readable = Readable()
    assert readable.of([silent, spoken, ended], 0) == []
    os.write(voice, b"x")
    os.close(end)
    assert set(readable.of([silent, spoken, ended], 0)) == {spoken, ended}
    for number in (silent, kept, spoken, voice, ended):
        os.close(number)


@pytest.mark.skipif(sys.platform == "win32", reason="there handles are waited for by multiprocessing")
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


@pytest.mark.skipif(sys.platform == "win32", reason="there handles are waited for by multiprocessing")
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
