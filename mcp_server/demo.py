"""The demonstration: a buffer, its measures by reference, and a job with progress. Every number shown is a tool's."""

import json
import math
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from rich.console import Console
from rich.text import Text

from mcp_server.errors import BridgeError, ConfigurationError
from mcp_server.session import OnProgress, call, list_tools, open_session, progress_bar
from mcp_server.settings import Settings

SLOW_STEPS = {"seconds": 2, "steps": 8}
CONNECT = """\
Connect a client (docs/connect.md):
  ogc-processes-mcp install claude-desktop | claude-code | cursor | vscode
Ask it: How large is the area within 500 m of the Eiffel Tower?"""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in degrees (OGC:CRS84) and how to call it."""

    name: str
    longitude: float
    latitude: float

    @property
    def wkt(self) -> str:
        """The position as a WKT point."""
        return f"POINT ({self.longitude:.12g} {self.latitude:.12g})"


EIFFEL_TOWER = Place("the Eiffel Tower", 2.2945, 48.8584)


def parse_place(text: str | None) -> Place:
    """The place of `--at LON,LAT`; a well-known one without it.

    Raises: ConfigurationError.
    """
    if text is None:
        return EIFFEL_TOWER
    try:
        longitude, latitude = (float(part) for part in text.split(","))
    except ValueError:
        longitude = latitude = math.nan
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):
        raise ConfigurationError(
            f"--at {text}: write LON,LAT in degrees, longitude (-180 to 180) first, e.g. --at -73.98,40.75"
        )
    return Place(f"{longitude:.12g}, {latitude:.12g}", longitude, latitude)


def run(place: Place, distance: float, settings: Settings, *, keep: bool, backend: Mapping[str, Any]) -> None:
    """Show the tools at work on the embedded backend, in a home of its own unless `keep`.

    Raises: ConfigurationError, for a distance that is none; BridgeError, with a tool's own words, if a call fails.
    """
    if not (math.isfinite(distance) and distance > 0):
        raise ConfigurationError(f"--distance {distance:g}: write a number of metres above 0")
    if not settings.embedded:
        raise ConfigurationError("the demo shows the embedded backend: --no-embedded does not apply")
    with ExitStack() as stack:
        home = settings.home
        if not keep:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        own = settings.model_copy(update={"home": home, "servers": {}})
        anyio.run(_show, place, distance, own, backend)


async def _show(place: Place, distance: float, settings: Settings, backend: Mapping[str, Any]) -> None:
    console = Console(highlight=False)
    async with open_session(settings, **backend) as client:
        await _show_tools(console, client)
        await _show_buffer(console, client, place, distance)
        await _show_job(console, client)
    console.print(Text(CONNECT))


async def _show_tools(console: Console, client: Client) -> None:
    tools = await list_tools(client)
    console.print(Text(f"{len(tools)} tools", style="bold"))
    width = max((len(tool.name) for tool in tools), default=0)
    for tool in tools:
        console.print(Text.assemble("  ", (tool.name.ljust(width), "cyan"), f"  {tool.title or ''}"), soft_wrap=True)


async def _show_buffer(console: Console, client: Client, place: Place, distance: float) -> None:
    _say(console, "geometry_buffer", f"everything within {distance:,.12g} m of {place.name}")
    buffer = await _output(client, "geometry_buffer", {"geometry": place.wkt, "distance": distance})
    _say_result(console, buffer)
    _say(console, "geometry_measure", "that result, by its URI")
    _say_result(console, await _output(client, "geometry_measure", {"geometry": buffer["uri"]}))


async def _show_job(console: Console, client: Client) -> None:
    _say(console, "slow_steps", "a job that tells its progress")
    with progress_bar(console, "  ") as on_progress:
        output = await _output(client, "slow_steps", SLOW_STEPS, on_progress)
    _say_result(console, output)


async def _output(
    client: Client, tool: str, arguments: Mapping[str, Any], on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """The only output of a call that succeeds."""
    answer = await call(client, tool, arguments, on_progress)
    if answer.failed or answer.structured is None:
        raise BridgeError(answer.text)
    (output,) = answer.structured["outputs"].values()
    return output


def _say(console: Console, tool: str, what: str) -> None:
    console.print(Text.assemble("\n", (tool, "bold cyan"), f"  {what}"))


def _say_result(console: Console, output: Mapping[str, Any]) -> None:
    console.print(Text(json.dumps(output)))
