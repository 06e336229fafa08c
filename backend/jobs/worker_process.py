"""A worker process as its server sees it: a pipe for jobs, one for what it writes, and its death."""

import os
import pickle
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import psutil

from backend.jobs import captured
from backend.jobs.executor import Assignment
from backend.jobs.library_threads import one_thread_each
from backend.jobs.liveness import ProcessIdentity, kill_group
from backend.jobs.worker_config import Report, WorkerConfig

_READ_BYTES = 2**16
_REAP_SECONDS = 1.0


class WorkerProcess:
    """One process with pipes of its own: whatever happens to it, at whatever moment, no other worker is the worse.

    `job_id`, `ready` and `idle_since` are its executor's, whose lock guards them.
    """

    def __init__(self, context: Any, config: WorkerConfig, alive: Connection) -> None:
        """Start the process. Blocks until there is one, and for the first one until the fork server is ready.

        Raises:
            OSError: the system has no means for another process.
        """
        control: tuple[Connection, Connection] = context.Pipe()
        self.control, theirs = control
        output: tuple[Connection, Connection] | None = context.Pipe(duplex=False) if captured.is_supported() else None
        self.output: Connection | None = output and output[0]
        self._process = context.Process(
            target=_serve, args=(config, theirs, output and output[1], alive), name="ogc-processes-worker"
        )
        try:
            self._process.start()
        except BaseException:
            self.close()
            raise
        finally:
            theirs.close()
            if output is not None:
                output[1].close()
        if self.output is not None:
            os.set_blocking(self.output.fileno(), False)
        self.pid: int = self._process.pid
        self._identity = self._identify()
        self.job_id: str | None = None
        self.ready = False
        self.idle_since = 0.0
        self.doomed = False
        """It gets no more jobs: it was told to end, or is ending."""
        self.deaf = False
        """Nothing more will be heard of it but its death."""
        self.quiet = self.output is None
        """Nothing more will be written by it."""

    def _identify(self) -> ProcessIdentity | None:
        try:
            return ProcessIdentity.of(self.pid)
        except psutil.NoSuchProcess:
            return None

    @property
    def sentinel(self) -> int:
        """What becomes readable when the process has ended."""
        return self._process.sentinel

    def assign(self, assignment: Assignment) -> bool:
        """Hand over a job; False where the process has just died."""
        try:
            self.control.send_bytes(pickle.dumps(assignment))
        except OSError:
            return False
        return True

    def report(self) -> Report | None:
        """What it reports next; None when it will not report any more."""
        try:
            return pickle.loads(self.control.recv_bytes())  # noqa: S301 - of our own worker
        except Exception:
            # Its last word may have been cut short.
            self.deaf = self.doomed = True
            return None

    def reports(self) -> bool:
        """Whether it has something to report."""
        try:
            return self.control.poll()
        except OSError:
            return False

    def written(self) -> bytes:
        """What it has written to its standard streams since the last call; empty for nothing or no more."""
        if self.output is None or self.quiet:
            return b""
        try:
            data = os.read(self.output.fileno(), _READ_BYTES)
        except OSError:
            return b""  # there is nothing just now
        self.quiet = not data
        return data

    def kill(self) -> None:
        """End it and all that it started. Its sentinel tells when it is gone."""
        self.doomed = True
        if self._identity is not None:
            self._identity.kill(wait_seconds=0)
        self._process.kill()

    def bury(self) -> int:
        """Confirm the death that the sentinel tells of, end what it left behind, and give its exit code."""
        # The sentinel is the fork server's word, and closes too when that server itself was killed.
        if self._identity is not None:
            self._identity.kill(wait_seconds=_REAP_SECONDS)
        kill_group(self.pid)
        self._process.join(_REAP_SECONDS)
        code: int | None = self._process.exitcode
        return -1 if code is None else code

    def close(self) -> None:
        """Close the pipes."""
        for connection in (self.control, self.output):
            if connection is not None:
                with suppress(OSError):
                    connection.close()
        with suppress(ValueError):
            self._process.close()


def _serve(*arguments: Any) -> None:
    one_thread_each()
    # Only the worker needs what jobs work with, and the server that names this function does not.
    from backend.jobs.worker import serve  # noqa: PLC0415

    serve(*arguments)


def exit_text(code: int) -> str:
    """An exit code for people: the signal's name where one ended the process."""
    if code >= 2**31:
        return f"exit code 0x{code:X}"  # as Windows' documentation writes its own: 0xC0000005
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
