"""A real MCP session on a bridge to sites that misbehave."""

import gc
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp import Client

from mcp_server.app import Bridge, open_bridge
from mcp_server.settings import Settings
from tests.mcp_server.faults.misbehaving import Misbehaving

LIMIT = 2**20
BOUND_SECONDS = 60
SHORT_SECONDS = 4
GOOD = "good"
"""A site that is waited for until it has answered, however busy the machine is."""
IMPATIENT = frozenset({"silent", "slow", "endless-hope", "gateway", "busy-absurd", "busy-no-date"})
"""Sites that answer too late, or are asked again: the wait for these alone is short, however busy the machine is."""

UNENDING = frozenset({"etag", "long-id", "surrogate"})
"""Sites whose jobs never end: nothing is told that the calls could wait for."""


@asynccontextmanager
async def bridge_to(sites: Misbehaving, home: Path, **settings: Any) -> AsyncGenerator[tuple[Client, Bridge]]:
    """A bridge to every site, by its name, and a client of it."""
    given: dict[str, Any] = {
        "home": home,
        "embedded": False,
        "servers": {name: _server(name, url) for name, url in sites.urls.items()},
        "max_tools": 1000,
        "read_seconds": 30,
        "sync_seconds": 30,
        "max_reply_bytes": LIMIT,
        "refresh_seconds": 3600,
    }
    async with open_bridge(Settings(**(given | settings))) as bridge, Client(bridge.server, cache=None) as client:
        yield client, bridge
    # anyio leaves a connection that comes about just when its time is over to the collector of garbage, which would
    # tell of it in whichever test is then run.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def tool(site: str) -> str:
    """The name of a site's tool, where there are several sites."""
    return f"{site}_work".replace("-", "_")


async def every_tool(sites: Misbehaving, client: Client, bridge: Bridge) -> set[str]:
    """The tools that are listed when every site has been read, or the time for it is over.

    Some sites are given so little time that a busy machine does not answer for them at the first asking.
    """
    listed: set[str] = set()
    with anyio.move_on_after(BOUND_SECONDS):
        while not {tool(name) for name in sites.sites} <= listed:
            await bridge.catalog.refresh()
            listed = {one.name for one in (await client.list_tools()).tools}
    return listed


def _server(name: str, url: str) -> dict[str, Any]:
    if name == GOOD:
        return {"url": url, "wait_seconds": 60}
    short = {"read_seconds": SHORT_SECONDS, "sync_seconds": SHORT_SECONDS} if name in IMPATIENT else {}
    wait = 0.3 if name in UNENDING else 8 if short else 40
    return {"url": url, "wait_seconds": wait, **short}


def unhelpful(text: str) -> list[str]:
    """What must never be told to a model."""
    bad = [word for word in ("unexpectedly", "Traceback", "Error:", "Exception", "object at 0x") if word in text]
    return bad + ([] if text.strip() else ["says nothing"]) + (["is too long"] if len(text) > 1500 else [])
