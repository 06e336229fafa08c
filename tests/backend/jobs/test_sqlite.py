"""What SQLite alone does: many processes on one file, and its lock."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend.errors import ResultDamagedError, StoreLockedError
from backend.jobs.fork_server import worker_context
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import JobRequest, NewResult
from backend.jobs.sqlite import SqliteDatabase
from backend.jobs.sqlite_connections import Connections
from backend.jobs.store import JobStore
from tests.backend.jobs.attempts import finish
from tests.backend.jobs.inserting import insert_fifty

REQUEST = JobRequest("buffer", {"distance": 5}, None, "document", idempotent=False)


def test_eight_processes_open_a_fresh_store_and_insert_at_once(home: Path, open_store: Callable[[], JobStore]) -> None:
    context = worker_context()
    begin = context.Event()
    processes = [context.Process(target=insert_fifty, args=(home, begin)) for _ in range(8)]
    for process in processes:
        process.start()
    begin.set()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 8
    for process in processes:
        process.close()
    assert open_store().list(limit=1, offset=0)[1] == 400


def test_a_connection_is_opened_once_no_other_process_has_the_file_to_itself(home: Path) -> None:
    def write() -> None:
        with database.transaction(durable=False, patient=False) as connection:
            connection.execute(sa.text("DELETE FROM jobs"))

    with closing(SqliteDatabase(home / "jobs.sqlite")) as database, ThreadPoolExecutor(1) as pool:
        database.close()
        # As SQLite has it, for a moment, to bring a log in order that a process left behind.
        with closing(sqlite3.connect(home / "jobs.sqlite", isolation_level=None)) as alone:
            alone.execute("PRAGMA locking_mode=EXCLUSIVE")
            alone.execute("BEGIN IMMEDIATE")
            writing = pool.submit(write)
            with suppress(TimeoutError):
                pytest.fail(f"it did not wait: {writing.exception(timeout=0.3)}")
            alone.execute("ROLLBACK")
        writing.result(60)


def test_a_small_result_is_verified_too(store: JobStore, home: Path) -> None:
    job = store.insert(REQUEST, owner="an-engine", durable=False)
    started = store.start(job.id, "an-engine", ProcessIdentity.current())
    assert started is not None
    finish(store, started, [NewResult("area", "application/json", b"[1]", {})])
    with closing(SqliteDatabase(home / "jobs.sqlite")) as database, database.transaction(durable=False) as connection:
        connection.execute(sa.text("UPDATE results SET data = x'5b325d'"))
    with pytest.raises(ResultDamagedError):
        store.read(job.id, "area")


def test_an_impatient_writer_is_told_that_others_write_and_writes_nothing(store: JobStore, home: Path) -> None:
    with closing(SqliteDatabase(home / "jobs.sqlite")) as database, database.transaction(durable=False):
        with pytest.raises(StoreLockedError):
            store.insert(REQUEST, owner=None, durable=False, patient=False)
        assert store.list(limit=1, offset=0)[1] == 0  # to read is possible all the time
    assert store.list(limit=1, offset=0)[1] == 0
    assert store.insert(REQUEST, owner=None, durable=False, patient=False).id


def test_only_a_lock_is_told_as_a_lock(home: Path, store: JobStore) -> None:
    with closing(SqliteDatabase(home / "jobs.sqlite")) as database, database.transaction(durable=False):
        connections = Connections(home / "jobs.sqlite", "NORMAL")
        with pytest.raises(StoreLockedError), connections.begun("BEGIN IMMEDIATE"):
            pytest.fail("two had the lock")
        with pytest.raises(sqlite3.OperationalError, match="syntax error"), connections.begun("BEGIN NONSENSE"):
            pytest.fail("nonsense was begun")
        connections.close()


def test_a_connection_is_lent_again_with_nothing_left_of_what_was_not_committed(home: Path, store: JobStore) -> None:
    store.insert(REQUEST, owner=None, durable=False)
    with closing(Connections(home / "jobs.sqlite", "NORMAL")) as connections:
        with connections.begun("BEGIN IMMEDIATE") as first:
            first.execute("DELETE FROM jobs")
        with connections.begun("BEGIN IMMEDIATE") as second:
            assert second is first
            assert second.execute("SELECT count(*) FROM jobs").fetchone() == (1,)


def test_a_connection_given_back_after_the_end_is_closed(home: Path, store: JobStore) -> None:
    connections = Connections(home / "jobs.sqlite", "NORMAL")
    with connections.begun("BEGIN") as connection:
        connections.close()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
