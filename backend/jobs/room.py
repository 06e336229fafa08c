"""What tells that a disk has no room left."""

import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from backend.errors import StoreFullError

_SYSTEM_CODES = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def told_when_full(what: str) -> Generator[None]:
    """Tell as `StoreFullError` that there was no room for `what`, however the system or the database says so."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        if not _lacks_room(error):
            raise
        raise StoreFullError(f"There is no room on the disk for {what}.") from error


def _lacks_room(error: sqlite3.OperationalError | OSError) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL  # the low byte; the rest is a variant of it
    return error.errno in _SYSTEM_CODES
