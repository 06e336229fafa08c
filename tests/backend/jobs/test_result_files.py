"""Files of results where others look at every file that is made."""

import sys
from pathlib import Path

import pytest

from backend.jobs.result_files import JobFiles


def held(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have somebody else hold a new file for as many tries to move it, as a virus scanner does."""
    move = Path.replace
    left = [times]

    def replace(path: Path, target: Path) -> Path:
        if left[0]:
            left[0] -= 1
            raise PermissionError(13, "it is being used by another process")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_on_windows_a_new_file_that_others_still_look_at_has_its_name_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    held(monkeypatch, 2)
    files = JobFiles(tmp_path)
    files.write_inputs("a-job", b"{}", durable=True)
    assert files.read_inputs("a-job") == b"{}"
    assert [file.name for file in (tmp_path / "inputs").iterdir()] == ["a-job.json"]


def test_elsewhere_a_file_that_may_not_be_moved_is_told_at_once_and_nothing_is_left_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    held(monkeypatch, 1)
    with pytest.raises(PermissionError):
        JobFiles(tmp_path).write_inputs("a-job", b"{}", durable=False)
    assert list((tmp_path / "inputs").iterdir()) == []
