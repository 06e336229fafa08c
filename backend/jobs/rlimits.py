"""How the operating system holds a worker process to the limits of its job. A resource guard, not a sandbox."""

import math
import os
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from backend.jobs.limits import JobLimits

try:
    import resource
except ImportError:  # Windows has none
    resource = None

_STORE_MARGIN = 64 * 2**20
"""The store's own files grow while a job runs."""

_LINE = 256
"""Bytes that hold a line of seven numbers."""

_MOST = 2**63 - 1
"""The largest limit that the system can be told: what is beyond it is none."""


@contextmanager
def held_to(limits: JobLimits, *, store: Path | None) -> Generator[None]:
    """Let the operating system hold this process to the limits while it runs a job.

    `store`: the largest file of the job store, to which this process may write meanwhile; None where it does not.
    """
    if resource is None:
        yield
        return
    before: dict[int, tuple[int, int]] = {}
    try:
        for kind, most in _soft(limits, store):
            if most > _MOST:
                continue
            before[kind] = soft, hard = resource.getrlimit(kind)
            bounds = [one for one in (most, soft, hard) if one != resource.RLIM_INFINITY]
            resource.setrlimit(kind, (min(bounds), hard))
        yield
    finally:
        for kind, bounds in before.items():
            resource.setrlimit(kind, bounds)


def _soft(limits: JobLimits, store: Path | None) -> Iterator[tuple[int, int]]:
    """The limits as the system counts: of a process since its start, not of a job."""
    if resource is None:
        return
    if limits.cpu_seconds is not None:
        yield resource.RLIMIT_CPU, math.ceil(time.process_time() + limits.cpu_seconds)
    if limits.memory_bytes is not None and sys.platform == "linux":
        yield resource.RLIMIT_AS, _address_space() + limits.memory_bytes
    if limits.file_bytes is not None:
        # A job's progress goes into the store's files, whatever size they are.
        yield resource.RLIMIT_FSIZE, max(limits.file_bytes, 0 if store is None else _room_for(store))


def _room_for(store: Path) -> int:
    """The size that the store's files may grow to; 0 where there are none."""
    try:
        return store.stat().st_size + _STORE_MARGIN
    except OSError:
        return 0


def _address_space() -> int:
    """Bytes of memory that this process has mapped. Asked before every job, so without objects for it."""
    counts = os.open("/proc/self/statm", os.O_RDONLY)
    try:
        pages = int(os.read(counts, _LINE).split(None, 1)[0])
    finally:
        os.close(counts)
    return pages * resource.getpagesize() if resource is not None else 0


def prevent_core_dumps() -> None:
    """Write no core file when native code crashes: it may be as large as all memory."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def peak_memory() -> int:
    """The most memory, in bytes, that this process ever had resident; 0 where the system does not tell."""
    if resource is None:
        return int(getattr(psutil.Process().memory_info(), "peak_wset", 0))  # Windows' own count
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
