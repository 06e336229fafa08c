"""Which process is meant, and whether it still lives."""

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_START_TOLERANCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process of this machine. The start time tells it from a later one that was given the same pid."""

    pid: int
    started: float
    """Seconds since the epoch."""

    @classmethod
    def current(cls) -> "ProcessIdentity":
        """The calling process."""
        return cls(os.getpid(), psutil.Process().create_time())

    def alive(self) -> bool:
        """Whether the process still runs; one that waits to be reaped does not."""
        return self._find() is not None

    def kill(self, *, wait_seconds: float) -> bool:
        """End the process at once; tells whether it is gone after at most `wait_seconds`."""
        process = self._find()
        if process is None:
            return True
        with suppress(psutil.Error):
            process.kill()
        with suppress(psutil.Error):
            process.wait(wait_seconds)
        return not self.alive()

    def _find(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= _START_TOLERANCE_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            # Somebody else's process has our pid by now.
            return None


def host() -> str:
    """Names the space in which pids mean the same processes: the machine and, in a container, its pid namespace."""
    with suppress(OSError):
        return f"{platform.node()} {Path('/proc/self/ns/pid').readlink()}"
    return platform.node()
