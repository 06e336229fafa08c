"""Which process is meant, and whether it still lives."""

import os
import platform
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_START_TOLERANCE = 0.5
_LOOK_SECONDS = 0.005


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
        return self.find() is not None

    def kill(self, *, wait_seconds: float) -> bool:
        """End the process and all that it started; tells whether they are gone after at most `wait_seconds`."""
        process = self.find()
        if process is None:
            return True
        # Asked before its death: afterwards nobody knows whose children they were.
        family = [self]
        with suppress(psutil.Error):
            family += [ProcessIdentity.of(child.pid) for child in process.children(recursive=True)]
        kill_group(self.pid)
        for member in family:
            _end(member)
        deadline = time.monotonic() + wait_seconds
        while alive := any(member.alive() for member in family):
            if time.monotonic() >= deadline:
                break
            time.sleep(_LOOK_SECONDS)
        return not alive

    def find(self) -> psutil.Process | None:
        """The process, unless it has ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(_started(self.pid) - self.started) <= _START_TOLERANCE
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None
        except psutil.AccessDenied:
            # Somebody else's process has our pid by now.
            return None


def end_children() -> None:
    """End every process that the calling one, or one of those, has started."""
    with suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                child.kill()


def _end(identity: ProcessIdentity) -> None:
    process = identity.find()
    if process is not None:
        with suppress(psutil.Error):
            process.kill()


def has_children() -> bool:
    """Whether a process that the calling one started has not ended, or was not waited for; False on Windows."""
    if sys.platform == "win32" or not hasattr(os, "waitid"):
        return False
    # One question that changes nothing: the lists in /proc, which say the same, take as long as a write to the store.
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def lead_group() -> None:
    """Make the calling process the leader of a group, and of a session: what it starts belongs to it."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.setsid()


def kill_group(leader: int) -> None:
    """End every process of the group that this pid leads or, having ended just now, led."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.killpg(leader, signal.SIGKILL)


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
