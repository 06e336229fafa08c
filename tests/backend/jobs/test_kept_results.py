"""Results are stored while they are made: large ones are never in memory as a whole, and a failure leaves no file."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import Place, opened

from backend.errors import LimitExceededError
from backend.jobs.limits import JobLimits, OutputRoom
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Failure, JobRequest, NewResult, StartedJob, WrittenFile
from backend.jobs.store import JobStore

PART = 2**20


@pytest.fixture
def store(home: Path) -> Iterator[JobStore]:
    yield from opened(Place(home, None))


@pytest.fixture
def job(store: JobStore) -> StartedJob:
    accepted = store.insert(JobRequest("any", {}, None, "raw", idempotent=False), owner="engine", durable=True)
    started = store.start(accepted.id, "engine", ProcessIdentity.current())
    assert started is not None
    return started


def files(home: Path) -> list[Path]:
    return [path for path in (home / "results").rglob("*") if path.is_file()]


def test_few_bytes_are_kept_as_they_are(store: JobStore, job: StartedJob, home: Path) -> None:
    assert store.keep(job, [iter([b"ab", b"c"]), iter([])], inline_bytes=3) == [b"abc", b""]
    assert not files(home)


def test_a_large_result_is_written_part_by_part_and_read_whole(store: JobStore, job: StartedJob) -> None:
    tracemalloc.start()
    try:
        [kept] = store.keep(job, [(bytes([at]) * PART for at in range(30))], inline_bytes=64)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(kept, WrittenFile)
    assert most < 5 * PART
    assert store.hand_in(job, [NewResult("value", "text/plain", kept, {})]) == "complete"
    store.confirm([(job.id, job.attempt)])
    record, path = store.read(job.id, "value")
    assert isinstance(path, Path)
    assert path.read_bytes() == b"".join(bytes([at]) * PART for at in range(30))
    assert record.size == 30 * PART


def test_a_failure_while_a_result_is_made_leaves_no_file(store: JobStore, job: StartedJob, home: Path) -> None:
    def parts() -> Iterator[bytes]:
        yield b"x" * PART
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.keep(job, [[b"x" * 100], parts()], inline_bytes=64)
    assert not files(home)


def test_what_is_handed_in_too_late_is_discarded(store: JobStore, job: StartedJob, home: Path) -> None:
    kept = store.keep(job, [[b"x" * 100], [b"y"]], inline_bytes=64)
    assert len(files(home)) == 1
    assert store.fail(job, Failure("failed", "no"))
    assert len(files(home)) == 1
    outputs = [NewResult(f"out{at}", "text/plain", one, {}) for at, one in enumerate(kept)]
    assert store.hand_in(job, outputs) == "late"
    assert not files(home)


def test_results_that_are_too_large_together_are_not_made_to_their_end() -> None:
    made: list[int] = []

    def parts() -> Iterator[bytes]:
        for at in range(10):
            made.append(at)
            yield b"x" * 1000

    room = OutputRoom(JobLimits(output_bytes=4096))
    assert sum(map(len, room.counted([b"x" * 2000]))) == 2000
    with pytest.raises(LimitExceededError, match="more than the 4 KiB that they may have"):
        list(room.counted(parts()))
    assert made == [0, 1, 2]
