"""A server that a command line names by its URL or by the name it is configured under."""

from typing import TYPE_CHECKING

from mcp_server.errors import ConfigurationError

if TYPE_CHECKING:
    from mcp_server.servers import ServerSettings
    from mcp_server.settings import Settings

_UNNAMED = "remote"


def server_named(given: str, settings: "Settings") -> "tuple[str, ServerSettings]":
    """The configured server of that name or URL, with its credentials; else the URL alone.

    Raises: ConfigurationError.
    """
    from pydantic import ValidationError  # noqa: PLC0415

    from mcp_server.servers import ServerSettings  # noqa: PLC0415

    for name, server in settings.servers.items():
        if given in (name, server.url) or given.rstrip("/") == server.url:
            return name, server
    if "://" not in given:
        known = ", ".join(settings.servers) or "none"
        raise ConfigurationError(f"{given}: write http://… or https://…, or the name of a configured server ({known})")
    try:
        return _UNNAMED, ServerSettings(url=given)
    except ValidationError as error:
        words = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors(include_input=False))
        raise ConfigurationError(f"the URL of the server: {words}") from None
