"""Which process is meant, and whether it still lives."""

import os
import platform
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_START_TOLERANCE = 0.5


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process of this machine. The start time tells it from a later one that was given the same pid."""

    pid: int
    started: float
    """On Linux clock ticks since the machine was booted; elsewhere seconds since the epoch."""

    @classmethod
    def current(cls) -> "ProcessIdentity":
        """The calling process."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> "ProcessIdentity":
        """The process that has that pid now.

        Raises:
            psutil.NoSuchProcess: none has.
        """
        return cls(pid, _started(pid))

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
            same = abs(_started(self.pid) - self.started) <= _START_TOLERANCE
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            # Somebody else's process has our pid by now.
            return None


def host() -> str:
    """Names the space in which identities mean the same processes: machine, boot and, in a container, pid namespace."""
    parts = [platform.node()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(parts)


def _started(pid: int) -> float:
    if sys.platform != "linux":
        return psutil.Process(pid).create_time()
    # psutil adds the time of the boot, which is another one whenever the clock is set.
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(pid) from None
    # The second field is the program's name in parentheses, whatever is in it; the start is the 22nd.
    return float(status.rpartition(b")")[2].split()[19])
