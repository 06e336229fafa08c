"""The folder of a worker for temporary files: empty for every job, and gone after the worker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.jobs.scratch import WorkerScratch, sweep_scratch

CLAIM = """
import sys
from pathlib import Path
from backend.jobs.scratch import WorkerScratch
with WorkerScratch(Path(sys.argv[1])).folder() as folder:
    (folder / "left").write_text("x")
    print(folder, flush=True)
    sys.stdin.readline()
    import os
    os._exit(1)
"""


def test_a_job_finds_nothing_of_the_one_before(tmp_path: Path) -> None:
    scratch = WorkerScratch(tmp_path)
    with scratch.folder() as first:
        (first / "file").write_text("x")
        (first / "folder" / "deep").mkdir(parents=True)
        (first / "link").symlink_to(tmp_path)
    with scratch.folder() as second:
        assert second == first
        assert list(second.iterdir()) == []
    assert tmp_path.is_dir()


def test_what_cannot_be_removed_keeps_nothing_else_and_is_not_found_by_the_next_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    removed = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        """As on Windows, where a file that is open stays."""
        if path.name == "open":
            raise PermissionError(13, "it is being used by another process")
        removed(path, missing_ok)

    scratch = WorkerScratch(tmp_path)
    monkeypatch.setattr(Path, "unlink", unlink)
    with scratch.folder() as first:
        for name in ("a", "open", "z"):
            (first / name).write_text("x")
    assert [file.name for file in first.iterdir()] == ["open"]
    with scratch.folder() as second:
        assert list(second.iterdir()) == []
    monkeypatch.undo()
    with scratch.folder():
        pass
    with scratch.folder() as fourth:
        assert list(fourth.iterdir()) == []


def test_a_folder_that_somebody_removed_is_there_for_the_next_job(tmp_path: Path) -> None:
    scratch = WorkerScratch(tmp_path)
    with scratch.folder() as folder:
        folder.rmdir()
    with scratch.folder() as folder:
        assert folder.is_dir()


def test_only_the_folders_of_dead_workers_are_swept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLAIM, str(tmp_path)]
    with (
        WorkerScratch(tmp_path).folder() as mine,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
    ):
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        sweep_scratch(tmp_path)
        assert (mine.is_dir(), (theirs / "left").exists()) == (True, True)
        other.communicate("end\n", timeout=60)
        sweep_scratch(tmp_path)
        assert (mine.is_dir(), theirs.exists()) == (True, False)


def test_folders_of_another_machine_are_swept_when_they_are_old(tmp_path: Path) -> None:
    recent, old = (tmp_path / "scratch" / f"0123abcd.419430{n}.1.0" for n in (1, 2))
    for folder in (recent, old):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    sweep_scratch(tmp_path)
    assert (recent.is_dir(), old.exists()) == (True, False)


def test_what_is_no_folder_of_a_worker_stays(tmp_path: Path) -> None:
    with WorkerScratch(tmp_path).folder() as mine:
        strange = mine.with_name(mine.name.split(".")[0] + ".tmp")
        strange.mkdir()
        sweep_scratch(tmp_path)
        assert strange.is_dir()
