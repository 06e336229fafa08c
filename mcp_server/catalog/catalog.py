"""The processes of all servers, read, kept between starts, and refreshed in the background."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import anyio
import anyio.to_thread

from mcp_server.catalog.changes import with_changes
from mcp_server.catalog.finding import Finding
from mcp_server.catalog.kept import Kept
from mcp_server.catalog.on_demand import OnDemand
from mcp_server.catalog.reading import Server, read_list, with_descriptions, without_descriptions
from mcp_server.catalog.records import Offer, ToolEntry
from mcp_server.catalog.selection import Selection
from mcp_server.catalog.shelf import EMPTY, Shelf, Shelves, cards
from mcp_server.discovery.records import Card, Found, Query
from mcp_server.errors import BridgeError, UnknownToolError
from mcp_server.ogc.models import ProcessDescription

_log = logging.getLogger(__name__)

_REFRESH_BOUND_SECONDS = 120.0
_FIRST_SECONDS = 15.0
_RETRY_SECONDS = 2.0
_SHARE = 10
"""A server is left in peace this many times as long as it took to read."""
_IN_BACKGROUND = 2
"""Descriptions that are asked of one server at once while nobody waits for them."""
_PORTION = 100
"""Descriptions that are read in the background until they are adopted, and kept."""

type OnChange = Callable[[], Awaitable[None]]


class Catalog:
    """All processes on offer. A server that does not answer keeps what was last known of it and hides nobody else's.

    As long as there are at most as many processes as tools may be, every description is read and becomes a tool. Above
    that only lists and the pinned processes are read at once; the other descriptions follow in the background.
    """

    def __init__(
        self,
        servers: Mapping[str, Server],
        kept: Kept,
        selection: Selection,
        *,
        refresh_seconds: float,
        reserved: frozenset[str] = frozenset(),
        first_seconds: float = _FIRST_SECONDS,
    ) -> None:
        """Take servers by name.

        reserved: names that no process may have.
        first_seconds: how long the first list waits for a server of which nothing is kept.
        """
        self._servers = dict(servers)
        self._kept = kept
        self._selection = selection
        self._refresh_seconds = refresh_seconds
        self._first_seconds = first_seconds
        self._callbacks: list[OnChange] = []
        self._locks = {name: anyio.Lock() for name in self._servers}
        self._loading = anyio.Lock()
        self._loaded = False
        self._tried: dict[str, bool] = {}
        """Servers that were asked since the start: whether they could be read the last time."""
        self._faults: dict[str, str] = {}
        """Why servers could not be read the last time."""
        self._all_tried = anyio.Event()
        self._counts: dict[str, int] = {}
        """How many processes of each server are, or may turn out to be, on offer."""
        self._offers: dict[str, Offer] = {}
        self._shelves = Shelves(selection, prefixed=len(self._servers) > 1, reserved=reserved)
        self._shelf = EMPTY
        self._due = False
        """The shelf is older than the offers."""
        self._on_demand = OnDemand(self._servers, kept, fresh_seconds=refresh_seconds)
        self._finding = Finding()
        self._reading = 0
        """Servers whose descriptions are being read for the search."""
        self._told = False
        """Somebody has been told of the tools, and is to be told when they change."""

    @property
    def read(self) -> frozenset[str]:
        """Names of the servers whose lists are known, be it from an earlier start."""
        return frozenset(self._offers)

    async def tools(self) -> Sequence[ToolEntry]:
        """All tools in the order of their names: at once if they were kept, else after the first reading."""
        return tuple((await self._first_shelf()).tools.values())

    async def searched(self) -> bool:
        """Whether there are more processes than tools may be, so that they have to be found."""
        return (await self._first_shelf()).searched

    async def cards(self) -> list[Card]:
        """Every process on offer, in the order of names."""
        return cards(await self._first_shelf(), self._offers)

    async def search(self, query: Query) -> Found:
        """The processes on offer that fit a query best."""
        shelf = await self._first_shelf()
        return (await self._finding.index(shelf, self._offers)).search(query)

    async def entry(self, name: str) -> ToolEntry:
        """A process on offer, tool or not, by its name.

        Raises: UnknownToolError, and what reading its description may raise.
        """
        shelf = await self._first_shelf()
        if name in shelf.tools:
            return shelf.tools[name]
        if name not in shelf.names:
            raise UnknownToolError(f"there is no process {name!r}")
        server, process_id = shelf.names[name]
        return await self._on_demand.entry(name, process_id, self._offers[server])

    async def described(self, server: str, process_id: str) -> ProcessDescription:
        """A process on offer, as its server describes it.

        Raises: UnknownToolError, and what reading its description may raise.
        """
        names = (await self._first_shelf()).names
        name = next((name for name, key in names.items() if key == (server, process_id)), None)
        if name is None:
            raise UnknownToolError(f"server {server!r} offers no process {process_id!r}")
        return (await self.entry(name)).description

    def find(self, tool_name: str) -> ToolEntry:
        """A tool by its name.

        Raises: UnknownToolError.
        """
        tools = self._current().tools
        if tool_name not in tools:
            raise UnknownToolError(f"there is no tool {tool_name!r}")
        return tools[tool_name]

    async def refresh(self) -> None:
        """Read every server once, now."""
        await self._load()
        async with anyio.create_task_group() as group:
            for name in self._servers:
                group.start_soon(self._refresh, name)

    async def run(self) -> None:
        """Refresh every server, each at its own pace, until cancelled."""
        await self._load()
        async with anyio.create_task_group() as group:
            for name in self._servers:
                group.start_soon(self._keep_fresh, name)

    def on_change(self, callback: OnChange) -> None:
        """Call when the tools are no longer those that were listed."""
        self._callbacks.append(callback)

    async def _first_shelf(self) -> Shelf:
        await self._load()
        missing = [name for name in self._servers if name not in self._offers and name not in self._tried]
        if missing:
            async with anyio.create_task_group() as group:
                for name in missing:
                    group.start_soon(self._first, name)
        self._told = True
        return self._current()

    def _current(self) -> Shelf:
        """The shelf of what is offered now. Before anybody was told of it, it is made when it is asked for."""
        if self._due:
            self._shelf, self._due = self._shelves.shelf(self._offers), False
        return self._shelf

    async def _keep_fresh(self, name: str) -> None:
        failures = 0
        begun = False
        while True:
            began = anyio.current_time()
            # Who asked for the first list may have had it read just before.
            failures = 0 if await self._refresh(name, unless_tried=not begun) else failures + 1
            begun = True
            if not failures and self._too_many():
                began += await self._until_all_tried()
                await self._read_the_rest(name)
                if not self._reading:
                    await self._finding.renew(self._current(), self._offers)
            took = anyio.current_time() - began
            await anyio.sleep(pause_seconds(failures, took, refresh_seconds=self._refresh_seconds))

    async def _until_all_tried(self) -> float:
        """Leave the first lists of all servers their time, for nobody waits for descriptions; how long it took."""
        began = anyio.current_time()
        with anyio.move_on_after(self._first_seconds):
            await self._all_tried.wait()
        return anyio.current_time() - began

    async def _load(self) -> None:
        if self._loaded:
            return  # to ask the lock would take each call once around the event loop
        async with self._loading:
            if not self._loaded:
                identities = [server.identity for server in self._servers.values()]
                most, pins = self._selection.max_tools, self._selection.pins
                load = partial(self._kept.load, identities, descriptions_up_to=most, pinned=pins)
                self._offers = await anyio.to_thread.run_sync(load)
                self._counts = {name: len(self._candidates(offer)) for name, offer in self._offers.items()}
                self._shelf = self._shelves.shelf(self._offers)
                self._loaded = True

    async def _first(self, name: str) -> None:
        with anyio.move_on_after(self._first_seconds):
            await self._refresh(name, unless_tried=True)
        self._note_tried(name, read=self._tried.get(name, False))

    def _note_tried(self, name: str, *, read: bool) -> None:
        self._tried[name] = read
        if self._tried.keys() >= self._servers.keys() and not self._all_tried.is_set():
            self._all_tried.set()
            if self._selection.toolsets and self._offers and not any(map(self._candidates, self._offers.values())):
                named = ", ".join(self._selection.toolsets)
                _log.warning("no process belongs to the tool sets that were named: %s", named)

    async def _refresh(self, name: str, *, unless_tried: bool = False) -> bool:
        """Read a server; whether it could be read.

        unless_tried: not if that has been tried already.
        """
        async with self._locks[name]:
            if unless_tried and name in self._tried:
                return self._tried[name]
            read = False
            try:
                with anyio.fail_after(_REFRESH_BOUND_SECONDS):
                    await self._read(name)
                read = True
                if self._faults.pop(name, None) is not None:
                    _log.warning("%s: the list of processes can be read again", name)
            except (BridgeError, TimeoutError) as error:
                self._note_fault(name, str(error) or "no answer in time")
            except Exception:
                # Whatever one server sends must not end the refresh of the others.
                _log.exception("%s: the list of processes could not be used", name)
            finally:
                self._note_tried(name, read=read)
            return read

    def _note_fault(self, name: str, reason: str) -> None:
        """Log why a server cannot be read: once, not at each of the tries that follow while it is down."""
        if self._faults.get(name) != reason:
            _log.warning("%s: the list of processes could not be read: %s", name, reason)
        self._faults[name] = reason

    async def _read(self, name: str) -> None:
        """Read a server's list, and the descriptions of which tools are made."""
        server, known = self._servers[name], self._offers.get(name)
        offer = await read_list(server, known, partial(self._selection.matches, name))
        if not offer.processes and name not in self._tried:
            _log.warning("%s: no process is on offer: it lists none, or include and exclude leave none", name)
        self._counts[name] = len(self._candidates(offer))
        await self._adopt(await self._with_descriptions(offer, self._wanted(offer)))

    async def _read_the_rest(self, name: str) -> None:
        """Read the descriptions that only a search needs, a few at a time."""
        self._reading += 1
        try:
            await self._read_portions(name)
        except BridgeError as error:
            _log.info("%s: descriptions could not be read: %s", name, error)
        except Exception:
            # As of the list: whatever one server sends must not end the reading of the others.
            _log.exception("%s: descriptions could not be used", name)
        finally:
            self._reading -= 1

    async def _read_portions(self, name: str) -> None:
        offer = self._offers[name]
        ids = [process_id for process_id in self._candidates(offer) if offer.processes[process_id].facts is None]
        for start in range(0, len(ids), _PORTION):
            async with self._locks[name]:
                offer = self._offers[name]
                portion = [process_id for process_id in ids[start : start + _PORTION] if process_id in offer.processes]
                await self._adopt(await self._with_descriptions(offer, portion, at_once=_IN_BACKGROUND))

    async def _with_descriptions(self, offer: Offer, wanted: Collection[str], **how: int) -> Offer:
        if not wanted:
            return offer
        read = await with_descriptions(self._servers[offer.identity.name], offer, wanted, **how)
        new = [name for name in wanted if read.processes[name] is not offer.processes[name]]
        if new and not offer.identity.embedded:
            was = await anyio.to_thread.run_sync(self._kept.was, offer.identity, new)
            read = with_changes(was, read, datetime.now(UTC))
        return read

    def _candidates(self, offer: Offer) -> list[str]:
        """The processes of a server that are on offer, or may turn out to be."""
        return [*self._shelves.on_offer(offer), *self._shelves.undecided(offer)]

    def _too_many(self) -> bool:
        """Whether there are, or may turn out to be, more processes than tools may be."""
        return sum(self._counts.values()) > self._selection.max_tools

    def _wanted(self, offer: Offer) -> list[str]:
        """The processes of a server whose descriptions are needed at once, and stay in memory."""
        candidates, server = self._candidates(offer), offer.identity.name
        if not self._too_many():
            return candidates
        return [process_id for process_id in candidates if self._selection.pins(server, process_id)]

    async def _adopt(self, offer: Offer) -> None:
        """Keep what was read of a server, and offer it from now on."""
        name = offer.identity.name
        before = self._offers.get(name)
        if offer == before:
            return
        await anyio.to_thread.run_sync(self._kept.save, offer, before)
        self._offers = {**self._offers, name: without_descriptions(offer, self._wanted(offer))}
        self._due = True
        if not self._told:
            return
        shelf_before = self._shelf
        if shelf_before.told != self._current().told:
            for callback in self._callbacks:
                await callback()


def pause_seconds(failures: int, took: float, *, refresh_seconds: float) -> float:
    """How long a server is left in peace: one that is down is asked again soon, then less and less often.

    failures: how often it could not be read in a row; took: seconds, the last time.
    """
    if failures:
        return min(_RETRY_SECONDS * 2 ** min(failures, 10), refresh_seconds)
    return max(refresh_seconds, _SHARE * took)
