"""Servers as a catalog sees them, and catalogs of them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel

from mcp_server.catalog import Catalog, Kept, Selection
from mcp_server.ogc.models import ProcessDescription, ProcessSummary, ServerIdentity

ALL = Selection()


def described(process_id: str, **members: Any) -> dict[str, Any]:
    return {"id": process_id, "title": process_id.title(), "inputs": {}, "outputs": {}, **members}


class Offering:
    """A server, as far as a catalog asks it."""

    def __init__(self, name: str, *ids: str, url: str | None = None, embedded: bool = False) -> None:
        self.identity = ServerIdentity(name, url or f"http://{name}.test", embedded, "unknown")
        self.raws: dict[str, Any] = {process_id: described(process_id) for process_id in ids}
        self.down: Exception | None = None
        self.members: dict[str, dict[str, Any]] = {}
        """Members of the list that tell more than an id."""
        self.asked = 0
        self.described = 0
        self.at_once = 0
        self.busiest = 0
        self.silent = False

    async def processes(self) -> list[ProcessSummary]:
        self.asked += 1
        if self.silent:
            await anyio.sleep_forever()
        if self.down is not None:
            raise self.down
        return [ProcessSummary(name, self.members.get(name, {"id": name})) for name in self.raws]

    async def describe(self, process_id: str) -> ProcessDescription:
        self.described += 1
        self.at_once += 1
        self.busiest = max(self.busiest, self.at_once)
        await anyio.lowlevel.checkpoint()
        self.at_once -= 1
        raw = self.raws[process_id]
        if isinstance(raw, Exception):
            raise raw
        return ProcessDescription(self.identity, process_id, raw)


def catalog_of(
    home: Path, *servers: Offering, refresh_seconds: float = 60, key: str = "", chosen: Selection = ALL, **more: Any
) -> Catalog:
    clients: Mapping[str, Offering] = {server.identity.name: server for server in servers}
    return Catalog(clients, Kept(home, key=key), chosen, refresh_seconds=refresh_seconds, **more)


async def names(catalog: Catalog) -> list[str]:
    with anyio.fail_after(60):
        return [entry.spec.name for entry in await catalog.tools()]


async def eventually(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not condition():
            await anyio.sleep(0.001)
