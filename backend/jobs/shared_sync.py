"""One sync of a file to the disk for all threads that wait for one at the time."""

import os
import threading
from pathlib import Path

_OPEN = os.O_RDWR | getattr(os, "O_BINARY", 0)


class SharedSync:
    """Brings what was written to a file, by whichever process, to the disk.

    A sync takes some milliseconds, and brings all that had been written when it began: who comes while one is under
    way waits for the next one, together with all others who came meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Condition()
        self._running = False
        self._begun = 0
        """Syncs that were begun, one after the other."""
        self._done = 0
        """The last of them that was done: all that was written before it began is on the disk."""

    def __call__(self) -> None:
        """Return once all that was written to the file before this call is on the disk.

        Raises:
            OSError: it cannot be brought there.
        """
        with self._turn:
            wanted = self._begun + 1
            self._turn.wait_for(lambda: self._done >= wanted or not self._running)
            if self._done >= wanted:
                return
            self._running = True
            self._begun += 1
            mine = self._begun
        done = 0
        try:
            self._sync()
            done = mine
        finally:
            with self._turn:
                self._running = False
                self._done = max(self._done, done)
                self._turn.notify_all()

    def _sync(self) -> None:
        # Opened each time: a file that was removed and made anew is another one.
        descriptor = os.open(self._path, _OPEN)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
