"""The standard streams as a protocol's wire: nothing else reads or writes them, and no call waits for a thread."""

import asyncio
import os
import queue
import select
import stat
import sys
import threading
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager, suppress
from typing import NamedTuple

_CHUNK_BYTES = 1 << 16
_LINES_AHEAD = 64
"""Lines read before they are asked for, and written before the writer is waited for."""
_STANDARD = (0, 1, 2)


class Wire(NamedTuple):
    """File descriptors of the two directions."""

    incoming: int
    outgoing: int


@contextmanager
def claimed_wire() -> Generator[Wire]:
    """Take standard input and output for the protocol until the end of the context.

    Meanwhile what plugins and children print goes to standard error, and what they read is empty. The descriptors
    given are never closed: a thread may still read from one. Both streams must be open.
    """
    wire = Wire(_private(0), _private(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        _point(0, nothing)
        _point(1, 2)
        yield wire
    finally:
        os.close(nothing)
        _point(0, wire.incoming)
        _point(1, wire.outgoing)


def _private(descriptor: int) -> int:
    """A duplicate that is none of the standard streams, and that no child inherits."""
    low: list[int] = []
    duplicate = os.dup(descriptor)
    while duplicate in _STANDARD:
        low.append(duplicate)
        duplicate = os.dup(descriptor)
    for taken in low:
        os.close(taken)
    return duplicate


def _point(descriptor: int, target: int) -> None:
    try:
        os.dup2(target, descriptor, inheritable=True)
    except OSError:  # standard error is closed
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, descriptor, inheritable=True)
        os.close(nothing)
    if sys.platform == "win32":
        # Children are given Windows' own handles, which know nothing of descriptors.
        from mcp.os.win32.utilities import rebind_std_handle_to_fd  # noqa: PLC0415 - imports what only Windows has

        with suppress(OSError):
            rebind_std_handle_to_fd(descriptor)


class LineReader:
    """The lines that come in, decoded; bytes that are no UTF-8 are replaced. None for a line that is too long.

    For one task of one event loop.
    """

    def __init__(self, descriptor: int, max_bytes: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | _End | None] = asyncio.Queue()
        self._cut = _LineCutter(max_bytes)
        self._room = threading.Semaphore(_LINES_AHEAD)
        self._paused = False
        self.hasty = False
        """The client has ended, or sent so much at once that it was held up."""
        self._watched = self._watch()
        if not self._watched:
            threading.Thread(target=self._read, name="wire-reader", daemon=True).start()

    def __aiter__(self) -> AsyncIterator[str | None]:
        return self

    async def __anext__(self) -> str | None:
        line = await self._lines.get()
        if isinstance(line, _End):
            raise StopAsyncIteration
        if not self._watched:
            self._room.release()
        elif self._paused and self._lines.qsize() < _LINES_AHEAD:
            self._paused = not self._watch()
        return line

    def _watch(self) -> bool:
        """Let the event loop tell when there is something to read; False where it cannot (Windows; no pipe or socket).

        On macOS it takes a file, too, and never tells that its end is reached (kqueue).
        """
        kind = os.fstat(self._descriptor).st_mode
        if not (stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)):
            return False
        try:
            self._loop.add_reader(self._descriptor, self._readable)
        except (NotImplementedError, OSError):
            return False
        return True

    def _readable(self) -> None:
        lines = self._cut.next(self._descriptor)
        for line in self._cut.rest() if lines is None else lines:
            self._lines.put_nowait(line)
        if lines is None:
            self._lines.put_nowait(_End())
        self._paused = lines is not None and self._lines.qsize() >= _LINES_AHEAD
        if lines is None or self._paused:
            self.hasty = True
            self._loop.remove_reader(self._descriptor)

    def _read(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            while (lines := self._cut.next(self._descriptor)) is not None:
                self._pass_on(lines)
            self.hasty = True
            self._pass_on(self._cut.rest())
            self._loop.call_soon_threadsafe(self._lines.put_nowait, _End())

    def _pass_on(self, lines: list[str | None]) -> None:
        for line in lines:
            if not self._room.acquire(blocking=False):
                self.hasty = True
                self._room.acquire()
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)


class _End:
    """Nothing more comes in."""


class _LineCutter:
    """Cuts what is read into lines."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._begun = bytearray()
        self._dropping = False

    def next(self, descriptor: int) -> list[str | None] | None:
        """The lines that one more read completes; None at the end of the stream."""
        try:
            chunk = os.read(descriptor, _CHUNK_BYTES)
        except OSError:  # as good as its end
            return None
        if not chunk:
            return None
        first, *others = chunk.split(b"\n")
        self._begin(first)
        lines: list[str | None] = []
        for other in others:
            lines.append(self._line())
            self._begin(other)
        return lines

    def rest(self) -> list[str | None]:
        """The last line, if no line feed ended it."""
        return [self._line()] if self._begun or self._dropping else []

    def _begin(self, part: bytes) -> None:
        """Go on with the line that has begun; of one that grows too long nothing is kept."""
        self._dropping = self._dropping or len(self._begun) + len(part) > self._max_bytes
        if self._dropping:
            self._begun.clear()
        else:
            self._begun += part

    def _line(self) -> str | None:
        line = None if self._dropping else self._begun.decode("utf-8", "replace")
        self._begun.clear()
        self._dropping = False
        return line


class LineWriter:
    """What goes out: at once where that cannot block the event loop, else written by a thread."""

    def __init__(self, descriptor: int, said: Callable[[str], None] | None = None) -> None:
        """`said` is told each line before it goes out."""
        self._descriptor = descriptor
        self._said = said
        self._at_once = _bytes_at_once(descriptor)
        self._queue: queue.Queue[bytes] = queue.Queue()
        self._broken: OSError | None = None
        self._loop = asyncio.get_running_loop()
        self._all_written = asyncio.Event()
        threading.Thread(target=self._write_queued, name="wire-writer", daemon=True).start()

    async def write(self, text: str) -> None:
        """Write a text, or hand it over to be written.

        Raises: OSError where an earlier one could not be written: nobody reads any more.
        """
        if self._broken is not None:
            raise self._broken
        if self._said is not None:
            self._said(text)
        data = text.encode("utf-8")
        if len(data) <= self._at_once and not self._queue.unfinished_tasks and self._has_room():
            self._write(data)
        else:
            self._queue.put(data)

    async def flush(self) -> None:
        """Wait if much is unwritten: a client that does not read stops us, and does not fill our memory."""
        if self._queue.qsize() > _LINES_AHEAD:
            await self.drain()

    async def drain(self) -> None:
        """Wait until all is written, or cannot be."""
        while self._queue.unfinished_tasks:
            self._all_written.clear()
            if self._queue.unfinished_tasks:
                await self._all_written.wait()

    def _has_room(self) -> bool:
        return bool(select.select([], [self._descriptor], [], 0)[1])

    def _write(self, data: bytes) -> None:
        try:
            while data and self._broken is None:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            self._broken = error

    def _write_queued(self) -> None:
        while True:
            self._write(self._queue.get())
            self._queue.task_done()
            if not self._queue.unfinished_tasks:
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    self._loop.call_soon_threadsafe(self._all_written.set)


def _bytes_at_once(descriptor: int) -> int:
    """The most that can be written to a pipe with room without waiting (POSIX, `PIPE_BUF`); 0 where none is known."""
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return 0
    at_once: int = getattr(select, "PIPE_BUF", 0)  # absent on Windows, where no pipe can be asked either
    return at_once
