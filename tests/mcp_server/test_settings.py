"""Settings of the bridge, from all their sources."""

import os
import sys
from pathlib import Path

import pytest

from backend.settings import Settings as BackendSettings
from mcp_server.errors import ConfigurationError
from mcp_server.settings import Settings

SECRET = "s3cret-t0ken"  # noqa: S105 - to be found nowhere


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The home by default: no file of the user's own has a say."""
    monkeypatch.setenv("OGC_PROCESSES_HOME", str(tmp_path))
    return tmp_path


def test_both_halves_keep_their_state_outside_of_appdata_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OGC_PROCESSES_HOME")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert {Settings().home, BackendSettings().home} == {tmp_path / ".ogc-processes-mcp"}


def test_a_home_of_a_variable_that_no_shell_has_seen_may_be_below_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME" if os.name == "posix" else "USERPROFILE", str(tmp_path))
    monkeypatch.setenv("OGC_PROCESSES_HOME", "~/state")
    (tmp_path / "state").mkdir()
    write(tmp_path / "state", "wait_seconds = 7")
    settings = Settings()
    assert (settings.home, settings.wait_seconds) == (tmp_path / "state", 7)


def write(folder: Path, text: str, name: str = "settings.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def urls(settings: Settings) -> dict[str, str]:
    return {name: server.url for name, server in settings.servers.items()}


def refused(**given: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Settings(**given)
    message = str(caught.value)
    assert SECRET not in message
    assert "\n" not in message
    return message


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("OGC_PROCESSES_SERVERS", "one=http://one.example/ two=https://two.example/ogc")
    monkeypatch.setenv("OGC_PROCESSES_WAIT_SECONDS", "2.5")
    monkeypatch.setenv("OGC_PROCESSES_PINNED", "buffer, city_clip")
    settings = Settings()
    assert settings.home == home
    assert urls(settings) == {"one": "http://one.example", "two": "https://two.example/ogc"}
    assert settings.wait_seconds == 2.5
    assert settings.pinned == ("buffer", "city_clip")
    assert settings.settings is None


def test_tool_sets_in_the_environment_are_a_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_TOOLSET_MEMBERS", '{"hydrology": ["city/flood-*", "catchment-*"]}')
    assert Settings().toolset_members == {"hydrology": ("city/flood-*", "catchment-*")}
    monkeypatch.setenv("OGC_PROCESSES_TOOLSET_MEMBERS", "hydrology=flood-*")
    told = 'toolset_members (OGC_PROCESSES_TOOLSET_MEMBERS): write a JSON object, {"NAME": ["PATTERN"]}'
    assert refused() == told


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVERS", "WAIT_SECONDS", "SETTINGS"):
        monkeypatch.setenv(f"OGC_PROCESSES_{name}", "")
    settings = Settings()
    assert (settings.servers, settings.wait_seconds, settings.settings) == ({}, 45, None)


@pytest.mark.parametrize(
    ("servers", "message"),
    [
        ("local=http://a.example", "'local' and 'bridge' are taken"),
        ("Upper=http://a.example", "1 to 20 of a-z"),
        ("a=ftp://a.example", "servers.a.url (OGC_PROCESSES_SERVERS): not an http or https URL"),
        ("a", "'a': write NAME=URL"),
        (f"https://user:{SECRET}@a.example", "servers (OGC_PROCESSES_SERVERS): write NAME=URL"),
        (f"a=ftp://user:{SECRET}@a.example", "not an http or https URL"),
        ("a=http://a b=http://b a=http://c", "server 'a' is given twice"),
    ],
)
def test_a_server_that_cannot_be_used_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, servers: str, message: str
) -> None:
    monkeypatch.setenv("OGC_PROCESSES_SERVERS", servers)
    assert message in refused()


FILE = f"""
wait_seconds = 20
max_tools = 10
pinned = ["buffer"]

[servers]
plain = "https://plain.example/ogc/"

[servers.city]
url = "https://city.example/ogc"
bearer = "{SECRET}"
ca_file = "city.pem"
include = ["flood-*"]
wait_seconds = 5
"""


def test_a_file_in_the_home_is_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_server.settings._certificate_fault", lambda _: None)
    path = write(home, FILE)
    settings = Settings()
    assert (settings.wait_seconds, settings.max_tools, settings.pinned) == (20, 10, ("buffer",))
    assert urls(settings) == {"plain": "https://plain.example/ogc", "city": "https://city.example/ogc"}
    city = settings.servers["city"]
    assert (city.include, city.wait_seconds, city.ca_file) == (("flood-*",), 5, home / "city.pem")
    assert city.request_headers() == {"Authorization": f"Bearer {SECRET}"}
    assert settings.settings == path
    assert SECRET not in repr(settings)


def test_a_file_that_is_named_goes_before_that_of_the_home(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "wait_seconds = 1")
    named = write(tmp_path, "\ufeffwait_seconds = 2\nhome = 'elsewhere'", "named.toml")
    monkeypatch.setenv("OGC_PROCESSES_SETTINGS", str(named))
    assert Settings().wait_seconds == 2
    monkeypatch.delenv("OGC_PROCESSES_HOME")
    assert Settings().home == tmp_path / "elsewhere"
    assert Settings(settings=write(tmp_path, "wait_seconds = 3", "other.toml")).wait_seconds == 3


def test_what_is_given_goes_before_the_environment_and_that_before_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "wait_seconds = 1\nrefresh_seconds = 1\nread_seconds = 1\n[servers]\nfile = 'http://file.example'")
    monkeypatch.setenv("OGC_PROCESSES_REFRESH_SECONDS", "2")
    monkeypatch.setenv("OGC_PROCESSES_READ_SECONDS", "2")
    settings = Settings(read_seconds=3)
    assert (settings.wait_seconds, settings.refresh_seconds, settings.read_seconds) == (1, 2, 3)
    assert urls(settings) == {"file": "http://file.example"}
    monkeypatch.setenv("OGC_PROCESSES_SERVERS", "variable=http://variable.example")
    assert list(Settings().servers) == ["variable"]
    assert list(Settings(servers=["given=http://given.example"]).servers) == ["given"]
    assert Settings(servers={}).servers == {}


def test_a_server_that_is_named_by_its_url_takes_the_rest_from_the_file(home: Path) -> None:
    write(home, f"[servers.city]\nurl = 'https://city.example/ogc'\nbearer = '{SECRET}'\nwait_seconds = 5")
    settings = Settings(servers=["city=https://city.example/ogc/"])
    city = settings.servers["city"]
    assert (city.credentials, city.wait_seconds, settings.notes) == (("bearer",), 5, ())


def test_credentials_that_were_meant_for_one_url_are_not_taken_for_another(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(home, f"[servers.city]\nurl = 'https://city.example/ogc'\nbearer = '{SECRET}'\nwait_seconds = 5")
    for servers in (["city=https://evil.example"], {"city": {"url": "https://city.example"}}):
        settings = Settings(servers=servers)
        assert (settings.servers["city"].credentials, settings.servers["city"].wait_seconds) == ((), None)
        assert settings.notes == (f"{path}: servers.city is not used: another URL of that name goes before it",)
    assert Settings().notes == ()
    monkeypatch.setenv("OGC_PROCESSES_SERVER_CITY_URL", "https://evil.example")
    assert Settings().servers["city"].credentials == ()


def test_the_environment_fills_in_single_settings_of_servers_from_any_source(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(home, "[servers.big-city]\nurl = 'https://city.example/ogc'\nwait_seconds = 5\nexclude = ['a']")
    for name, value in {
        "BEARER": f" {SECRET}\n",
        "WAIT_SECONDS": "7",
        "HEADERS": '{"X-Tenant": "acme"}',
        "INCLUDE": "flood-*, fire-*",
        "PUBLIC": "true",
        "API_KEY": "",
    }.items():
        monkeypatch.setenv(f"OGC_PROCESSES_SERVER_BIG_CITY_{name}", value)
    for servers in ({}, {"servers": "big-city=https://city.example/ogc"}):
        city = Settings(**servers).servers["big-city"]
        assert city.request_headers() == {"X-Tenant": "acme", "Authorization": f"Bearer {SECRET}"}
        assert (city.wait_seconds, city.include, city.exclude) == (7, ("flood-*", "fire-*"), ("a",))
        assert city.public is True


def test_a_variable_of_no_server_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_SERVER_CITY_BAERER", SECRET)
    (note,) = Settings(servers="city=https://city.example").notes
    assert note == (
        "OGC_PROCESSES_SERVER_CITY_BAERER: no server that is configured has this setting; "
        "did you mean OGC_PROCESSES_SERVER_CITY_BEARER?"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wait_second = 1", "wait_second: there is no such setting in this file; did you mean wait_seconds?"),
        ("settings = 'other.toml'", "settings: there is no such setting in this file"),
        ("home = '/other'", "home: there is no such setting in this file"),
        ("wait_seconds = -1", "wait_seconds: Input should be greater than 0"),
        ("wait_seconds = ?", "not TOML: Invalid value (at line 1, column 16)"),
        ("servers = 7", "servers: write NAME=URL, or a table for each server"),
        ("[servers]\ncity = 7", "servers.city: Input should be"),
        ("[servers.city]\nbearer = 'x'", "servers.city.url: Field required"),
        ("[servers.local]\nurl = 'http://a'", "server name 'local'"),
        (
            f"[servers.city]\nurl = 'http://a'\nbaerer = '{SECRET}'",
            "servers.city.baerer: there is no such setting; did you mean bearer?",
        ),
        (f"[servers.city]\nurl = 'http://a'\nbearer = ['{SECRET}']", "servers.city.bearer: Input should be"),
        (f"[servers.city]\nurl = 'http://a'\nheaders = '{SECRET}'", "servers.city.headers: write a JSON object"),
        (
            f"[servers.city]\nurl = 'http://a'\nbearer = '{SECRET}'\nbasic = 'u:{SECRET}'",
            "servers.city: both bearer and basic are given",
        ),
        (
            f"[servers.city]\nurl = 'http://u:{SECRET}@a'\nbasic = 'u:{SECRET}'",
            "servers.city: both basic and a user in the URL are given",
        ),
        (f"[servers.city]\nurl = 'http://a?key={SECRET}'", "servers.city.url: a URL with a query"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_line_with_its_place(home: Path, text: str, message: str) -> None:
    told = refused() if write(home, text) else ""
    assert message in told
    assert str(home / "settings.toml") in told or "server name" in told


def test_a_file_that_is_not_text_and_one_that_is_not_there_are_told(home: Path) -> None:
    (home / "settings.toml").write_bytes(b"\xff\xfe")
    assert "settings.toml: not text in UTF-8" in refused()
    assert "absent.toml: there is no such file" in refused(settings=home / "absent.toml")


def test_a_bad_value_of_the_environment_is_told_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_SERVER_CITY_READ_SECONDS", "soon")
    monkeypatch.setenv("OGC_PROCESSES_SERVER_CITY_API_KEY", f"{SECRET}\u00e9")
    told = refused(servers="city=https://city.example")
    assert "OGC_PROCESSES_SERVER_CITY_READ_SECONDS: Input should be a valid number" in told
    assert "OGC_PROCESSES_SERVER_CITY_API_KEY: holds characters other than printable ASCII" in told
    monkeypatch.setenv("OGC_PROCESSES_WAIT_SECONDS", "0")
    assert "wait_seconds (OGC_PROCESSES_WAIT_SECONDS): Input should be greater than 0" in refused()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_authorities_that_cannot_be_read_are_told_at_the_start(home: Path, content: str | None) -> None:
    write(home, "[servers.city]\nurl = 'https://a'\nca_file = 'city.pem'")
    if content:
        write(home, content, "city.pem")
    reason = "holds no certificate in PEM" if content else "cannot be read: No such file or directory"
    assert f"ca_file of server 'city': {home / 'city.pem'} {reason}" in refused()


@pytest.mark.parametrize("name", ["WAIT_SECONDS", "REFRESH_SECONDS", "SERVER_CITY_WAIT_SECONDS"])
def test_a_time_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("OGC_PROCESSES_SERVERS", "city=https://example.org")
    monkeypatch.setenv(f"OGC_PROCESSES_{name}", "inf")
    assert "finite" in refused()


def test_a_level_of_the_log_may_be_written_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("OGC_PROCESSES_LOG_FORMAT", "Json")
    settings = Settings()
    assert (settings.log_level, settings.log_format) == ("debug", "json")
