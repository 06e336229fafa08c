"""Where in a description the repair of a schema stands, and what it has noted on the way."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

from mcp_server.schema.plain import JsonObject, pointed_at
from mcp_server.schema.process import Diagnostic

MAX_SCHEMA_DEPTH = 16
_MAX_NODES = 4000
_MAX_VALUES = 100_000
_MAX_NOTE = 300


@dataclass(slots=True)
class Effort:
    """How many schemas, and values that they list, are looked at in a whole description.

    Each is looked at again for each reference to its schema: a small document can name a large one again and again.
    """

    values_left: int = _MAX_VALUES


@dataclass(slots=True)
class Notebook:
    """What one input's repair found, and how much more of it will be read."""

    diagnostics: list[Diagnostic] = field(default_factory=list[Diagnostic])
    effort: Effort = field(default_factory=Effort)
    nodes_left: int = _MAX_NODES
    """References can make a small document a huge schema; reading ends here."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A place in a schema."""

    path: str
    notebook: Notebook
    roots: tuple[JsonObject, ...] = ()
    """Documents in which local references are looked up: the schema, then the description around it."""
    depth: int = 0
    followed: frozenset[str] = frozenset()
    """References on the way here; following one again would never end."""

    def at(self, step: str) -> Self:
        """The place one step further in."""
        return replace(self, path=f"{self.path}.{step}", depth=self.depth + 1)

    def within(self, root: JsonObject) -> Self:
        """The same place, where references are looked up in this document first."""
        return replace(self, roots=(root, *self.roots))

    def after(self, reference: str) -> Self:
        """This place, reached by a reference."""
        return replace(self, followed=self.followed | {reference})

    def note(self, message: str) -> None:
        """Record what was repaired or left out here; of a very long note the beginning."""
        self.notebook.diagnostics.append(Diagnostic(self.path[:_MAX_NOTE], message[:_MAX_NOTE]))

    def exhausted(self) -> bool:
        """Count one node; true when there are too many, they are too deep, or list too much."""
        self.notebook.nodes_left -= 1
        spent = self.notebook.nodes_left < 0 or self.notebook.effort.values_left < 0
        return spent or self.depth > MAX_SCHEMA_DEPTH

    def count(self, values: int) -> None:
        """Count the schema here, and the values that it lists."""
        self.notebook.effort.values_left -= 1 + values

    def local(self, reference: str) -> Any:
        """What a reference within the document (`#/…`) points at, or None."""
        return next((found for root in self.roots if (found := pointed_at(root, reference)) is not None), None)
