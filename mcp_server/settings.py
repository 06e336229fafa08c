"""Every setting of the bridge: default, unit, environment name. The only place that reads the environment."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, cast

from platformdirs import user_data_path
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

EMBEDDED = "local"
"""Name of the embedded backend in URIs."""
BRIDGE = "bridge"
"""Authority of results that the bridge itself keeps."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")


def _default_home() -> Path:
    return user_data_path("ogc-processes-mcp", appauthor=False)


class Settings(BaseSettings):
    """The bridge's settings. Each is read from `OGC_PROCESSES_` plus its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="OGC_PROCESSES_", frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    home: Path = Field(default_factory=_default_home)
    """The one folder that holds all state, shared with the embedded backend."""
    servers: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    """Remote OGC servers, name → URL; in the environment `NAME=URL NAME=URL`."""
    embedded: bool = True
    """Run the embedded backend."""
    demo_tools: bool = False
    """Make tools of demonstration processes too."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names, comma-separated, that MCP clients over HTTP may address besides loopback's; `*` for any.

    When given, it holds wherever the server listens; otherwise only on a loopback address (DNS rebinding)."""
    wait_seconds: float = Field(default=45, gt=0)
    """How long a tool call waits for its job before it answers with a handle."""
    refresh_seconds: float = Field(default=60, gt=0)
    """How often the servers' process lists are read again."""
    max_request_bytes: int = Field(default=32 * 2**20, ge=1024)
    """Largest message of an MCP client, in bytes."""
    max_reply_bytes: int = Field(default=64 * 2**20, ge=1024)
    """Largest reply read from a server, in bytes, after decoding."""
    small_value_bytes: int = Field(default=8 * 1024, ge=0)
    """A result carries values up to this size in all, and references to the others."""

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("servers", mode="before")
    @classmethod
    def _split_servers(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = value.split()
        if isinstance(value, list | tuple):
            return dict(_pair(part) for part in cast("Sequence[object]", value))
        return value

    @field_validator("servers")
    @classmethod
    def _check_names(cls, value: dict[str, str]) -> dict[str, str]:
        for name, url in value.items():
            if not _NAME.fullmatch(name) or name in (EMBEDDED, BRIDGE):
                raise ValueError(
                    f"server name {name!r}: use 1 to 20 of a-z, 0-9 and '-', beginning with a letter; "
                    f"{EMBEDDED!r} and {BRIDGE!r} are taken"
                )
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"server {name!r}: {url!r} is not an http or https URL")
        return {name: url.rstrip("/") for name, url in value.items()}


def _pair(text: object) -> tuple[str, str]:
    name, found, url = str(text).partition("=")
    if not found:
        raise ValueError(f"{text!r}: write NAME=URL")
    return name, url
