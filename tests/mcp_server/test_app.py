"""The composition root: what tools kept by an earlier start depend on, and the backend alone."""

import os
from pathlib import Path

import pytest

from backend.settings import Settings as BackendSettings
from mcp_server.embedded import create_backend_app, processes_key
from mcp_server.errors import ConfigurationError


@pytest.fixture
def backend(home: Path, tmp_path: Path) -> BackendSettings:
    folder = tmp_path / "processes" / "package"
    folder.mkdir(parents=True)
    (folder / "mine.py").write_text("VALUE = 1\n", encoding="utf-8")
    config = tmp_path / "own.yml"
    config.write_text("resources: {}\n", encoding="utf-8")
    return BackendSettings(home=home, config=config, processes=(tmp_path / "processes",))


def test_kept_tools_are_good_while_nothing_changes(backend: BackendSettings) -> None:
    assert processes_key(backend) == processes_key(backend)
    assert processes_key(backend) != processes_key(backend.model_copy(update={"processes": ()}))


def test_kept_tools_depend_on_the_code_of_own_processes(backend: BackendSettings) -> None:
    before = processes_key(backend)
    file = backend.processes[0] / "package" / "mine.py"
    found = file.stat()
    file.write_text("VALUE = 10\n", encoding="utf-8")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    longer = processes_key(backend)
    file.write_text("VALUE = 20\n", encoding="utf-8")
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000_000))
    assert len({before, longer, processes_key(backend)}) == 3


def test_kept_tools_depend_on_the_configuration(backend: BackendSettings) -> None:
    before = processes_key(backend)
    assert backend.config is not None
    backend.config.write_text("resources: {} # more\n", encoding="utf-8")
    assert processes_key(backend) != before


def test_a_backend_that_cannot_start_says_why_as_every_error_of_the_bridge(home: Path, tmp_path: Path) -> None:
    config = tmp_path / "own.yml"
    config.write_text("resources: 5\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="`resources` must be a mapping"):
        create_backend_app(reached_at="http://localhost:1", home=home, config=config)


def test_the_backend_is_known_by_its_setting_or_by_where_it_listens(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert create_backend_app(reached_at="http://localhost:1", home=home)[1] == "http://localhost:1"
    assert create_backend_app(reached_at="http://localhost:1", home=home, public_url="http://p", root_path="/a")[1] == (
        "http://p/a"
    )
    monkeypatch.setenv("OGC_PROCESSES_PUBLIC_URL", "http://public.test/")
    assert create_backend_app(reached_at="http://localhost:1", home=home)[1] == "http://public.test"
