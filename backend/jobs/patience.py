"""Tries again while the database does not answer: whoever works on a job does not give it up for that."""

import time
from collections.abc import Callable

from backend.errors import StoreLockedError, StoreUnavailableError

OUTAGE_SECONDS = 60.0
"""How long the beginning or the end of a job waits for a database that does not answer."""

_RETRY_SECONDS = 0.5


def patiently[T](attempt: Callable[[bool], T]) -> T:
    """Try again and again while the database does not answer, or others write to it.

    attempt: is told whether there was one before, of which nothing is known: its commit may have been made.

    Raises:
        StoreLockedError, StoreUnavailableError: that has lasted for too long.
    """
    deadline = time.monotonic() + OUTAGE_SECONDS
    tried = False
    while True:
        try:
            return attempt(tried)
        except (StoreLockedError, StoreUnavailableError):
            if time.monotonic() > deadline:
                raise
            tried = True
            time.sleep(_RETRY_SECONDS)
