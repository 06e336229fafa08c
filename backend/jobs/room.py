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
        # Python's own errors of this type have no code. The low byte is the kind; the rest is a variant of it.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return error.errno in _SYSTEM_CODES
