"""Folders for the temporary files of jobs: one for each worker process, empty between two jobs, gone with the worker.

One for each job would be simpler. On many file systems to make and remove a folder takes longer than a short job.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from backend.jobs.liveness import ProcessIdentity, host

_FOLDER = "scratch"
_FOREIGN_SECONDS = 7 * 86400
"""Whether a worker of another machine lives cannot be seen; a container that is made anew is another machine."""


class WorkerScratch:
    """The folder of the calling process."""

    def __init__(self, home: Path) -> None:
        me = ProcessIdentity.current()
        self._folder = home / _FOLDER / f"{_host_name()}.{me.pid}.{me.started!r}"
        self._is_empty = True

    @contextmanager
    def folder(self) -> Generator[Path]:
        """An empty folder; emptied again at the end."""
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
        try:
            yield self._folder if self._is_empty else Path(tempfile.mkdtemp(dir=self._folder))
        finally:
            self._is_empty = _emptied(self._folder)


def sweep_scratch(home: Path) -> None:
    """Remove the folders of worker processes that have ended; of another machine's, those that are old."""
    with suppress(OSError), os.scandir(home / _FOLDER) as entries:
        for entry in entries:
            if _is_left_behind(entry):
                shutil.rmtree(entry.path, ignore_errors=True)


def _is_left_behind(entry: os.DirEntry[str]) -> bool:
    try:
        machine, pid, started = entry.name.split(".", 2)
        if machine == _host_name():
            return not ProcessIdentity(int(pid), float(started)).alive()
        return time.time() - entry.stat().st_mtime > _FOREIGN_SECONDS
    except (OSError, ValueError):
        return False  # it is none of ours


def _host_name() -> str:
    return hashlib.sha256(host().encode()).hexdigest()[:8]


def _emptied(folder: Path) -> bool:
    """Remove what is in a folder; tells whether all is gone: Windows keeps what is still open."""
    gone = True
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    Path(entry).unlink(missing_ok=True)
            gone = gone and not os.path.lexists(entry.path)
    return gone
