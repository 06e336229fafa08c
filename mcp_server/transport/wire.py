"""The standard streams as a protocol's wire: nothing else reads or writes them, and no call waits for a thread."""

import asyncio
import os
import queue
import sys
import threading
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import anyio.to_thread

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
    given are never closed: a thread may still read from one.
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
    """A duplicate that is none of the standard streams, be they closed or not, and that no child inherits."""
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
    """The lines that come in, decoded; bytes that are no UTF-8 are replaced. For one task of one event loop."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._room = threading.Semaphore(_LINES_AHEAD)
        threading.Thread(target=self._read, name="wire-reader", daemon=True).start()

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        line = await self._lines.get()
        if line is None:
            raise StopAsyncIteration
        self._room.release()
        return line

    def _read(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            for line in _lines(self._descriptor):
                self._room.acquire()
                self._loop.call_soon_threadsafe(self._lines.put_nowait, line.decode("utf-8", "replace"))
            self._loop.call_soon_threadsafe(self._lines.put_nowait, None)


def _lines(descriptor: int) -> Generator[bytes]:
    rest = bytearray()
    with suppress(OSError):  # as good as its end
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            rest += chunk
            if b"\n" in chunk:
                *complete, last = bytes(rest).split(b"\n")
                yield from complete
                rest = bytearray(last)
    if rest:
        yield bytes(rest)


class LineWriter:
    """What goes out, written by a thread: the event loop neither blocks nor waits for it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: queue.Queue[bytes] = queue.Queue()
        self._broken: OSError | None = None
        threading.Thread(target=self._write, name="wire-writer", daemon=True).start()

    async def write(self, text: str) -> None:
        """Hand over a text.

        Raises: OSError where an earlier one could not be written: nobody reads any more.
        """
        if self._broken is not None:
            raise self._broken
        self._queue.put(text.encode("utf-8"))

    async def flush(self) -> None:
        """Wait if much is unwritten: a client that does not read stops us, and does not fill our memory."""
        if self._queue.qsize() > _LINES_AHEAD:
            await self.drain()

    async def drain(self) -> None:
        """Wait until all is written, or cannot be."""
        await anyio.to_thread.run_sync(self._queue.join, abandon_on_cancel=True)

    def _write(self) -> None:
        while True:
            data = self._queue.get()
            try:
                while data and self._broken is None:
                    data = data[os.write(self._descriptor, data) :]
            except OSError as error:
                self._broken = error
            finally:
                self._queue.task_done()
