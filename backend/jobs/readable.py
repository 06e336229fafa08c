"""Which of several pipes can be read, and which of several processes have ended."""

import math
import select
import sys
from collections.abc import Collection, Iterable
from itertools import batched
from multiprocessing.connection import Connection, wait
from typing import Any

type Source = Connection | int
"""A connection, or the sentinel of a process."""

MOST_AT_ONCE: int | None = 60 if sys.platform == "win32" and sys.version_info < (3, 13) else None
"""Sources that `multiprocessing` can wait for together; None for any number."""


class Readable:
    """Waits for sources, most often for the same as before: `multiprocessing` would make itself ready for each anew.

    For one thread.
    """

    def __init__(self) -> None:
        self._registered: set[int] = set()

    def of(self, sources: Collection[Source], seconds: float) -> Collection[Source]:
        """Those that can be read, or have ended, within so many seconds."""
        if sys.platform == "win32":
            return ready(sources, seconds)  # where only handles can be waited for
        by_number = {one if isinstance(one, int) else one.fileno(): one for one in sources}
        # By their numbers: where one was closed and its number given to another, that one is meant.
        if by_number.keys() != self._registered:
            self._registered = set(by_number)
            self._poll = select.poll()
            for number in by_number:
                self._poll.register(number, select.POLLIN)
        return [by_number[number] for number, _ in self._poll.poll(math.ceil(1000 * seconds))]


def ready(sources: Iterable[Any], seconds: float, *, at_once: int | None = MOST_AT_ONCE) -> set[Any]:
    """The same by `multiprocessing`; where it cannot take so many, each batch of them has its share of the time."""
    listed = list(sources)
    batches = list(batched(listed, at_once or len(listed) or 1))
    found: set[Any] = set()
    for batch in batches:
        found.update(wait(batch, 0 if found else seconds / len(batches)))
    return found
