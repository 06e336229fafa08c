"""`--data`: folders of files that become datasets, from the command line to the backend's settings."""

import os
from pathlib import Path

import pytest

from backend.settings import Settings as BackendSettings
from mcp_server.cli.options import Options, split_options
from mcp_server.embedded import backend_settings
from mcp_server.errors import ConfigurationError
from mcp_server.settings import Settings


def test_the_option_may_be_repeated_and_survives_the_way_through_arguments(tmp_path: Path) -> None:
    options, rest = split_options(["--data", str(tmp_path / "a"), "call", "tool", f"--data={tmp_path / 'b'}"])
    assert options == Options(data=(tmp_path / "a", tmp_path / "b"))
    assert rest == ("call", "tool")
    assert split_options(options.arguments()) == (options, ())


def test_the_embedded_backend_gets_the_folders(tmp_path: Path) -> None:
    given = Options(data=(tmp_path,)).backend()
    assert backend_settings(Settings(home=tmp_path), **given).data == (tmp_path,)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"--data .*none: there is no such folder"):
        Options(data=(tmp_path / "none",)).backend()


def test_no_folder_of_the_users_is_read_by_default(tmp_path: Path) -> None:
    assert BackendSettings(home=tmp_path).data == ()


def test_the_environment_names_folders_like_a_search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_DATA", f"{tmp_path}{os.pathsep}{tmp_path / 'more'}")
    settings = BackendSettings(home=tmp_path)
    assert settings.data == (tmp_path, tmp_path / "more")
    assert settings.dataset_folders[:2] == settings.data
