"""Settings of the backend."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.settings import Settings


def test_folders_of_processes_are_a_path_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_PROCESSES", os.pathsep.join(["one", "two"]))
    assert Settings().processes == (Path("one"), Path("two"))


def test_links_begin_with_the_public_url_and_the_root_path(home: Path) -> None:
    settings = Settings(home=home, public_url="https://gis.example/", root_path="/ogc/")
    assert settings.base_url == "https://gis.example/ogc"


def test_a_root_path_begins_with_a_slash_whether_it_is_written_or_not(home: Path) -> None:
    settings = Settings(home=home, public_url="https://gis.example", root_path="ogc")
    assert settings.base_url == "https://gis.example/ogc"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("public_url", "maps.example.org", "must be an http or https URL"),
        ("public_url", "ftp://maps.example.org", "must be an http or https URL"),
        ("public_url", "https:///ogc", "must be an http or https URL"),
        ("public_url", "http://maps.example.org:99999", "must be an http or https URL"),
        ("public_url", "http://maps.example.org:port", "must be an http or https URL"),
        ("public_url", "https://maps.example.org/?map=1", "no query"),
        ("root_path", "https://maps.example.org/ogc", "the beginning of a path"),
        ("root_path", "/ogc?map=1", "the beginning of a path"),
        ("cors_origins", "viewer.example", "must be an http or https URL"),
        ("cors_origins", "https://viewer.example/app", "is no origin"),
        ("allowed_hosts", "https://maps.example.org", "is no name of a host"),
    ],
)
def test_an_address_with_which_no_link_or_no_caller_would_be_right_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(f"OGC_PROCESSES_{name.upper()}", value)
    with pytest.raises(ValidationError, match=reason):
        Settings()


def test_an_origin_may_be_written_with_the_slash_that_a_browser_shows_after_it(home: Path) -> None:
    settings = Settings.model_validate({"home": home, "cors_origins": "https://viewer.example/, *"})
    assert settings.cors_origins == ("https://viewer.example", "*")


def test_a_log_level_may_be_written_in_capitals_as_logging_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_WORKER_LOG_LEVEL", "DEBUG")
    assert Settings().worker_log_level == "debug"


def test_folders_of_a_variable_that_no_shell_has_seen_may_be_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME" if os.name == "posix" else "USERPROFILE", str(tmp_path))
    for name in ("HOME", "CONFIG", "PROCESSES", "DATA", "JOBS_FOLDER"):
        monkeypatch.setenv(f"OGC_PROCESSES_{name}", f"~/{name}")
    settings = Settings()
    assert (settings.home, settings.config, settings.jobs_folder) == (
        tmp_path / "HOME",
        tmp_path / "CONFIG",
        tmp_path / "JOBS_FOLDER",
    )
    assert (settings.processes, settings.data) == ((tmp_path / "PROCESSES",), (tmp_path / "DATA",))


ENDLESS = [name for name, field in Settings.model_fields.items() if "float" in str(field.annotation)]


@pytest.mark.parametrize("name", ENDLESS)
def test_a_time_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"OGC_PROCESSES_{name.upper()}", "inf")
    with pytest.raises(ValidationError, match="finite"):
        Settings()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(f"OGC_PROCESSES_{name.upper()}", raising=False)
    unset = getattr(Settings(), name)
    monkeypatch.setenv(f"OGC_PROCESSES_{name.upper()}", "")
    assert getattr(Settings(), name) == unset
