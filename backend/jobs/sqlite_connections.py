"""Connections to one SQLite file, kept for whoever needs one next."""

import sqlite3
import time
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from backend.errors import StoreLockedError

BUSY_SECONDS: Final = 10
"""How long the lock of another process is waited for."""
LOCKED: Final = "The job store is being written to by others."
LOG_PAGES: Final = 1000
"""Length of the write-ahead log at which a commit takes it over into the database."""

_FIRST_PAUSE_SECONDS = 0.0005
_LONGEST_PAUSE_SECONDS = 0.005
"""Between two tries for the lock of another process: SQLite's own pauses grow to 100 ms, and a write takes some."""


class Connections:
    """Connections of one kind, for any number of threads.

    They are the driver's own: a pool of SQLAlchemy's takes longer to lend one than SQLite to answer a question.
    """

    def __init__(self, path: Path, synchronous: str, *, busy_seconds: int = 0, log_pages: int = LOG_PAGES) -> None:
        """Open none yet.

        synchronous: SQLite's word for what is brought to the disk, and when.
        busy_seconds: how long SQLite itself waits for a lock.
        """
        self._path = path
        self._synchronous = synchronous
        self._busy_seconds = busy_seconds
        self._log_pages = log_pages
        self._idle: deque[sqlite3.Connection] = deque()
        self._keeps = True

    def open(self) -> sqlite3.Connection:
        """A connection of one's own."""
        # Transactions begin where we say, not where the driver guesses. One thread at a time has a connection, though
        # not always the same.
        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint={self._log_pages}")
            connection.execute("PRAGMA foreign_keys=ON")
            # Last: whoever opens the file waits while another process brings it in order.
            connection.execute(f"PRAGMA busy_timeout={1000 * self._busy_seconds}")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def begun(self, statement: str, *, patient: bool = False) -> Generator[sqlite3.Connection]:
        """A connection in a transaction begun by that statement; what is not committed is rolled back.

        Raises:
            StoreLockedError: another one holds the lock that the transaction needs: for long or, where we are not
                `patient`, at all. All other faults are the driver's own.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self.open()
        try:
            begin(connection, statement, BUSY_SECONDS if patient else 0)
            yield connection
        finally:
            self._take_back(connection)

    def close(self) -> None:
        """Close every idle connection, and those in use once they are given back."""
        self._keeps = False
        while self._idle:
            self._idle.pop().close()

    def _take_back(self, connection: sqlite3.Connection) -> None:
        usable = False
        try:
            connection.rollback()
            usable = self._keeps
        finally:
            if usable:
                self._idle.append(connection)
            else:
                connection.close()


def begin(connection: sqlite3.Connection, statement: str, seconds: float) -> None:
    """Begin a transaction by that statement, once others let us, within so many seconds.

    Raises:
        StoreLockedError: they do not.
    """
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:  # the low byte; the rest is a variant of it
                raise
            if time.monotonic() > deadline:
                raise StoreLockedError(LOCKED) from error
        else:
            return
        time.sleep(pause)
        pause = min(1.5 * pause, _LONGEST_PAUSE_SECONDS)
