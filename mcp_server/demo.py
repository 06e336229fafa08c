"""The demonstration: a buffer, its measures by reference, and a job with progress. Every number shown is a tool's."""

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp.types import TextResourceContents, Tool
from rich.console import Console
from rich.text import Text

from mcp_server.errors import BridgeError, ConfigurationError
from mcp_server.schema.process import DEMONSTRATION
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
    # Which positions are on the Earth is the tool's to say.
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        raise ConfigurationError(f"--at {text}: write LON,LAT in degrees, longitude first, e.g. --at -73.98,40.75")
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
        own = settings.model_copy(update={"home": home, "servers": {}, "demo_tools": True})
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
    hidden = await _demonstrations(client)
    usual = [tool for tool in tools if tool.name not in hidden]
    more = [tool for tool in tools if tool.name in hidden]
    _say(console, f"{len(usual)} tools", "one for each OGC API process, and those for jobs and results")
    _list(console, usual)
    _say(console, f"{len(more)} more", "demonstrations, which a client is offered only with --demo-tools")
    _list(console, more)


def _list(console: Console, tools: Sequence[Tool]) -> None:
    width = max((len(tool.name) for tool in tools), default=0)
    for tool in tools:
        _say_more(console, Text.assemble((tool.name.ljust(width), "cyan"), f"  {tool.title or ''}"))


async def _demonstrations(client: Client) -> frozenset[str]:
    """Names of the tools whose processes say that they are demonstrations."""
    found: set[str] = set()
    for resource in (await client.list_resources()).resources:
        (content,) = (await client.read_resource(resource.uri)).contents
        described: dict[str, Any] = json.loads(content.text) if isinstance(content, TextResourceContents) else {}
        if any(entry.get("role") == DEMONSTRATION for entry in described.get("metadata", ())):
            found.add(resource.name)
    return frozenset(found)


async def _show_buffer(console: Console, client: Client, place: Place, distance: float) -> None:
    buffer = await _output(console, client, "geometry_buffer", {"geometry": place.wkt, "distance": distance})
    made = buffer["summary"]["properties"]
    _say(console, "geometry_buffer", f"all within {number(made['distance_m'])} m of {place.name}")
    _say_more(console, f"{number(made['area_m2'])} m², its edge off by at most {made['max_boundary_error_percent']} %")
    _say_more(console, buffer["uri"])

    output = await _output(console, client, "geometry_measure", {"geometry": buffer["uri"]})
    measures = output["summary"]["members"]
    _say(console, "geometry_measure", "that result, by its URI")
    for name in ("area", "perimeter"):
        _say_more(console, f"{name} {number(measures[name]['value'])} {measures[name]['units']}s")


async def _show_job(console: Console, client: Client) -> None:
    _say(console, "slow_steps", "a job that tells its progress")
    with progress_bar(console, "  progress") as on_progress:
        output = await _output(console, client, "slow_steps", SLOW_STEPS, on_progress)
    done = output["summary"]["members"]
    _say_more(console, f"{done['steps']} steps in {number(done['seconds'])} s\n")


async def _output(
    console: Console, client: Client, tool: str, arguments: Mapping[str, Any], on_progress: OnProgress | None = None
) -> dict[str, Any]:
    """The only output of a call that succeeds; its warnings are shown."""
    answer = await call(client, tool, arguments, on_progress)
    if answer.failed or answer.structured is None:
        raise BridgeError(f"{tool}: {answer.text}")
    if "outputs" not in answer.structured:
        raise BridgeError(f"{tool} takes longer than a call may: {answer.structured.get('next')}")
    for warning in answer.structured.get("warnings", ()):
        _say_more(console, Text(warning, style="yellow"))
    (output,) = answer.structured["outputs"].values()
    return output


def number(value: float) -> str:
    """Six significant digits, thousands set apart, no exponent."""
    digits = 5 - math.floor(math.log10(abs(value))) if value else 0
    text = f"{round(value, digits):,.{max(digits, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _say(console: Console, tool: str, what: str) -> None:
    console.print(Text.assemble("\n", (tool, "bold cyan"), f"  {what}"), soft_wrap=True)


def _say_more(console: Console, what: str | Text) -> None:
    console.print(Text.assemble("  ", what), soft_wrap=True)
