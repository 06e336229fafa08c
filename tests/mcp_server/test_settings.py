"""Settings of the bridge."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from mcp_server.settings import Settings


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OGC_PROCESSES_HOME", str(tmp_path))
    monkeypatch.setenv("OGC_PROCESSES_SERVERS", "one=http://one.example/ two=https://two.example/ogc")
    monkeypatch.setenv("OGC_PROCESSES_WAIT_SECONDS", "2.5")
    settings = Settings()
    assert settings.home == tmp_path
    assert settings.servers == {"one": "http://one.example", "two": "https://two.example/ogc"}
    assert settings.wait_seconds == 2.5


@pytest.mark.parametrize(
    ("servers", "message"),
    [
        ("local=http://a.example", "'local' and 'bridge' are taken"),
        ("Upper=http://a.example", "1 to 20 of a-z"),
        ("a=ftp://a.example", "not an http or https URL"),
        ("a", "write NAME=URL"),
    ],
)
def test_a_server_that_cannot_be_used_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, servers: str, message: str
) -> None:
    monkeypatch.setenv("OGC_PROCESSES_SERVERS", servers)
    with pytest.raises(ValidationError, match=message):
        Settings()
