"""What is too large for the database: files in a folder that all servers of one store share."""

import hashlib
import os
import secrets
import shutil
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from backend.errors import BackendError, ResultDamagedError, ResultGoneError
from backend.jobs.records import StartedJob, WrittenFile
from backend.jobs.room import told_when_full

_REMEMBERED = 1000

_LOOKED_AT_SECONDS = 5.0
_LOOKED_AT_PAUSE_SECONDS = 0.02


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

    def require_folders(self) -> None:
        """Make sure that there is a place for files.

        Raises:
            BackendError: there is none, and none can be made.
        """
        for folder in (self._results, self._inputs):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BackendError(f"The folder {folder} of large values cannot be made: {error.strerror}.") from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise BackendError(f"The folder {folder} of large values cannot be written to.")

    def write_result(self, job: StartedJob, position: int, parts: Iterable[bytes]) -> WrittenFile:
        """Write one result, part by part as they are made.

        No two files ever have the same name: who finds that it may not end the job discards its own alone.

        Raises:
            StoreFullError: the disk has no room for it.
            Exception: whatever the making of the parts raises; nothing is left of the file.
        """
        name = f"{job.id}/{job.attempt}.{position}.{secrets.token_hex(4)}"
        path = self._results / name
        digest, size = hashlib.sha256(), 0
        with told_when_full("the results of the job"), _complete_file(path, durable=job.durable) as file:
            for part in parts:
                file.write(part)
                digest.update(part)
                size += len(part)
        return WrittenFile(name, size, digest.hexdigest())

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
        path = self._inputs / f"{job_id}.json"
        with told_when_full("the inputs of the job"), _complete_file(path, durable=durable) as file:
            file.write(data)

    def read_inputs(self, job_id: str) -> bytes:
        """Read what `write_inputs` wrote."""
        return (self._inputs / f"{job_id}.json").read_bytes()

    def delete_inputs(self, job_id: str) -> None:
        """Remove the inputs of a job that will not run again."""
        with suppress(OSError):
            (self._inputs / f"{job_id}.json").unlink()


@contextmanager
def _complete_file(path: Path, *, durable: bool) -> Generator[BinaryIO]:
    """A new file to write to, which has its name once all is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        _give_name(unfinished, path)
    except BaseException:
        with suppress(PermissionError):
            unfinished.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)
        _sync_folder(path.parent.parent)


def _give_name(unfinished: Path, path: Path) -> None:
    """Move a new file to its name: on Windows once those who look at every new file, a virus scanner say, let it go."""
    deadline = time.monotonic() + _LOOKED_AT_SECONDS
    while True:
        try:
            unfinished.replace(path)
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > deadline:
                raise
            time.sleep(_LOOKED_AT_PAUSE_SECONDS)
        else:
            return


def _sync_folder(folder: Path) -> None:
    """Make the file's name as durable as its bytes, where the system lets a folder be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
