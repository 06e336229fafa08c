"""The folder in which results are saved as files: each whole or not there, and none in place of another."""

import errno
import hashlib
import os
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from mcp_server.errors import (
    ArgumentProblem,
    BridgeError,
    ConfigurationError,
    InvalidArgumentsError,
    InvalidServerReplyError,
)
from mcp_server.ogc.models import Download
from mcp_server.results.file_names import file_name, name_fault, numbered, suffix_fault

type Told = Callable[[int, int | None], Awaitable[None]]
"""Told of bytes that were written, and of how many there are where that is known."""

_MOST_NUMBERS: Final = 1000


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A result as a file."""

    path: Path
    """Absolute."""
    size: int
    """Bytes."""
    sha256: str
    """Hex digest of the bytes."""


@dataclass(frozen=True, slots=True)
class ResultFolder:
    """A person's folder for results."""

    path: Path
    """Absolute."""

    def check(self, name: str) -> None:
        """See whether a file may have this name, as far as that can be told without its kind.

        Raises: InvalidArgumentsError.
        """
        fault = name_fault(name)
        if fault is not None:
            raise _refused(f"{name[:80]!r} {fault}", None)

    async def save(self, download: Download, name: str, told: Told) -> SavedFile:
        """Write a value into a new file of this folder, with the suffix of its media type where the name has none.

        Raises: InvalidArgumentsError for a name that it cannot have, InvalidServerReplyError where what came is not
        what was announced, BridgeError where it cannot be written.
        """
        self.check(name)
        fault = suffix_fault(name, download.media_type)
        if fault is not None:
            raise _refused(f"{name!r} {fault}", "a process makes another format of it (convert_features)")
        target = self.path / file_name(name, download.media_type)
        await anyio.to_thread.run_sync(self._require_free, target)
        # Its name is hidden, so that nobody takes it for a dataset.
        unfinished = self.path / f".{secrets.token_hex(8)}.part"
        try:
            size, sha256 = await self._write(download, unfinished, told)
            _verify(download, size, sha256)
            await anyio.to_thread.run_sync(self._settle, unfinished, target)
        except OSError as error:
            raise BridgeError(f"{target} could not be written: {error.strerror or error}") from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
        return SavedFile(target, size, sha256)

    async def _write(self, download: Download, path: Path, told: Told) -> tuple[int, str]:
        digest, size = hashlib.sha256(), 0
        async with await anyio.open_file(path, "xb") as file:
            async for piece in download.pieces:
                await file.write(piece)
                digest.update(piece)
                size += len(piece)
                await told(size, download.size)
            await file.flush()
            await anyio.to_thread.run_sync(os.fsync, file.wrapped.fileno())
        return size, digest.hexdigest()

    def _require_free(self, target: Path) -> None:
        if self.path.resolve() != self.path or not self.path.is_dir():
            raise ConfigurationError(f"{self.path} is no folder any more")
        if os.path.lexists(target):
            raise self._taken(target)

    def _settle(self, unfinished: Path, target: Path) -> None:
        """Give the file its name, if nobody else has taken it meanwhile."""
        try:
            os.link(unfinished, target)
        except FileExistsError:
            raise self._taken(target) from None
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL):
                raise
            self._settle_without_links(unfinished, target)

    def _settle_without_links(self, unfinished: Path, target: Path) -> None:
        """On file systems without hard links (FAT, some network drives): the name is reserved first."""
        try:
            target.open("xb").close()
        except FileExistsError:
            raise self._taken(target) from None
        unfinished.replace(target)

    def _taken(self, target: Path) -> InvalidArgumentsError:
        names = (numbered(target.name, number) for number in range(2, _MOST_NUMBERS))
        free = next((name for name in names if not os.path.lexists(self.path / name)), None)
        hint = None if free is None else f"{free!r} is free"
        return _refused(f"there is a file {target.name!r} already, which is left as it is", hint)


def _verify(download: Download, size: int, sha256: str) -> None:
    if download.size not in (None, size):
        raise InvalidServerReplyError(f"{size} of {download.size} bytes came: nothing was saved")
    if download.sha256 not in (None, sha256):
        raise InvalidServerReplyError("what came has another checksum than its server tells: nothing was saved")


def _refused(message: str, suggestion: str | None) -> InvalidArgumentsError:
    return InvalidArgumentsError([ArgumentProblem("$.name", message, suggestion)])
