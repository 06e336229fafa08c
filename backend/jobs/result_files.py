"""What is too large for the database: files in a folder that all servers of one store share."""

import hashlib
import os
import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from backend.errors import ResultDamagedError, ResultGoneError
from backend.jobs.room import told_when_full

_REMEMBERED = 1000


class _Bytes(NamedTuple):
    """The bytes of a file as long as nobody writes to it."""

    path: str
    inode: int
    changed: int
    size: int
    sha256: str


class JobFiles:
    """The folders `results` and `inputs`. A file appears under its name only when it is complete."""

    def __init__(self, folder: Path) -> None:
        self._results = folder / "results"
        self._inputs = folder / "inputs"
        self._whole: OrderedDict[_Bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def write_result(self, job_id: str, attempt: int, position: int, data: bytes, *, durable: bool) -> str:
        """Write one result and return its name, relative to the results folder.

        No two files ever have the same name: who finds that it may not end the job discards its own alone.

        Raises:
            StoreFullError: the disk has no room for it.
        """
        name = f"{job_id}/{attempt}.{position}.{secrets.token_hex(4)}"
        with told_when_full("the results of the job"):
            _write(self._results / name, data, durable=durable)
        return name

    def result(self, name: str) -> Path:
        """Where the result of that name stands."""
        return self._results / name

    def verify(self, path: Path, size: int, sha256: str) -> None:
        """Make sure that the file has the bytes that were written; one that has not changed since is not read again.

        Raises:
            ResultGoneError: there is no such file.
            ResultDamagedError: its bytes are others.
        """
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                key = _Bytes(str(path), status.st_ino, status.st_mtime_ns, status.st_size, sha256)
                with self._lock:
                    if key in self._whole:
                        return
                whole = status.st_size == size and hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError as error:
            raise ResultGoneError("The file of the result is no longer there.") from error
        if not whole:
            raise ResultDamagedError("The stored result is damaged: its bytes are not those that the process gave.")
        with self._lock:
            self._whole[key] = None
            while len(self._whole) > _REMEMBERED:
                self._whole.popitem(last=False)

    def discard_results(self, names: Iterable[str]) -> None:
        """Remove results that no row tells of."""
        for name in names:
            with suppress(OSError):
                self.result(name).unlink()

    def delete_results(self, job_id: str) -> bool:
        """Remove all results of a job; tells whether none is left: some systems keep a file that is being read."""
        folder = self._results / job_id
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    def write_inputs(self, job_id: str, data: bytes, *, durable: bool) -> None:
        """Write the inputs of a job that waits for a worker.

        Raises:
            StoreFullError: the disk has no room for them.
        """
        with told_when_full("the inputs of the job"):
            _write(self._inputs / f"{job_id}.json", data, durable=durable)

    def read_inputs(self, job_id: str) -> bytes:
        """Read what `write_inputs` wrote."""
        return (self._inputs / f"{job_id}.json").read_bytes()

    def delete_inputs(self, job_id: str) -> None:
        """Remove the inputs of a job that will not run again."""
        with suppress(OSError):
            (self._inputs / f"{job_id}.json").unlink()


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)
        _sync_folder(path.parent.parent)


def _sync_folder(folder: Path) -> None:
    """Make the file's name as durable as its bytes, where the system lets a folder be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
