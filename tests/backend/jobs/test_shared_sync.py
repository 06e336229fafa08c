"""What is acknowledged is on the disk: threads that wait for that at the same time share one sync."""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from backend.errors import StoreFullError
from backend.jobs.records import JobRequest
from backend.jobs.shared_sync import SharedSync
from backend.jobs.store import JobStore

REQUEST = JobRequest("buffer", {}, None, "raw", idempotent=False)
THREADS = 8
PATIENCE = 60


class Disk:
    """Syncs as the system does, each when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.failures: list[OSError] = []
        self.go = threading.Event()
        self.under_way = threading.Event()
        self._sync = os.fsync
        monkeypatch.setattr("os.fsync", self.sync)

    def sync(self, descriptor: int) -> None:
        self.begun += 1
        self.under_way.set()
        assert self.go.wait(PATIENCE)
        if self.failures:
            raise self.failures.pop()
        self._sync(descriptor)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def come_later(sync: Callable[[], None], number: int, pool: ThreadPoolExecutor) -> list[Future[None]]:
    """So many that come while a sync is under way; all wait for the next one."""
    coming = threading.Barrier(number + 1)

    def come() -> None:
        coming.wait(PATIENCE)
        sync()

    futures = [pool.submit(come) for _ in range(number)]
    coming.wait(PATIENCE)
    return futures


def test_who_comes_while_a_sync_is_under_way_shares_the_next_one(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    sync = SharedSync(tmp_path / "file")
    with ThreadPoolExecutor(THREADS + 1) as pool:
        first = pool.submit(sync)
        assert disk.under_way.wait(PATIENCE)
        later = come_later(sync, THREADS, pool)
        assert not any(one.done() for one in later)  # the sync under way may have missed what they wrote
        disk.go.set()
        for one in (first, *later):
            one.result(PATIENCE)
    # One that comes late finds the second one under way, and has a third: never each its own.
    assert 2 <= disk.begun <= 3


def test_a_sync_that_fails_is_told_to_whom_it_was_for_and_made_again_for_the_next(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    sync = SharedSync(tmp_path / "file")
    disk.failures.append(OSError(errno.EIO, "the disk is broken"))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(sync)
        assert disk.under_way.wait(PATIENCE)
        (second,) = come_later(sync, 1, pool)
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

    monkeypatch.setattr("os.fsync", watched)
    store.insert(REQUEST, owner=None, durable=True)
    assert synced == [("log", 1)]
    store.insert(REQUEST, owner=None, durable=False)
    assert len(synced) == 1


def test_a_disk_without_room_for_what_was_written_is_told_as_full(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreFullError):
        store.insert(REQUEST, owner=None, durable=True)
