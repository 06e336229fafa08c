"""The job store's database as one SQLite file."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from backend.errors import StoreLockedError
from backend.jobs.connection import Compiler, Connection
from backend.jobs.room import told_when_full
from backend.jobs.schema import SCHEMA_VERSION, bring_up_to_date
from backend.jobs.shared_sync import SharedSync
from backend.jobs.turns import Turns

_BUSY_SECONDS = 10

_FIRST_PAUSE_SECONDS = 0.0005
_LONGEST_PAUSE_SECONDS = 0.005
"""Between two tries for the lock of another process: SQLite's own pauses grow to 100 ms, and a write takes some."""

_LOG_PAGES = 1000
"""Length of the write-ahead log at which a commit takes it over into the database."""

_STORE = "the job store"
_LOCKED = "The job store is being written to by others."


class SqliteDatabase:
    """Connections to one SQLite file, which any number of processes share (write-ahead log)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._durable = self._connect("FULL", busy_seconds=0)
        self._fast = self._connect("NORMAL", busy_seconds=0)
        # Who is not patient has no time to tidy the file up either: workers do, at the usual size.
        self._eager = self._connect("NORMAL", busy_seconds=0, log_pages=8 * _LOG_PAGES)
        self._reads = self._connect("NORMAL")
        self._compiler = Compiler(self._reads.dialect)
        self._turns = Turns()
        """To write: the threads of this process queue for it, and one at a time asks for the file's own lock."""
        self._sync = SharedSync(path.with_name(f"{path.name}-wal"))
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self, *, durable: bool, patient: bool = True, seen_before: bool = False) -> Generator[Connection]:
        """One transaction that holds the write lock from its start: all that it reads is true until it ends."""
        # One that reads first and writes later could not be given the lock in between.
        afterwards = durable and seen_before and self._has_log
        engine = self._durable if durable and not afterwards else self._fast if patient else self._eager
        with (
            told_when_full(_STORE),
            self._next(patient=patient),
            begun(engine, "BEGIN IMMEDIATE", patient=patient) as pooled,
        ):
            yield Connection(pooled, self._compiler)
            pooled.commit()
        if afterwards:
            self.sync()

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
        with self._turns.turn(_BUSY_SECONDS if patient else 0) as mine:
            if not mine:
                raise StoreLockedError(_LOCKED)
            yield

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """A connection for reading."""
        with begun(self._reads, "BEGIN") as pooled:
            yield Connection(pooled, self._compiler)

    def watch(self) -> "SqliteWatch":
        """A watch for commits by anyone else, this process's other connections included."""
        return SqliteWatch(self._path)

    def close(self) -> None:
        """Close every idle connection."""
        for engine in (self._durable, self._fast, self._eager, self._reads):
            engine.dispose()

    def _connect(
        self, synchronous: str, *, busy_seconds: int = _BUSY_SECONDS, log_pages: int = _LOG_PAGES
    ) -> sa.Engine:
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(self._path)), connect_args={"timeout": _BUSY_SECONDS}
        )

        def configure(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
            connection.execute(f"PRAGMA synchronous={synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint={log_pages}")
            connection.execute("PRAGMA foreign_keys=ON")
            # Last: whoever opens the file waits while another process brings it in order.
            connection.execute(f"PRAGMA busy_timeout={1000 * busy_seconds}")

        event.listen(engine, "connect", configure)
        return engine

    def _prepare(self) -> None:
        """Make the file what this release expects; several processes may do so at once on a fresh folder."""
        with closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
            self._has_log = _enter_wal(connection)
            """Not on every file system: without it each commit has to bring itself to the disk."""
        with self._durable.connect() as connection:
            _begin(connection.connection, "BEGIN IMMEDIATE", _BUSY_SECONDS)
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            bring_up_to_date(connection, version)
            if version != SCHEMA_VERSION:
                connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
            connection.commit()


@contextmanager
def begun(engine: sa.Engine, begin: str, *, patient: bool = False) -> Generator[sa.PoolProxiedConnection]:
    """A pooled connection in a transaction begun by that statement; what is not committed is rolled back.

    Raises:
        StoreLockedError: another one holds the lock that the transaction needs: for long or, where we are not
            `patient`, at all. All other faults are the driver's own.
    """
    pooled = engine.raw_connection()
    try:
        _begin(pooled, begin, _BUSY_SECONDS if patient else 0)
        yield pooled
    finally:
        pooled.close()


def _begin(pooled: sa.PoolProxiedConnection, begin: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        cursor = pooled.cursor()
        try:
            cursor.execute(begin)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # the low byte; the rest is a variant of it
                raise
            if time.monotonic() > deadline:
                raise StoreLockedError(_LOCKED) from error
        else:
            return
        finally:
            cursor.close()
        time.sleep(pause)
        pause = min(1.5 * pause, _LONGEST_PAUSE_SECONDS)


class SqliteWatch:
    """Tells whether the database changed since it was last asked, in some microseconds. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
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
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return mode == "wal"
