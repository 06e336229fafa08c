"""The page of settings is made from the settings themselves, and what the page of servers shows is taken as it is."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from backend.settings import Settings as BackendSettings
from mcp_server.cli.options import split_options
from mcp_server.servers import ServerSettings
from mcp_server.settings import Settings as BridgeSettings
from tests.mcp_server.ogc.certificates import Authority

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "settings.md"


def table(settings: type[BaseModel], prefix: str = "OGC_PROCESSES_", head: str = "environment") -> str:
    """One row per setting: environment name, default, meaning."""
    rows = [f"| {head} | default | meaning |", "|---|---|---|"]
    for name, field in settings.model_fields.items():
        default = "" if field.default_factory else f"`{field.default}`"
        if name == "home":
            default = "the platform's folder for user data; on Windows `~\\.ogc-processes-mcp`"
        elif name == "workers":
            default = "the cores, 2 to 4"
        elif field.is_required() or (prefix.endswith("NAME_") and field.default is None):
            default = ""
        meaning = " ".join((field.description or "").split())
        rows.append(f"| `{prefix}{name.upper()}` | {default} | {meaning} |")
    return "\n".join(rows)


def test_the_page_tells_every_setting_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    tables = [table(BridgeSettings), table(ServerSettings, "OGC_PROCESSES_SERVER_NAME_"), table(BackendSettings)]
    for one in tables:
        assert one in page, f"docs/settings.md should hold:\n{one}"


def shown(language: str) -> list[str]:
    page = (DOCS / "servers.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_file_that_the_page_of_servers_shows_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Authority(tmp_path, "city-ca")
    file = tmp_path / "settings.toml"
    file.write_text(shown("toml")[0], encoding="utf-8")
    for line in shown("sh")[0].splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        monkeypatch.setenv(name, value.strip("'"))
    settings = BridgeSettings(settings=file)
    city, weather = settings.servers["city"], settings.servers["weather"]
    assert city.ca_file == tmp_path / "city-ca.pem"
    assert city.request_headers()["Authorization"].startswith("Bearer ")
    assert weather.credentials == ("api_key",)
    assert settings.wait_seconds == 30


def test_the_commands_that_the_page_of_servers_shows_are_understood() -> None:
    for line in "".join(shown("console")).splitlines():
        options, _ = split_options(line.removeprefix("$ ogc-processes-mcp ").split())
        assert options.servers or options.file
