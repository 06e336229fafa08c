"""Processes that read datasets: bounded in time, replaced when they die, gone when the server ends."""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from backend.errors import BackendError, NoItemsError, ServerBusyError
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.item_query import ItemsQuery
from backend.jobs.limits import JobLimits
from backend.jobs.readers import MOST_AT_ONCE, DatasetReaders

MEMORY = JobLimits(memory_bytes=2**30)
WAIT_SECONDS = 60

type Reading = Callable[[], list[psutil.Process]]


@pytest.fixture
def dataset(tmp_path: Path) -> DatasetFile:
    file = tmp_path / "points.csv"
    file.write_text("lon,lat\n1,2\n3,4\n", encoding="utf-8")
    return DatasetFile("points", file, "vector")


@pytest.fixture
def readers() -> Iterator[DatasetReaders]:
    made = DatasetReaders(MEMORY, queue_seconds=WAIT_SECONDS)
    yield made
    made.close()


def running() -> set[psutil.Process]:
    """All readers that this process has started, those of other tests' servers among them."""
    found = set[psutil.Process]()
    for child in multiprocessing.active_children():
        if child.name == "ogc-processes-reader":
            with suppress(psutil.NoSuchProcess):  # it has just ended
                found.add(psutil.Process(child.pid))
    return found


@pytest.fixture
def reading() -> Reading:
    """Asks for the readers that were started in this test."""
    others = running()
    return lambda: list(running() - others)


def test_a_process_is_kept_for_the_next_read_and_ends_with_the_readers(dataset: DatasetFile, reading: Reading) -> None:
    readers = DatasetReaders(MEMORY)
    assert reading() == []
    assert readers.page(dataset, ItemsQuery()).matched == 2
    (process,) = reading()
    assert readers.page(dataset, ItemsQuery(offset=1)).returned == 1
    assert reading() == [process]
    readers.close()
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    with pytest.raises(ServerBusyError):
        readers.page(dataset, ItemsQuery())


def test_a_process_that_was_killed_is_replaced(readers: DatasetReaders, dataset: DatasetFile, reading: Reading) -> None:
    readers.page(dataset, ItemsQuery())
    (process,) = reading()
    process.kill()
    process.wait(WAIT_SECONDS)
    assert readers.page(dataset, ItemsQuery()).matched == 2


def test_a_process_that_nothing_is_asked_of_ends_and_is_replaced(dataset: DatasetFile, reading: Reading) -> None:
    readers = DatasetReaders(MEMORY, idle_seconds=0.5)
    try:
        readers.page(dataset, ItemsQuery())
        for process in reading():
            process.wait(WAIT_SECONDS)
        assert readers.page(dataset, ItemsQuery()).matched == 2
    finally:
        readers.close()


def test_a_read_that_takes_too_long_is_ended(dataset: DatasetFile, reading: Reading) -> None:
    readers = DatasetReaders(MEMORY, seconds=0.001)  # less than it takes to start
    try:
        with pytest.raises(ServerBusyError, match=r"Reading points took longer than 0\.001 s"):
            readers.page(dataset, ItemsQuery())
        assert reading() == []
    finally:
        readers.close()


def test_what_the_file_is_refused_for_is_told(readers: DatasetReaders, dataset: DatasetFile) -> None:
    with pytest.raises(NoItemsError, match="has 2 features"):
        readers.page(dataset, ItemsQuery(item=2))
    dataset.path.write_text('lon,lat\n"400","5"\n', encoding="utf-8")
    with pytest.raises(NoItemsError, match="outside the globe"):
        readers.page(dataset, ItemsQuery())


def test_a_file_that_takes_more_memory_than_a_job_may_have_is_told_so(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only there the memory of a process is bounded")
    file = tmp_path / "large.csv"
    file.write_text("lon,lat,text\n" + f"1,2,{'x' * 2**20}\n" * 64, encoding="utf-8")
    readers = DatasetReaders(JobLimits(memory_bytes=2**25))
    try:
        with pytest.raises(
            NoItemsError, match=r"large cannot be read as a whole\. The job needed more than the 32 MiB"
        ):
            readers.page(DatasetFile("large", file, "vector"), ItemsQuery())
    finally:
        readers.close()


def test_many_threads_share_two_processes(readers: DatasetReaders, dataset: DatasetFile, reading: Reading) -> None:
    found: list[int] = []

    def read() -> None:
        found.append(readers.page(dataset, ItemsQuery()).matched)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    assert found == [2] * 6
    assert 1 <= len(reading()) <= 2


@pytest.fixture
def endless(tmp_path: Path) -> DatasetFile:
    """A file that nobody ever writes: to read it takes for ever."""
    if sys.platform == "win32":
        pytest.skip("Windows has no such files")
    os.mkfifo(tmp_path / "endless.csv")
    return DatasetFile("endless", tmp_path / "endless.csv", "vector")


@contextmanager
def under_way(
    readers: DatasetReaders, dataset: DatasetFile, count: int, reading: Reading
) -> Generator[list[BackendError]]:
    """Reads in threads of their own, once each has its process; what they raised, after the end of the readers."""
    raised = list[BackendError]()

    def read() -> None:
        try:
            readers.page(dataset, ItemsQuery())
        except BackendError as error:
            raised.append(error)

    threads = [threading.Thread(target=read) for _ in range(count)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + WAIT_SECONDS
    while len(reading()) < count and time.monotonic() < deadline:
        threads[0].join(0.01)
    try:
        yield raised
    finally:
        readers.close()
        for thread in threads:
            thread.join(WAIT_SECONDS)
    assert not any(thread.is_alive() for thread in threads)


def test_who_waits_too_long_for_others_is_told_so(endless: DatasetFile, dataset: DatasetFile, reading: Reading) -> None:
    readers = DatasetReaders(MEMORY, queue_seconds=0.01)
    with under_way(readers, endless, MOST_AT_ONCE, reading), pytest.raises(ServerBusyError, match="Other datasets"):
        readers.page(dataset, ItemsQuery())


def test_a_read_under_way_ends_with_the_readers(endless: DatasetFile, reading: Reading) -> None:
    with under_way(DatasetReaders(MEMORY), endless, 1, reading) as raised:
        assert raised == []
    assert len(raised) == 1
    assert reading() == []
