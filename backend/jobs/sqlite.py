"""The job store's database as one SQLite file."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import sqlalchemy as sa
from sqlalchemy import exc

from backend.errors import BackendError, StoreLockedError
from backend.jobs.connection import Compiler, Connection
from backend.jobs.room import told_when_full
from backend.jobs.schema import SCHEMA_VERSION, bring_up_to_date
from backend.jobs.shared_sync import SharedSync
from backend.jobs.sqlite_connections import BUSY_SECONDS, LOCKED, LOG_PAGES, Connections, begin
from backend.jobs.turns import Turns

_STORE = "the job store"


class SqliteDatabase:
    """Connections to one SQLite file, which any number of processes share (write-ahead log)."""

    def __init__(self, path: Path) -> None:
        """Open the file, and make it where there is none.

        Raises:
            BackendError: it cannot be opened or made, is none of ours, or a newer release wrote it.
        """
        self._path = path
        self._durable = Connections(path, "FULL")
        self._fast = Connections(path, "NORMAL")
        # Who is not patient has no time to tidy the file up either: workers do, at the usual size.
        self._eager = Connections(path, "NORMAL", log_pages=8 * LOG_PAGES)
        self._reads = Connections(path, "NORMAL", busy_seconds=BUSY_SECONDS)
        self._turns = Turns()
        """To write: the threads of this process queue for it, and one at a time asks for the file's own lock."""
        self._sync = SharedSync(path.with_name(f"{path.name}-wal"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._compiler = Compiler(self._prepared())
        except (OSError, sqlite3.DatabaseError, exc.DatabaseError) as error:
            reason = error.orig if isinstance(error, exc.DatabaseError) else error
            raise BackendError(f"The job store {path} cannot be used: {reason}.") from error

    @contextmanager
    def transaction(self, *, durable: bool, patient: bool = True, seen_before: bool = False) -> Generator[Connection]:
        """One transaction that holds the write lock from its start: all that it reads is true until it ends."""
        # One that reads first and writes later could not be given the lock in between.
        afterwards = durable and seen_before and self._has_log
        kept = self._durable if durable and not afterwards else self._fast if patient else self._eager
        with (
            told_when_full(_STORE),
            self._next(patient=patient),
            kept.begun("BEGIN IMMEDIATE", patient=patient) as connection,
        ):
            yield Connection(connection, self._compiler)
            connection.commit()
        if afterwards:
            self.sync()

    @property
    def answers_at_once(self) -> bool:
        """Always: it is a file of this machine, and readers wait for nobody."""
        return True

    def shares_sync(self) -> bool:
        """Wherever there is a log that can be synced."""
        return self._has_log

    def sync(self) -> None:
        """Bring all that was committed to the disk, in one go with other threads that ask for it."""
        with told_when_full(_STORE):
            self._sync()

    @contextmanager
    def _next(self, *, patient: bool) -> Generator[None]:
        """This process's turn to write."""
        with self._turns.turn(BUSY_SECONDS if patient else 0) as mine:
            if not mine:
                raise StoreLockedError(LOCKED)
            yield

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """A connection for reading."""
        with self._reads.begun("BEGIN") as connection:
            yield Connection(connection, self._compiler)

    def watch(self) -> "SqliteWatch":
        """A watch for commits by anyone else, this process's other connections included."""
        return SqliteWatch(self._path)

    def close(self) -> None:
        """Close every idle connection."""
        for kept in (self._durable, self._fast, self._eager, self._reads):
            kept.close()

    def _prepared(self) -> sa.Dialect:
        """Make the file what this release expects; several processes may do so at once on a fresh folder.

        Returns what SQL is written for.
        """
        with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            self._has_log = _enter_wal(connection)
            """Not on every file system: without it each commit has to bring itself to the disk."""
        engine = sa.create_engine("sqlite://", creator=self._durable.open, poolclass=sa.NullPool)
        with engine.connect() as connection:
            begin(cast("sqlite3.Connection", connection.connection.dbapi_connection), "BEGIN IMMEDIATE", BUSY_SECONDS)
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            bring_up_to_date(connection, version)
            if version != SCHEMA_VERSION:
                connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
            connection.commit()
        return engine.dialect


class SqliteWatch:
    """Tells whether the database changed since it was last asked, in some microseconds. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._seen: int | None = None

    def changed(self) -> bool:
        """True the first time, and whenever there was a commit since the last call."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        changed = version != self._seen
        self._seen = version
        return changed

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _enter_wal(connection: sqlite3.Connection) -> bool:
    """Write ahead into a log of its own from now on; tells whether that is possible here."""
    # SQLite does not wait for the lock in this one statement, whatever the timeout: two first starts would collide.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return mode == "wal"
