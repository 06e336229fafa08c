"""The job store's database as one SQLite file."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from backend.errors import StoreFullError, StoreLockedError
from backend.jobs.connection import Compiler, Connection
from backend.jobs.schema import SCHEMA_VERSION, bring_up_to_date

_BUSY_SECONDS = 10


class SqliteDatabase:
    """Connections to one SQLite file, which any number of processes share (write-ahead log)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._durable = self._connect("FULL")
        self._fast = self._connect("NORMAL")
        self._eager = self._connect("NORMAL", busy_seconds=0)
        self._reads = self._connect("NORMAL")
        self._compiler = Compiler(self._reads.dialect)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self, *, durable: bool, patient: bool = True) -> Generator[Connection]:
        """One transaction that holds the write lock from its start: all that it reads is true until it ends."""
        engine = self._durable if durable else self._fast if patient else self._eager
        # One that reads first and writes later could not be given the lock in between.
        try:
            with begun(engine, "BEGIN IMMEDIATE") as pooled:
                yield Connection(pooled, self._compiler)
                pooled.commit()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
                raise
            raise StoreFullError("There is no room on the disk for the job store.") from error

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

    def _connect(self, synchronous: str, busy_seconds: float = _BUSY_SECONDS) -> sa.Engine:
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(self._path)), connect_args={"timeout": busy_seconds}
        )

        def configure(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
            connection.execute(f"PRAGMA synchronous={synchronous}")
            connection.execute("PRAGMA foreign_keys=ON")

        event.listen(engine, "connect", configure)
        return engine

    def _prepare(self) -> None:
        """Make the file what this release expects; several processes may do so at once on a fresh folder."""
        with closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
            _enter_wal(connection)
        with self._durable.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            bring_up_to_date(connection, version)
            if version != SCHEMA_VERSION:
                connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
            connection.commit()


@contextmanager
def begun(engine: sa.Engine, begin: str) -> Generator[sa.PoolProxiedConnection]:
    """A pooled connection in a transaction begun by that statement; what is not committed is rolled back.

    Raises:
        StoreLockedError: another one holds the lock that the transaction needs. All other faults are the driver's own.
    """
    pooled = engine.raw_connection()
    try:
        cursor = pooled.cursor()
        try:
            cursor.execute(begin)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # the low byte; the rest is a variant of it
                raise
            raise StoreLockedError("The job store is being written to by others.") from error
        finally:
            cursor.close()
        yield pooled
    finally:
        pooled.close()


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


def _enter_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for the lock in this one statement, whatever the timeout: two first starts would collide.
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
