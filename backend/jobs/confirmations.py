"""Ends jobs of which all results are stored: those that come while the disk is busy share its next turn."""

import threading
from collections.abc import Callable, Sequence

from backend.jobs.records import CompleteAttempt

_STOP_SECONDS = 5.0
"""Longest time in which a server that is being closed waits for a disk that is busy."""


class Confirmations:
    """A thread that has jobs ended, as many at once as have come meanwhile."""

    def __init__(self, confirm: Callable[[Sequence[CompleteAttempt]], None]) -> None:
        """confirm: ends them. It may take its time, and raises nothing."""
        self._confirm = confirm
        self._changed = threading.Condition()
        self._complete: list[CompleteAttempt] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._work, name="job-confirmations", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after what has come so far, as far as that is soon: `Leases.release` ends what is left."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)

    def add(self, job_id: str, attempt: int) -> None:
        """Have a job ended soon; from any thread."""
        with self._changed:
            self._complete.append((job_id, attempt))
            self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._complete or self._stopping)
                complete, self._complete = self._complete, []
            if not complete:
                return
            self._confirm(complete)
