"""Which process of which machine owns a job of the bridge, and whether it still lives."""

import os
import platform
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_START_TOLERANCE = 0.5


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that runs a bridge. The start time tells it from a later one that was given the same pid."""

    machine: str
    boot: str
    """Changes when the machine is started anew; empty where the system does not tell."""
    space: str
    """The space in which the pid means this process, e.g. a container's; empty where there are none."""
    pid: int
    started: float
    """On Linux clock ticks since the machine was started; elsewhere seconds since the epoch."""

    @classmethod
    def current(cls) -> "Owner":
        """The calling process."""
        pid = os.getpid()
        return cls(platform.node(), _boot(), _space(), pid, _started(pid))

    def alive(self) -> bool | None:
        """Whether the process still runs; None where that cannot be told from here."""
        if self.machine != platform.node():
            return None
        if self.boot != _boot():
            return False
        if self.space != _space():
            return None
        try:
            same = abs(_started(self.pid) - self.started) <= _START_TOLERANCE
            return same and psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            # No such process, or somebody else's has the pid by now.
            return False


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return ""


def _space() -> str:
    with suppress(OSError):
        return str(Path("/proc/self/ns/pid").readlink())
    return ""


def _started(pid: int) -> float:
    if sys.platform != "linux":
        return psutil.Process(pid).create_time()
    # psutil adds the time of the start of the machine, which is another one whenever the clock is set.
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        raise psutil.NoSuchProcess(pid) from None
    # The second field is the program's name in parentheses, whatever is in it; the start is the 22nd.
    return float(status.rpartition(b")")[2].split()[19])
