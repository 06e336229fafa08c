"""Progress of a job, told to the store at a pace that the store can bear."""

import logging
import math
import threading
import time
from collections.abc import Callable

from backend.jobs.complaints import Complaints

INTERVAL_SECONDS = 0.5
"""Shortest time between two writes."""

type Write = Callable[[int, str | None], None]
"""Percent (0 to 100) and message → the store."""

_log = logging.getLogger(__name__)


class ThrottledProgress:
    """The `Progress` that a process receives: writes at once when it may, else the latest value when it may again."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._last = -math.inf
        self._timer: threading.Timer | None = None
        self._percent = 0
        self._message: str | None = None
        self._closed = False
        self._complaints = Complaints(_log, "progress could not be stored")

    def __call__(self, percent: float, message: str | None = None) -> None:
        """Tell that `percent` (0 to 100) of the work is done; a `message` replaces the one told before."""
        with self._lock:
            if math.isfinite(percent):
                self._percent = max(0, min(100, int(percent)))
            self._message = self._message if message is None else message
            if self._timer is not None or self._closed:
                return
            wait = self._last + INTERVAL_SECONDS - time.monotonic()
            if wait > 0:
                # A process may say "half done" a moment after its last word, and then work for an hour.
                self._timer = threading.Timer(wait, self._flush)
                self._timer.daemon = True
                self._timer.start()
                return
            self._tell()

    def close(self) -> None:
        """Tell no more: the job has ended."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()

    def _flush(self) -> None:
        with self._lock:
            self._timer = None
            if not self._closed:
                self._tell()

    def _tell(self) -> None:
        self._last = time.monotonic()
        try:
            self._write(self._percent, self._message)
            self._complaints.went_well()
        except Exception as error:
            # A job does not fail for want of a progress bar.
            self._complaints.failed(error)
