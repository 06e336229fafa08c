"""The log of a job: the last lines that its process wrote."""

import threading
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
from databases import Place, opened

from backend.errors import NoSuchJobError
from backend.jobs.captured import MOST_WAITING_BYTES, JobLogs, is_supported
from backend.jobs.job_log import LONGEST_LINE, MOST_LINES
from backend.jobs.records import JobRequest
from backend.jobs.store import JobStore
from backend.jobs.texts import CUT

REQUEST = JobRequest("buffer", {}, None, "raw", idempotent=False)


captured = pytest.mark.skipif(not is_supported(), reason="what workers write is not captured here")


@pytest.fixture
def store(place: Place) -> Iterator[JobStore]:
    yield from opened(place)


def test_lines_are_read_in_the_order_in_which_they_were_written(store: JobStore) -> None:
    job = store.insert(REQUEST, owner=None, durable=False)
    assert store.log(job.id) == []
    store.append_log(job.id, ["one", "two"])
    store.append_log(job.id, [])
    store.append_log(job.id, ["three"])
    assert store.log(job.id) == ["one", "two", "three"]
    assert store.log(job.id, tail=2) == ["two", "three"]


def test_a_log_has_no_more_than_so_many_lines_of_no_more_than_so_many_characters(store: JobStore, place: Place) -> None:
    job = store.insert(REQUEST, owner=None, durable=False)
    store.append_log(job.id, ["first"])
    store.append_log(job.id, [str(number) for number in range(MOST_LINES + 5)])
    store.append_log(job.id, ["x" * (LONGEST_LINE + 1)])
    lines = store.log(job.id)
    assert (len(lines), lines[0], len(lines[-1])) == (MOST_LINES, "6", LONGEST_LINE)
    assert place.rows("job_log") == MOST_LINES


@captured
def test_of_what_was_cut_or_left_out_the_log_says_so(store: JobStore) -> None:
    cut = written(store, b"x" * (LONGEST_LINE + 1) + b"\n")
    assert (len(cut), len(cut[0]), cut[0][-len(CUT) :]) == (1, LONGEST_LINE, CUT)
    many = written(store, b"a line\n" * (MOST_LINES + 5))
    assert (len(many), many[0], many[1]) == (MOST_LINES, "[6 lines are left out here]", "a line")


@captured
def test_of_what_a_process_writes_faster_than_it_can_be_stored_the_last_is_kept(store: JobStore) -> None:
    noisy, quiet = (store.insert(REQUEST, owner=None, durable=False) for _ in range(2))
    begun, go_on, stored = threading.Event(), threading.Event(), threading.Event()

    def append(job_id: str, lines: Sequence[str]) -> None:
        begun.set()
        assert go_on.wait(60)
        store.append_log(job_id, lines)

    logs = JobLogs(append)
    logs.start()
    logs.feed(noisy.id, b"0\n")
    assert begun.wait(60)  # the disk takes its time
    text = b"".join(b"%d %b\n" % (number, b"x" * 100) for number in range(1, 200_000))
    tracemalloc.start()
    for begin in range(0, len(text), 2**16):
        logs.feed(noisy.id, text[begin : begin + 2**16])
    logs.feed(quiet.id, b"a word\n")
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    go_on.set()
    logs.finish(noisy.id, lambda: logs.finish(quiet.id, stored.set))
    assert stored.wait(60)
    logs.stop()
    assert held < 1.5 * MOST_WAITING_BYTES
    log = store.log(noisy.id)
    assert (len(log), log[-1].split()[0], log[-999].split()[0]) == (MOST_LINES, "199999", "199001")
    assert log[0] == "[199000 lines are left out here]"
    assert store.log(quiet.id) == ["a word"]


def written(store: JobStore, data: bytes) -> Sequence[str]:
    """The log of a job whose process wrote that."""
    job = store.insert(REQUEST, owner=None, durable=False)
    stored = threading.Event()
    logs = JobLogs(store.append_log)
    logs.start()
    logs.feed(job.id, data)
    logs.finish(job.id, stored.set)
    assert stored.wait(60)
    logs.stop()
    return store.log(job.id)


def test_a_line_may_hold_any_character(store: JobStore) -> None:
    job = store.insert(REQUEST, owner=None, durable=False)
    store.append_log(job.id, ["Zürich \x1b[31m", "\ud800 alone", "nul \0 nul"])
    lines = store.log(job.id)
    assert lines[:2] == ["Zürich \x1b[31m", "? alone"]
    assert lines[2].startswith("nul ")


def test_a_job_that_is_not_there_has_no_log(store: JobStore) -> None:
    store.append_log("none", ["a line"])
    with pytest.raises(NoSuchJobError):
        store.log("none")
