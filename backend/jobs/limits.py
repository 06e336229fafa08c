"""What a job may use at most, and how it is told that it used more. Pure."""

import errno
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from backend.errors import LimitExceededError

_NATIVE_SIGNS = ("bad_alloc", "bad allocation", "out of memory")
"""How native libraries word what Python calls a MemoryError."""


@dataclass(frozen=True, slots=True)
class JobLimits:
    """The most that one job may use; None is no limit. Windows knows `seconds` and `output_bytes` alone."""

    seconds: float | None = None
    """From its start to its end."""
    cpu_seconds: int | None = None
    """Of the processor, in the worker process itself."""
    memory_bytes: int | None = None
    """Address space beyond what its worker had; each process that it starts has as much. Not on macOS."""
    file_bytes: int | None = None
    """Of any one file that it writes."""
    output_bytes: int | None = None
    """Of all its results."""


_NAMES = tuple(one.name for one in fields(JobLimits))


def read_limits(members: Mapping[str, Any]) -> JobLimits:
    """The limits that a mapping from their names to numbers, or None, says.

    Raises:
        ValueError: it has another name, or another value.
    """
    for name, value in members.items():
        if name not in _NAMES:
            raise ValueError(f"there is no limit `{name}`; there are {', '.join(_NAMES)}")
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
        if value is not None and not number:
            raise ValueError(f"the limit `{name}` must be a number greater than 0")
        if isinstance(value, float) and name != "seconds":
            raise ValueError(f"the limit `{name}` must be a whole number")
    return JobLimits(**members)


def breach(error: BaseException, limits: JobLimits) -> str | None:
    """The sentence that tells which limit made a process fail, if one did."""
    cause: BaseException | None = error
    while cause is not None:
        if limits.memory_bytes is not None and _lacks_memory(cause):
            return f"The job needed more than the {size(limits.memory_bytes)} of memory that it may have."
        if limits.file_bytes is not None and isinstance(cause, OSError) and cause.errno == errno.EFBIG:
            return f"The job wrote a file of more than the {size(limits.file_bytes)} that it may have."
        cause = cause.__cause__ or cause.__context__
    return None


def _lacks_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in _NATIVE_SIGNS)


class OutputRoom:
    """How large the results of one job have become; they are counted as they are made."""

    def __init__(self, limits: JobLimits) -> None:
        self._most = limits.output_bytes
        self._used = 0

    def counted(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The same parts.

        Raises:
            LimitExceededError: with this part all results together are too large.
        """
        for part in parts:
            self._used += len(part)
            if self._most is not None and self._used > self._most:
                raise LimitExceededError(
                    f"The results of the job have more than the {size(self._most)} that they may have."
                )
            yield part


def size(count: int) -> str:
    """A number of bytes for people: `3.5 MiB`."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.4g} {unit}"
        amount /= 1024
    return f"{amount:.4g} TiB"
