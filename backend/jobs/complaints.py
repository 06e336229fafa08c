"""What fails again and again is told at once, then once a minute, and once more when it is over."""

import logging
import math
import time

from backend.errors import BackendError

_EVERY_SECONDS = 60.0


class Complaints:
    """Of one thread, about one thing that it tries without end: a store that is down must not fill a disk with logs."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        """what: a sentence without its end, such as "the jobs could not be looked after"."""
        self._log = log
        self._what = what
        self._times = 0
        self._kind: type[Exception] | None = None
        self._told = -math.inf

    def failed(self, error: Exception) -> None:
        """It has failed once more."""
        self._times += 1
        now = time.monotonic()
        if type(error) is self._kind and now - self._told < _EVERY_SECONDS:
            return
        self._kind, self._told = type(error), now
        if isinstance(error, BackendError):
            self._log.error("%s, and it is tried again: %s", self._what, error)
        else:
            self._log.error("%s", self._what, exc_info=error)

    def went_well(self) -> None:
        """It has not failed this time."""
        if self._times:
            self._log.warning("%s (%d times); that is over", self._what, self._times)
            self._times, self._kind = 0, None
