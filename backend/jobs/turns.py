"""A lock that is handed on in the order in which it was asked for."""

import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager


class Turns:
    """One thread at a time has its turn. A plain lock would let one that asks again and again go before all others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()
        """Those that wait, each told when its turn has come."""

    @contextmanager
    def turn(self, seconds: float) -> Generator[bool]:
        """This thread's turn, waited for at most so long; False where it did not come."""
        mine = self._take(seconds)
        try:
            yield mine
        finally:
            if mine:
                self._give()

    def _take(self, seconds: float) -> bool:
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            if seconds <= 0:
                return False
            told = threading.Event()
            self._waiting.append(told)
        if told.wait(seconds):
            return True
        with self._lock:
            if told.is_set():
                return True  # just now
            self._waiting.remove(told)
            return False

    def _give(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
