"""Waiting within a process."""

import time

_SLICE_SECONDS = 0.1


def pause_until(deadline: float) -> None:
    """Sleep until `time.monotonic()` is `deadline`, in slices, so that a signal handler of Python's gets its turn."""
    while (remaining := deadline - time.monotonic()) > 0:
        time.sleep(min(remaining, _SLICE_SECONDS))
