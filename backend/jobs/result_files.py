"""What is too large for the database: files under the home folder."""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


class JobFiles:
    """The folders `results` and `inputs`. A file appears under its name only when it is complete."""

    def __init__(self, home: Path) -> None:
        self._results = home / "results"
        self._inputs = home / "inputs"

    def write_result(self, job_id: str, attempt: int, position: int, data: bytes, *, durable: bool) -> str:
        """Write one result and return its name, relative to the results folder.

        The attempt is a part of the name: an earlier worker of the same job that is not dead yet owns other files.
        """
        name = f"{job_id}/{attempt}.{position}"
        _write(self._results / name, data, durable=durable)
        return name

    def result(self, name: str) -> Path:
        """Where the result of that name stands."""
        return self._results / name

    def discard_results(self, names: Iterable[str]) -> None:
        """Remove results that no row tells of."""
        for name in names:
            with suppress(OSError):
                self.result(name).unlink()

    def delete_results(self, job_id: str) -> None:
        """Remove all results of a job."""
        shutil.rmtree(self._results / job_id, ignore_errors=True)

    def write_inputs(self, job_id: str, data: bytes, *, durable: bool) -> None:
        """Write the inputs of a job that waits for a worker."""
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
