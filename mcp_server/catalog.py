"""The processes on offer, as tools: read from every server, kept between starts, refreshed in the background."""

import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, cast

import anyio
import anyio.to_thread

from mcp_server.errors import BridgeError, UnknownToolError
from mcp_server.ogc.dialects import DIALECTS
from mcp_server.ogc.models import ProcessDescription, ProcessSummary, ServerIdentity
from mcp_server.schema.names import tool_names
from mcp_server.schema.normalise import CanonicalProcess, normalise
from mcp_server.schema.process import DEMONSTRATION
from mcp_server.schema.tool import ToolSpec, tool_spec

_log = logging.getLogger(__name__)

_FILE = "catalog.json"
_FORMAT = 1
_CONCURRENT = 8
_REFRESH_BOUND_SECONDS = 120.0
_FIRST_SECONDS = 15.0
_SHARE = 10
"""A server is left in peace this many times as long as it took to read."""

type OnChange = Callable[[], Awaitable[None]]


class Server(Protocol):
    """What the catalog asks of a server: `mcp_server.ogc.client.OgcClient`."""

    identity: ServerIdentity

    async def processes(self) -> list[ProcessSummary]: ...
    async def describe(self, process_id: str) -> ProcessDescription: ...


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """A process of a server, as a tool."""

    server: ServerIdentity
    description: ProcessDescription
    spec: ToolSpec


@dataclass(frozen=True, slots=True)
class _Offer:
    """What one server offers."""

    identity: ServerIdentity
    processes: Mapping[str, Mapping[str, Any]]
    """Process id → its description, untouched."""


class Catalog:
    """The tools of all servers. A server that does not answer keeps its last known tools and hides nobody else's."""

    def __init__(
        self,
        clients: Mapping[str, Server],
        home: Path,
        *,
        refresh_seconds: float,
        reserved: frozenset[str] = frozenset(),
        key: str = "",
        demonstrations: bool = False,
        first_seconds: float = _FIRST_SECONDS,
    ) -> None:
        """Take clients by server name; `home` is where the catalog is kept.

        reserved: tool names that no process may have.
        key: whatever else the embedded server's processes depend on (its configuration, its folders); tools kept under
        another key, or by another version of this package, are not offered.
        demonstrations: whether processes that say that they are demonstrations are tools.
        first_seconds: how long the first list waits for a server of which nothing is kept.
        """
        self._clients = dict(clients)
        self._disk = _Disk(home / _FILE, key)
        self._refresh_seconds = refresh_seconds
        self._first_seconds = first_seconds
        self._reserved = reserved
        self._demonstrations = demonstrations
        self._callbacks: list[OnChange] = []
        self._locks = {name: anyio.Lock() for name in self._clients}
        self._loading = anyio.Lock()
        self._loaded = False
        self._tried: set[str] = set()
        self._offers: dict[str, _Offer] = {}
        self._understood: dict[tuple[str, str], tuple[Mapping[str, Any], CanonicalProcess]] = {}
        self._entries: dict[str, ToolEntry] = {}
        self._listed = False

    async def tools(self) -> Sequence[ToolEntry]:
        """All tools in the order of their names: at once if they were kept on disk, else after the first fetch."""
        await self._load()
        missing = [name for name in self._clients if name not in self._offers and name not in self._tried]
        if missing:
            async with anyio.create_task_group() as group:
                for name in missing:
                    group.start_soon(self._first, name)
        self._listed = True
        return tuple(self._entries.values())

    def find(self, tool_name: str) -> ToolEntry:
        """A tool by its name.

        Raises: UnknownToolError.
        """
        if tool_name not in self._entries:
            raise UnknownToolError(f"there is no tool {tool_name!r}")
        return self._entries[tool_name]

    async def refresh(self) -> None:
        """Read every server once, now."""
        await self._load()
        async with anyio.create_task_group() as group:
            for name in self._clients:
                group.start_soon(self._refresh, name)

    async def run(self) -> None:
        """Refresh every server, each at its own pace, until cancelled."""
        await self._load()
        async with anyio.create_task_group() as group:
            for name in self._clients:
                group.start_soon(self._keep_fresh, name)

    def on_change(self, callback: OnChange) -> None:
        """Call when the tools are no longer those that were listed."""
        self._callbacks.append(callback)

    async def _keep_fresh(self, name: str) -> None:
        while True:
            began = anyio.current_time()
            await self._refresh(name)
            await anyio.sleep(max(self._refresh_seconds, _SHARE * (anyio.current_time() - began)))

    async def _load(self) -> None:
        async with self._loading:
            if not self._loaded:
                self._offers = await anyio.to_thread.run_sync(self._disk.load, dict(self._clients))
                self._entries = self._build(self._offers)
                self._loaded = True

    async def _first(self, name: str) -> None:
        with anyio.move_on_after(self._first_seconds):
            await self._refresh(name, unless_tried=True)
        self._tried.add(name)

    async def _refresh(self, name: str, *, unless_tried: bool = False) -> None:
        async with self._locks[name]:
            if unless_tried and name in self._tried:
                return
            try:
                with anyio.fail_after(_REFRESH_BOUND_SECONDS):
                    offer = await _fetch(self._clients[name], self._offers.get(name))
                await self._adopt(name, offer)
            except (BridgeError, TimeoutError) as error:
                _log.warning("%s: the list of processes could not be read: %s", name, error or "no answer in time")
            except Exception:
                # Whatever one server sends must not end the refresh of the others.
                _log.exception("%s: the list of processes could not be used", name)
            self._tried.add(name)

    async def _adopt(self, name: str, offer: _Offer) -> None:
        if offer == self._offers.get(name):
            return
        offers = {**self._offers, name: offer}
        before, self._entries = self._entries, self._build(offers)
        self._offers = offers
        await anyio.to_thread.run_sync(self._disk.save, dict(self._offers))
        if self._listed and _told(before) != _told(self._entries):
            for callback in self._callbacks:
                await callback()

    def _build(self, offers: Mapping[str, _Offer]) -> dict[str, ToolEntry]:
        """Every tool by its name, in the order of names."""
        keys = [(server, process_id) for server, offer in offers.items() for process_id in self._offered(offer)]
        names = tool_names(keys, prefixed=len(self._clients) > 1, reserved=self._reserved)
        entries: dict[str, ToolEntry] = {}
        for key, name in sorted(names.items(), key=lambda pair: pair[1]):
            server, process_id = key
            offer = offers[server]
            raw = offer.processes[process_id]
            spec = tool_spec(self._process(key, raw), name=name, server=server)
            entries[name] = ToolEntry(offer.identity, ProcessDescription(offer.identity, process_id, raw), spec)
        return entries

    def _offered(self, offer: _Offer) -> list[str]:
        """The processes that become tools."""
        every = list(offer.processes)
        if self._demonstrations:
            return every
        server, processes = offer.identity.name, offer.processes
        return [name for name in every if DEMONSTRATION not in self._process((server, name), processes[name]).roles]

    def _process(self, key: tuple[str, str], raw: Mapping[str, Any]) -> CanonicalProcess:
        known = self._understood.get(key)
        if known is None or known[0] != raw:
            known = (raw, normalise({**raw, "id": key[1]}))
            self._understood[key] = known
        return known[1]


def _told(entries: Mapping[str, ToolEntry]) -> list[tuple[ServerIdentity, ToolSpec]]:
    return [(entry.server, entry.spec) for entry in entries.values()]


async def _fetch(client: Server, known: _Offer | None) -> _Offer:
    """Everything a server offers. A description that cannot be read now stays as it was last known.

    Raises: BridgeError if the list, or not a single description, can be read.
    """
    ids = [summary.id for summary in await client.processes()]
    read: dict[str, Mapping[str, Any]] = {}
    errors: list[BridgeError] = []
    limiter = anyio.CapacityLimiter(_CONCURRENT)

    async def describe(process_id: str) -> None:
        async with limiter:
            try:
                read[process_id] = (await client.describe(process_id)).raw
            except BridgeError as error:
                _log.warning("%s: process %s could not be read: %s", client.identity.name, process_id, error)
                errors.append(error)
                if known is not None and process_id in known.processes:
                    read[process_id] = known.processes[process_id]

    async with anyio.create_task_group() as group:
        for process_id in ids:
            group.start_soon(describe, process_id)
    if errors and len(errors) == len(ids):
        raise errors[0]
    return _Offer(client.identity, {process_id: read[process_id] for process_id in ids if process_id in read})


class _Disk:
    """The file in which the offers of all servers are kept between starts."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key
        self._version = version("ogc-processes-mcp")

    def load(self, clients: Mapping[str, Server]) -> dict[str, _Offer]:
        """The offers of the servers as they are configured now; whatever cannot be read counts as not kept."""
        offers: dict[str, _Offer] = {}
        for name, entry in self._servers().items():
            client = clients.get(name)
            # The file may be damaged anywhere, and is only a copy.
            with suppress(KeyError, TypeError, AttributeError):
                if client is not None and self._fits(entry, client.identity):
                    identity = ServerIdentity(name, client.identity.url, client.identity.embedded, entry["dialect"])
                    processes = {str(process_id): dict(raw) for process_id, raw in entry["processes"].items()}
                    offers[name] = _Offer(identity, processes)
        return offers

    def save(self, offers: Mapping[str, _Offer]) -> None:
        """Write the offers, beside those of servers that only another bridge on this home has."""
        own = {
            name: {
                "url": offer.identity.url,
                "dialect": offer.identity.dialect,
                "key": self._key if offer.identity.embedded else "",
                "processes": offer.processes,
            }
            for name, offer in offers.items()
        }
        document = {"format": _FORMAT, "version": self._version, "servers": {**self._servers(), **own}}
        unfinished = self._path.with_name(f".{_FILE}.{uuid.uuid4().hex}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_text(json.dumps(document), encoding="utf-8")
            unfinished.replace(self._path)
        except OSError as error:
            _log.warning("the catalog could not be kept: %s", error)
            unfinished.unlink(missing_ok=True)

    def _fits(self, entry: Mapping[str, Any], identity: ServerIdentity) -> bool:
        key = self._key if identity.embedded else ""
        return entry["url"] == identity.url and entry["key"] == key and entry["dialect"] in DIALECTS

    def _servers(self) -> dict[str, Any]:
        try:
            document: Any = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(document, dict):
            return {}
        members = cast("dict[str, Any]", document)
        if members.get("format") != _FORMAT or members.get("version") != self._version:
            return {}
        servers = members.get("servers")
        return cast("dict[str, Any]", servers) if isinstance(servers, dict) else {}
