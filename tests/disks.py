"""Disks that are slow, or full, for the files of one folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


def sync_with(monkeypatch: pytest.MonkeyPatch, folder: Path, sync: Callable[[int], object]) -> None:
    """Have `sync` called in place of `os.fsync` for what lies in a folder.

    Servers of other tests, in other threads of this process, sync their files as ever.
    """
    system = os.fsync

    def fsync(descriptor: int) -> None:
        (sync if _lies_in(folder, descriptor) else system)(descriptor)

    monkeypatch.setattr("os.fsync", fsync)


def _lies_in(folder: Path, descriptor: int) -> bool:
    synced = os.fstat(descriptor)
    for path in (folder, *folder.rglob("*")):
        try:
            if os.path.samestat(path.stat(), synced):
                return True
        except FileNotFoundError:
            continue  # temporary files go
    return False
