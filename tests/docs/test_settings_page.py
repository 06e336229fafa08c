"""The page of settings is made from the settings themselves."""

from pathlib import Path

from pydantic_settings import BaseSettings

from backend.settings import Settings as BackendSettings
from mcp_server.settings import Settings as BridgeSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def table(settings: type[BaseSettings]) -> str:
    """One row per setting: environment name, default, meaning."""
    rows = ["| environment | default | meaning |", "|---|---|---|"]
    for name, field in settings.model_fields.items():
        default = "" if field.default_factory else f"`{field.default}`"
        if name == "home":
            default = "the platform's folder for user data"
        elif name == "workers":
            default = "the cores, 2 to 4"
        meaning = " ".join((field.description or "").split())
        rows.append(f"| `OGC_PROCESSES_{name.upper()}` | {default} | {meaning} |")
    return "\n".join(rows)


def test_the_page_tells_every_setting_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for settings in (BridgeSettings, BackendSettings):
        assert table(settings) in page, f"docs/settings.md should hold:\n{table(settings)}"
