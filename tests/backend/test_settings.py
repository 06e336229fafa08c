"""Settings of the backend."""

import os
from pathlib import Path

import pytest

from backend.settings import Settings


def test_folders_of_processes_are_a_path_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_PROCESSES", os.pathsep.join(["one", "two"]))
    assert Settings().processes == (Path("one"), Path("two"))


def test_links_begin_with_the_public_url_and_the_root_path(home: Path) -> None:
    settings = Settings(home=home, public_url="https://gis.example/", root_path="/ogc/")
    assert settings.base_url == "https://gis.example/ogc"


def test_a_log_level_may_be_written_in_capitals_as_logging_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_WORKER_LOG_LEVEL", "DEBUG")
    assert Settings().worker_log_level == "debug"
