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

from backend.jobs.complaints import Complaints
from backend.jobs.job_log import LONGEST_LINE, MOST_LINES
from backend.jobs.texts import shortened
from telemetry.logs import about

type AppendLog = Callable[[str, Sequence[str]], None]
"""Job id and lines → the store."""

FLUSH_SECONDS = 0.5
"""Shortest time between two writes of a job's log while it runs."""

MAX_LINES = MOST_LINES - 1
"""Lines kept of what a job writes between two writes of its log: the last ones, and the one that counts the others."""

MOST_WAITING_BYTES = 2 * 2**20
"""Of what one job wrote faster than it is written on: the last of it, no less than its log keeps."""

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
        self.complete.extend(_text(line) for line in lines[-MAX_LINES:])

    def leave_out(self, count: int) -> None:
        """So many lines come next that are not there; what came before them and is not stored goes with them."""
        self.left_out += len(self.complete) + count
        self.complete.clear()
        self.begun = b""

    def take(self) -> list[str]:
        taken = [_left_out(self.left_out)] if self.left_out else []
        taken += self.complete
        self.complete.clear()
        self.left_out = 0
        self.flushed = time.monotonic()
        return taken

    def finish(self) -> list[str]:
        if self.begun:
            self.add(b"\n")
        return self.take()


@dataclass(slots=True)
class _Waiting:
    """What a job wrote since somebody last looked, the first of it left out where it is too much."""

    pieces: deque[bytes] = field(default_factory=deque[bytes])
    size: int = 0
    lines_left_out: int = 0

    def add(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.size += len(piece)
        while self.size > MOST_WAITING_BYTES and len(self.pieces) > 1:
            first = self.pieces.popleft()
            self.size -= len(first)
            self.lines_left_out += first.count(b"\n")

    def taken(self) -> tuple[int, bytes]:
        """How many lines are left out, and what comes after them: from the beginning of a line on."""
        data = b"".join(self.pieces)
        if not self.lines_left_out:
            return 0, data
        _, end, rest = data.partition(b"\n")
        return (self.lines_left_out + 1, rest) if end else (self.lines_left_out, data)


type _Item = tuple[str | None, Callable[[], None] | None]
"""Job id, and what to call once all that the job wrote is in the store.

Without a call, the item tells that the job has written something; without a job, a worker wrote it between two."""


class JobLogs:
    """Passes on what jobs write, in a thread of its own: a slow disk, or a slow reader of our log, holds up no job."""

    def __init__(self, append: AppendLog) -> None:
        self._append = append
        self._items: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._waiting: dict[str | None, _Waiting] = {}
        self._lock = threading.Lock()
        """Of what waits."""
        self._logged: set[str] = set()
        """Jobs that wrote something; touched by the feeding thread alone."""
        self._stalled = False
        self._complaints = Complaints(_log, "the logs of jobs could not be stored")
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
        with self._lock:
            known = job_id in self._waiting
            self._waiting.setdefault(job_id, _Waiting()).add(data)
        if not known:
            self._items.put((job_id, None))

    def finish(self, job_id: str, then: Callable[[], None]) -> None:
        """Call `then` once all that the job wrote is in the store: at once where it wrote nothing."""
        if job_id in self._logged:
            self._logged.discard(job_id)
            self._items.put((job_id, then))
        else:
            then()

    def _relay(self) -> None:
        unstored: dict[str, _Lines] = {}
        while True:
            try:
                item = self._items.get(timeout=FLUSH_SECONDS if unstored else None)
            except queue.Empty:
                self._flush(unstored)
                continue
            if item is None:
                for job_id, lines in unstored.items():
                    self._store(job_id, lines.finish())
                return
            job_id, then = item
            if then is None:
                self._take(job_id, unstored)
                continue
            if job_id is not None and job_id in unstored:
                self._store(job_id, unstored.pop(job_id).finish())
            then()

    def _take(self, job_id: str | None, unstored: dict[str, _Lines]) -> None:
        """Pass on what a job wrote."""
        with self._lock:
            left_out, data = self._waiting.pop(job_id).taken()
        self._tell(f"{_left_out(left_out)}\n".encode() + data if left_out else data)
        if job_id is None:
            return
        lines = unstored.setdefault(job_id, _Lines())
        if left_out:
            lines.leave_out(left_out)
        lines.add(data)
        self._flush(unstored)

    def _flush(self, unstored: dict[str, _Lines]) -> None:
        now = time.monotonic()
        for job_id, lines in unstored.items():
            if lines.complete and now - lines.flushed >= FLUSH_SECONDS:
                self._store(job_id, lines.take())

    def _store(self, job_id: str, lines: list[str]) -> None:
        if not lines:
            return
        try:
            self._append(job_id, lines)
        except Exception as error:
            # A job does not fail for want of its log, which stands in ours.
            with about(job_id=job_id):
                self._complaints.failed(error)
        else:
            self._complaints.went_well()

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


def _left_out(count: int) -> str:
    return f"[{count} lines are left out here]"


def _text(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip("\r")
    return shortened(text, LONGEST_LINE)


def is_supported() -> bool:
    """Whether streams of workers can be captured here; Windows has no pipes that a process's streams can be."""
    return sys.platform != "win32"
