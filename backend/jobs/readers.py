"""Processes that read datasets for whoever looks at them: the server itself opens no file of other people's."""

import logging
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, cast

from backend.errors import BackendError, NoItemsError, ProcessFailedError, ServerBusyError
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.item_query import ItemsPage, ItemsQuery
from backend.jobs.fork_server import worker_context
from backend.jobs.limits import JobLimits, breach

MOST_AT_ONCE = 2
READ_SECONDS = 60.0
"""Longest time of one read."""
_QUEUE_SECONDS = 30.0
"""Longest time to wait for others' reads."""
_IDLE_SECONDS = 60.0
"""After which a reader ends, and the memory of what it has read is free."""
_STOP_SECONDS = 5.0

_log = logging.getLogger(__name__)


class _GoneError(Exception):
    """The process has ended before it answered."""


class DatasetReaders:
    """Reads pages of datasets, a few at once. Threads may share it; the processes start when they are first needed."""

    def __init__(
        self,
        limits: JobLimits | None = None,
        *,
        seconds: float = READ_SECONDS,
        queue_seconds: float = _QUEUE_SECONDS,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        """seconds: longest time of one read; queue_seconds: of the wait for the reads of others.

        idle_seconds: how long a process is kept that nothing is asked of.
        """
        self._limits = limits or JobLimits()
        self._seconds = seconds
        self._queue_seconds = queue_seconds
        self._idle_seconds = idle_seconds
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._lock = threading.Lock()
        self._idle: list[_Reader] = []
        self._all: list[_Reader] = []
        self._closed = False

    def page(self, dataset: DatasetFile, query: ItemsQuery) -> ItemsPage:
        """The features that a query asks for. Blocks.

        Raises:
            NoItemsError: the file has no such layer or feature, or cannot be read.
            ServerBusyError: others are being read, or it took too long.
            ProcessFailedError: the process that read it died.
        """
        if not self._places.acquire(timeout=self._queue_seconds):
            raise ServerBusyError("Other datasets are being read. Try again.")
        try:
            answer = self._ask(dataset, query)
        finally:
            self._places.release()
        if isinstance(answer, BackendError):
            raise answer
        return answer

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            self._closed = True
            idle, busy = self._idle, [one for one in self._all if one not in self._idle]
            self._all, self._idle = [], []
        for reader in busy:
            reader.end()  # whoever waits for its answer hears of it, and does the rest
        for reader in idle:
            reader.bury()

    def _ask(self, dataset: DatasetFile, query: ItemsQuery) -> "ItemsPage | BackendError":
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        if reader is not None:
            # It may just have ended, as it was idle for long.
            with suppress(_GoneError):
                return self._asked(reader, dataset, query)
        try:
            return self._asked(self._started(), dataset, query)
        except _GoneError:
            raise ProcessFailedError("The process that read the dataset died.") from None

    def _asked(self, reader: "_Reader", dataset: DatasetFile, query: ItemsQuery) -> "ItemsPage | BackendError":
        try:
            answer = reader.ask(dataset, query, self._seconds)
        except BaseException:
            with self._lock:
                self._all = [one for one in self._all if one is not reader]
            reader.bury()
            raise
        with self._lock:
            closed = self._closed
            if not closed:
                self._idle.append(reader)
        if closed:
            reader.bury()
        return answer

    def _started(self) -> "_Reader":
        reader = _Reader(self._limits, self._idle_seconds)
        with self._lock:
            closed = self._closed
            if not closed:
                self._all.append(reader)
        if closed:
            reader.bury()
            raise ServerBusyError("The server is about to end.")
        return reader


class _Reader:
    """One process."""

    def __init__(self, limits: JobLimits, idle_seconds: float) -> None:
        context: Any = worker_context()
        control: tuple[Connection, Connection] = context.Pipe()
        self._control, theirs = control
        # Nobody ever writes: the process sees the pipe close when this one is gone.
        alive, self._alive = cast("tuple[Connection, Connection]", context.Pipe(duplex=False))
        self._process = context.Process(
            target=_serve, args=(theirs, alive, limits, idle_seconds), name="ogc-processes-reader", daemon=True
        )
        try:
            self._process.start()
        finally:
            theirs.close()
            alive.close()

    def ask(self, dataset: DatasetFile, query: ItemsQuery, seconds: float) -> "ItemsPage | BackendError":
        """What it answers.

        Raises: _GoneError, ServerBusyError where it takes longer.
        """
        try:
            self._control.send((dataset, query))
            if not self._control.poll(seconds):
                raise ServerBusyError(f"Reading {dataset.id} took longer than {seconds:g} s.")
            return self._control.recv()
        except (EOFError, OSError) as error:
            raise _GoneError from error

    def end(self) -> None:
        """Kill the process, from any thread."""
        self._process.kill()

    def bury(self) -> None:
        """Kill the process and release what it takes; nobody may ask it any more."""
        self._process.kill()
        self._process.join(_STOP_SECONDS)
        for connection in (self._control, self._alive):
            connection.close()
        with suppress(ValueError):
            self._process.close()


def _serve(control: Connection, alive: Connection, limits: JobLimits, idle_seconds: float) -> None:
    # Only the reader needs what files are read with, and the server that names this function does not.
    from backend.geo.vector.items import Items  # noqa: PLC0415
    from backend.jobs.child_process import belong_to_server  # noqa: PLC0415

    belong_to_server(alive)
    items = Items()
    with suppress(EOFError, OSError):
        while control.poll(idle_seconds):
            dataset, query = control.recv()
            control.send(_answer(items, dataset, query, limits))


def _answer(items: Any, dataset: DatasetFile, query: ItemsQuery, limits: JobLimits) -> ItemsPage | BackendError:
    from backend.jobs.rlimits import held_to  # noqa: PLC0415

    try:
        with held_to(limits, store=None):
            return items.page(dataset, query)
    except BackendError as error:
        return error
    except Exception as error:
        exceeded = breach(error, limits)
        if exceeded is not None:
            return NoItemsError(f"{dataset.id} cannot be read as a whole. {exceeded}")
        _log.exception("dataset %s could not be read", dataset.id)
        return ProcessFailedError(f"{dataset.id} could not be read ({type(error).__name__}).")
