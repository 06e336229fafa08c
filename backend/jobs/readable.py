"""Which of several pipes can be read."""

import math
import select
import sys
from collections.abc import Collection
from multiprocessing.connection import Connection, wait
from typing import cast

type Source = Connection | int
"""A connection, or the sentinel of a process."""


class Readable:
    """Waits for sources, most often for the same as before: `multiprocessing` would make itself ready for each anew.

    For one thread.
    """

    def __init__(self) -> None:
        self._registered: set[int] = set()

    def of(self, sources: Collection[Source], seconds: float) -> Collection[Source]:
        """Those that can be read, or have ended, within so many seconds."""
        if sys.platform == "win32":
            return cast("list[Source]", wait(sources, seconds))  # where only handles can be waited for
        by_number = {one if isinstance(one, int) else one.fileno(): one for one in sources}
        # By their numbers: where one was closed and its number given to another, that one is meant.
        if by_number.keys() != self._registered:
            self._registered = set(by_number)
            self._poll = select.poll()
            for number in by_number:
                self._poll.register(number, select.POLLIN)
        return [by_number[number] for number, _ in self._poll.poll(math.ceil(1000 * seconds))]
