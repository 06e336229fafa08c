"""What a job's process writes to its standard streams: on to our own standard error, and into the job's log."""

import logging
import os
import queue
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backend.jobs.job_log import LONGEST_LINE, MOST_LINES
from backend.jobs.texts import shortened

type AppendLog = Callable[[str, Sequence[str]], None]
"""Job id and lines → the store."""

FLUSH_SECONDS = 0.5
"""Shortest time between two writes of a job's log while it runs."""

MAX_LINES = MOST_LINES - 1
"""Lines kept of what a job writes between two writes of its log: the last ones, and the one that counts the others."""

_STANDARD_ERROR = 2
_STALLED_SECONDS = 1.0
"""How long a reader of our standard error may take before what it misses is in the jobs' logs alone."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lines:
    """Of one job, not yet in the store."""

    complete: deque[str] = field(default_factory=lambda: deque[str](maxlen=MAX_LINES))
    left_out: int = 0
    begun: bytes = b""
    """A line without its end."""
    flushed: float = 0

    def add(self, data: bytes) -> None:
        *lines, self.begun = (self.begun + data).split(b"\n")
        if len(self.begun) > LONGEST_LINE:
            lines, self.begun = [*lines, self.begun], b""
        self.left_out += max(0, len(self.complete) + len(lines) - MAX_LINES)
        self.complete.extend(_text(line) for line in lines)

    def take(self) -> list[str]:
        taken = [f"[{self.left_out} lines are left out here]"] if self.left_out else []
        taken += self.complete
        self.complete.clear()
        self.left_out = 0
        self.flushed = time.monotonic()
        return taken

    def finish(self) -> list[str]:
        if self.begun:
            self.add(b"\n")
        return self.take()


type _Item = tuple[str | None, bytes | Callable[[], None]]
"""Job id and what it wrote, or what is to be done once all of it is in the store."""


class JobLogs:
    """A thread of its own writes: neither a slow disk nor a slow reader of our standard error holds up any job."""

    def __init__(self, append: AppendLog) -> None:
        self._append = append
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._logged: set[str] = set()
        """Jobs that wrote something; touched by the feeding thread alone."""
        self._stalled = False
        self._thread = threading.Thread(target=self._relay, name="job-logs", daemon=True)

    def start(self) -> None:
        """Begin to relay."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end."""
        if self._thread.ident is not None:
            self._items.put(None)
            self._thread.join(timeout=2 * _STALLED_SECONDS)

    def feed(self, job_id: str | None, data: bytes) -> None:
        """Take what a worker wrote, while it ran a job or between two."""
        if job_id is not None:
            self._logged.add(job_id)
        self._items.put((job_id, data))

    def finish(self, job_id: str, then: Callable[[], None]) -> None:
        """Call `then` once all that the job wrote is in the store: at once where it wrote nothing."""
        if job_id in self._logged:
            self._logged.discard(job_id)
            self._items.put((job_id, then))
        else:
            then()

    def _relay(self) -> None:
        waiting: dict[str, _Lines] = {}
        while True:
            try:
                item = self._items.get(timeout=FLUSH_SECONDS if waiting else None)
            except queue.Empty:
                self._flush(waiting)
                continue
            if item is None:
                for job_id, lines in waiting.items():
                    self._store(job_id, lines.finish())
                return
            job_id, content = item
            if not isinstance(content, bytes):
                if job_id is not None and job_id in waiting:
                    self._store(job_id, waiting.pop(job_id).finish())
                content()
                continue
            self._tell(content)
            if job_id is not None:
                waiting.setdefault(job_id, _Lines()).add(content)
                self._flush(waiting)

    def _flush(self, waiting: dict[str, _Lines]) -> None:
        now = time.monotonic()
        for job_id, lines in waiting.items():
            if lines.complete and now - lines.flushed >= FLUSH_SECONDS:
                self._store(job_id, lines.take())

    def _store(self, job_id: str, lines: list[str]) -> None:
        if not lines:
            return
        try:
            self._append(job_id, lines)
        except Exception:
            # A job does not fail for want of its log, which stands in ours.
            _log.warning("the log of job %s could not be stored", job_id, exc_info=True)

    def _tell(self, data: bytes) -> None:
        """Pass it on to our own standard error, unless nobody reads that."""
        try:
            for begin in range(0, len(data), select.PIPE_BUF):
                patience = 0 if self._stalled else _STALLED_SECONDS
                self._stalled = not select.select([], [_STANDARD_ERROR], [], patience)[1]
                if self._stalled:
                    return
                os.write(_STANDARD_ERROR, data[begin : begin + select.PIPE_BUF])
        except (OSError, ValueError):
            return


def _text(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip("\r")
    return shortened(text, LONGEST_LINE)


def is_supported() -> bool:
    """Whether streams of workers can be captured here; Windows has no pipes that a process's streams can be."""
    return sys.platform != "win32"
