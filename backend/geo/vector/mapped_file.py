"""A file that was made, held without its bytes: these are read when they are asked for, and forgotten afterwards."""

import mmap
from collections.abc import Iterator
from pathlib import Path

_PART = 1 << 20
"""Bytes that are read at a time."""
_FORGET = getattr(mmap, "MADV_DONTNEED", None)
"""None where a file that is mapped could not be removed: on Windows."""


class MappedFile:
    """The content of a file, whatever becomes of its name."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._content = file.read() if _FORGET is None else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(self._content)

    def file_parts(self) -> Iterator[bytes]:
        """All of it, part by part. What was read stays no part of this process's memory."""
        for start in range(0, len(self._content), _PART):
            yield self._content[start : start + _PART]
            if _FORGET is not None and isinstance(self._content, mmap.mmap):
                self._content.madvise(_FORGET, start, min(_PART, len(self._content) - start))
