"""Work that is cheaper for several at once: what comes while it is being done waits, and is then done together."""

import threading
from collections.abc import Callable, Sequence

_STOP_SECONDS = 5.0
"""How long a server that is being closed waits for a busy disk."""


class Gathering[T]:
    """A thread that works on what it is given, each time on all that has come meanwhile."""

    def __init__(self, name: str, work: Callable[[Sequence[T]], None]) -> None:
        """work: on what was given, in that order. It may take its time, and raises nothing."""
        self._work = work
        self._changed = threading.Condition()
        self._given: list[T] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was given so far, and end; wait for that a bounded time."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)

    def add(self, one: T) -> bool:
        """Have something worked on soon; from any thread. False where that will not be: the end has begun."""
        with self._changed:
            if self._stopping:
                return False
            self._given.append(one)
            self._changed.notify()
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._given or self._stopping)
                given, self._given = self._given, []
            if not given:
                return
            self._work(given)
