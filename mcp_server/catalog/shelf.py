"""What all servers offer together: each process under one name, and those of them that are tools. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mcp_server.catalog.records import Key, Offer, Offered, ToolEntry
from mcp_server.catalog.selection import Selection
from mcp_server.discovery.records import Card
from mcp_server.ogc.models import ProcessDescription, ServerIdentity
from mcp_server.schema.names import tool_names
from mcp_server.schema.normalise import understood
from mcp_server.schema.process import CanonicalProcess
from mcp_server.schema.tool import ToolSpec, tool_spec


@dataclass(frozen=True, slots=True)
class Shelf:
    """All processes on offer, at one moment."""

    names: Mapping[str, Key]
    """Every process on offer, by its name, in the order of names."""
    tools: Mapping[str, ToolEntry]
    """Those that are tools, in the same order."""
    searched: bool
    """There are more processes than tools may be."""

    @property
    def told(self) -> tuple[bool, list[tuple[ServerIdentity, ToolSpec]]]:
        """What a list of tools tells: two shelves that tell the same need no announcement."""
        return self.searched, [(entry.server, entry.spec) for entry in self.tools.values()]


EMPTY = Shelf({}, {}, searched=False)


class Shelves:
    """Makes shelves. What did not change since the last one is not made again."""

    def __init__(self, selection: Selection, *, prefixed: bool, reserved: frozenset[str]) -> None:
        """prefixed: whether names begin with the server's; reserved: names that no process may have."""
        self._selection = selection
        self._prefixed = prefixed
        self._reserved = reserved
        self._made: dict[Key, tuple[Offered, ToolEntry]] = {}
        self._keys: list[Key] = []
        self._names: Mapping[str, Key] = {}

    def shelf(self, offers: Mapping[str, Offer]) -> Shelf:
        """The shelf of these offers."""
        keys = [(server, process_id) for server, offer in offers.items() for process_id in self.on_offer(offer)]
        names = self._named(keys)
        searched = len(names) > self._selection.max_tools
        tools = {
            name: entry
            for name, key in names.items()
            if not searched or self._selection.pins(*key)
            if (entry := self._tool(name, key, offers[key[0]])) is not None
        }
        self._made = {key: made for key, made in self._made.items() if made[1].spec.name in tools}
        return Shelf(names, tools, searched)

    def _named(self, keys: list[Key]) -> Mapping[str, Key]:
        if keys != self._keys:
            named = tool_names(keys, prefixed=self._prefixed, reserved=self._reserved)
            self._keys = keys
            self._names = {name: key for key, name in sorted(named.items(), key=lambda pair: pair[1])}
        return self._names

    def on_offer(self, offer: Offer) -> list[str]:
        """The processes of one server that the operator lets pass."""
        server = offer.identity.name
        return [name for name, known in offer.processes.items() if self._selection.offers(server, name, known.roles)]

    def undecided(self, offer: Offer) -> list[str]:
        """The processes of one server of which only their descriptions can tell whether they are on offer."""
        if not self._selection.toolsets:
            return []
        on_offer = set(self.on_offer(offer))
        return [name for name, known in offer.processes.items() if known.facts is None and name not in on_offer]

    def _tool(self, name: str, key: Key, offer: Offer) -> ToolEntry | None:
        """A process as a tool; None while its description is not known."""
        offered = offer.processes[key[1]]
        if offered.description is None:
            return None
        made = self._made.get(key)
        if made is None or made[0] is not offered or made[1].spec.name != name or made[1].server != offer.identity:
            description = ProcessDescription(offer.identity, key[1], offered.description)
            made = offered, _entry(name, description, offered.process or understood(key[1], offered.description))
            self._made[key] = made
        return made[1] if offered.changed is None else replace(made[1], changed=offered.changed)


def tool_entry(name: str, server: ServerIdentity, process_id: str, raw: Mapping[str, Any]) -> ToolEntry:
    """A described process as a tool."""
    return _entry(name, ProcessDescription(server, process_id, raw), understood(process_id, raw))


def _entry(name: str, description: ProcessDescription, process: CanonicalProcess) -> ToolEntry:
    """A tool of a process; `process` is its description in canonical form."""
    return ToolEntry(description.server, description, tool_spec(process, name=name, server=description.server.name))


def cards(shelf: Shelf, offers: Mapping[str, Offer]) -> list[Card]:
    """Every process on offer, as it is found."""
    return [
        Card(name, server, process_id, offered.words, offered.facts)
        for name, (server, process_id) in shelf.names.items()
        for offered in (offers[server].processes[process_id],)
    ]
