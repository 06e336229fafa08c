"""Records of a canonical process: what every description is brought to, whatever shape it came in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mcp_server.ogc.models import Absent

DEMONSTRATION = "urn:ogc-processes-mcp:role:demonstration"
"""Role of the `metadata` entry of a process that is there for people, tests and conformance rather than for work."""
IDEMPOTENT = "urn:ogc-processes-mcp:role:idempotent"
"""Role of the `metadata` entry by which a process says that it may be run again and changes nothing but its result."""

TOOLSET = "urn:ogc-processes-mcp:toolset:"
"""With a name behind it, the role by which a process says that it belongs to a tool set."""

type Mode = Literal["sync-execute", "async-execute"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something in a description that had to be repaired or left out."""

    path: str
    """JSON path in the description, e.g. `$.inputs.distance.schema`."""
    message: str


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input of a process."""

    id: str
    title: str
    description: str
    schema: dict[str, Any]
    """JSON Schema 2020-12 of ONE value: no references, no oneOf or allOf, one type per branch; `{}` is any value."""
    required: bool
    multiple: bool
    """More than one value is taken: an array of values beside a single one."""
    min_items: int
    """Fewest values (minOccurs)."""
    max_items: int | None
    """Most values (maxOccurs); None is unbounded."""
    by_reference: bool
    """The value is complex: a reference may stand for it."""
    default: Any | Absent
    original: Any
    """The input as its server describes it."""


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One output of a process."""

    id: str
    title: str
    description: str
    schema: dict[str, Any]
    media_type: str | None


@dataclass(frozen=True, slots=True)
class CanonicalProcess:
    """A process in the one shape that tools are made of."""

    id: str
    title: str
    description: str
    version: str
    keywords: tuple[str, ...]
    roles: frozenset[str]
    """Roles of its `metadata` entries (OGC 18-062r2, `metadata`)."""
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    modes: frozenset[Mode]
    """Job control options; synchronous where none are declared (OGC 18-062r2, 7.11.2.3)."""
    example: Mapping[str, Any] | None
    """Inputs of the author's own example execution."""
    diagnostics: tuple[Diagnostic, ...]
