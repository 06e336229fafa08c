"""Which processes are on offer, and when they are tools. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mcp_server.schema.process import DEMONSTRATION, TOOLSET
from mcp_server.settings import MAX_TOOLS


@dataclass(frozen=True, slots=True)
class Patterns:
    """Shell patterns on process ids, letters as they are written."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()

    def match(self, process_id: str) -> bool:
        """Whether a process is included and not excluded."""
        return _any(process_id, self.include) and not _any(process_id, self.exclude)


@dataclass(frozen=True, slots=True)
class Selection:
    """What the operator chose."""

    patterns: Mapping[str, Patterns] = field(default_factory=dict[str, Patterns])
    """By server; every process of the others."""
    demonstrations: bool = False
    """Whether processes that say that they are demonstrations are on offer."""
    toolsets: tuple[str, ...] = ()
    """Only processes of these tool sets are on offer; all where empty."""
    toolset_members: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Patterns `SERVER/PROCESS` or `PROCESS` by tool set, beside what processes say of themselves."""
    max_tools: int = MAX_TOOLS
    """Most processes that are tools; of more than these, only the pinned ones are, and all can be found."""
    pinned: tuple[str, ...] = ()
    """Patterns `SERVER/PROCESS` or `PROCESS` of processes that are tools in any case."""

    def matches(self, server: str, process_id: str) -> bool:
        """Whether the server's patterns let a process pass: all that can be told before anything is read of it."""
        patterns = self.patterns.get(server)
        return patterns is None or patterns.match(process_id)

    def offers(self, server: str, process_id: str, roles: Collection[str]) -> bool:
        """Whether a process is on offer, as far as its roles are known."""
        if DEMONSTRATION in roles and not self.demonstrations:
            return False
        return not self.toolsets or any(self._in_toolset(name, server, process_id, roles) for name in self.toolsets)

    def pins(self, server: str, process_id: str) -> bool:
        """Whether a process is a tool however many there are."""
        return _named(server, process_id, self.pinned)

    def _in_toolset(self, name: str, server: str, process_id: str, roles: Collection[str]) -> bool:
        return f"{TOOLSET}{name}" in roles or _named(server, process_id, self.toolset_members.get(name, ()))


def _named(server: str, process_id: str, patterns: Collection[str]) -> bool:
    return _any(process_id, patterns) or _any(f"{server}/{process_id}", patterns)


def _any(text: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
