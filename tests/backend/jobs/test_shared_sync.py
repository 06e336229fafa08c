"""What is acknowledged is on the disk: threads that wait for that at the same time share one sync."""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from backend.errors import StoreFullError
from backend.jobs.records import JobRequest
from backend.jobs.shared_sync import SharedSync
from backend.jobs.store import JobStore
from tests.disks import sync_with

REQUEST = JobRequest("buffer", {}, None, "raw", idempotent=False)
THREADS = 8
PATIENCE = 60


class Disk:
    """Syncs as the system does, each when the test says so."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.failures: list[OSError] = []
        self.go = threading.Event()
        self.under_way = threading.Event()
        self._sync = os.fsync
        sync_with(monkeypatch, folder, self.sync)

    def sync(self, descriptor: int) -> None:
        self.begun += 1
        self.under_way.set()
        assert self.go.wait(PATIENCE)
        if self.failures:
            raise self.failures.pop()
        self._sync(descriptor)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(tmp_path, monkeypatch)


class Waiting(threading.Condition):
    """Counts who has begun to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.came = 0
        self.counted = threading.Condition()

    def wait_for[T](self, predicate: Callable[[], T], timeout: float | None = None) -> T:
        with self.counted:
            self.came += 1
            self.counted.notify_all()
        return super().wait_for(predicate, timeout)

    def until(self, number: int) -> None:
        with self.counted:
            assert self.counted.wait_for(lambda: self.came >= number, PATIENCE)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def sync(tmp_path: Path, waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> SharedSync:
    (tmp_path / "file").write_bytes(b"x")
    sync = SharedSync(tmp_path / "file")
    monkeypatch.setattr(sync, "_turn", waiting)
    return sync


def test_all_who_come_while_a_sync_is_under_way_share_the_next_one(
    disk: Disk, sync: SharedSync, waiting: Waiting
) -> None:
    with ThreadPoolExecutor(THREADS + 1) as pool:
        first = pool.submit(sync)
        assert disk.under_way.wait(PATIENCE)
        later = [pool.submit(sync) for _ in range(THREADS)]
        waiting.until(1 + THREADS)
        assert not any(one.done() for one in later)  # the sync under way may have missed what they wrote
        disk.go.set()
        for one in (first, *later):
            one.result(PATIENCE)
    assert disk.begun == 2


def test_a_sync_that_fails_is_told_to_whom_it_was_for_and_made_again_for_the_next(
    disk: Disk, sync: SharedSync, waiting: Waiting
) -> None:
    disk.failures.append(OSError(errno.EIO, "the disk is broken"))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(sync)
        assert disk.under_way.wait(PATIENCE)
        second = pool.submit(sync)
        waiting.until(2)
        disk.go.set()
        with pytest.raises(OSError, match="broken"):
            first.result(PATIENCE)
        second.result(PATIENCE)


def test_a_job_is_in_the_log_that_is_synced_before_it_is_acknowledged(
    store: JobStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, int]] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        with closing(sqlite3.connect(home / "jobs.sqlite")) as other:
            (jobs,) = other.execute("SELECT count(*) FROM jobs").fetchone()
        same = os.fstat(descriptor).st_ino == (home / "jobs.sqlite-wal").stat().st_ino
        synced.append(("log" if same else "another file", jobs))
        sync(descriptor)

    sync_with(monkeypatch, home, watched)
    store.insert(REQUEST, owner=None, durable=True)
    assert synced == [("log", 1)]
    store.insert(REQUEST, owner=None, durable=False)
    assert len(synced) == 1


def test_a_disk_without_room_for_what_was_written_is_told_as_full(
    store: JobStore, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    sync_with(monkeypatch, home, full)
    with pytest.raises(StoreFullError):
        store.insert(REQUEST, owner=None, durable=True)
