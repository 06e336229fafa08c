"""The thread of a server that removes what its store need not keep."""

import logging
import threading

from backend.jobs.retention import Sweeper

_EVERY_SECONDS = 60.0
_BETWEEN_SECONDS = 0.05
"""Left to others between two transactions, while there is more to be removed."""

_log = logging.getLogger(__name__)


class Sweeping:
    """Sweeps once a minute, and without a break while there is more to be removed."""

    def __init__(self, sweeper: Sweeper) -> None:
        self._sweeper = sweeper
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-retention", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the transaction that is under way."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        pause = _BETWEEN_SECONDS
        while not self._stopping.wait(pause):
            try:
                pause = _BETWEEN_SECONDS if self._sweeper.sweep() else _EVERY_SECONDS
            except Exception:
                pause = _EVERY_SECONDS
                _log.exception("jobs that have expired could not be removed")
