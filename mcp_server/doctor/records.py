"""What an examination finds. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mcp_server.schema.process import Diagnostic, Mode

type Feature = Literal[
    "synchronous", "asynchronous", "dismiss", "job_list", "callback", "paging", "html", "openapi", "deploy"
]
type Example = Literal["accepted", "refused", "none"]


@dataclass(frozen=True, slots=True)
class ServerFinding:
    """A server, as it introduces itself."""

    name: str
    url: str
    title: str
    dialect: str
    """Key into `mcp_server.ogc.dialects.DIALECTS`."""
    conformance: tuple[str, ...]
    """URIs of the conformance classes it declares, sorted."""
    features: Mapping[Feature, bool | None]
    """None where it cannot be told."""


@dataclass(frozen=True, slots=True)
class InputFinding:
    """An input, as a model is told of it."""

    id: str
    argument: str
    """Its name in the tool."""
    type: str
    """The types it takes, in words."""
    required: bool
    by_reference: bool
    """A reference may stand for its value."""
    any_value: bool
    """Nothing could be made of its schema: the server alone judges its values."""


@dataclass(frozen=True, slots=True)
class OutputFinding:
    """An output."""

    id: str
    media_type: str | None


@dataclass(frozen=True, slots=True)
class ProcessFinding:
    """A process, and the tool that becomes of it."""

    id: str
    title: str
    tool: str
    size: int
    """Bytes of the tool as a client receives it."""
    modes: frozenset[Mode]
    inputs: tuple[InputFinding, ...]
    outputs: tuple[OutputFinding, ...]
    repairs: tuple[Diagnostic, ...]
    """What in the description had to be repaired or left out."""
    example: Example
    """Whether the tool takes the author's own example."""
    example_problems: tuple[str, ...]
    """Why it does not."""
    faults: tuple[str, ...]
    """Why the tool's schemas are not what clients take; empty where they are."""
    demonstration: bool
    """It says that it is one: it becomes a tool where that is asked for."""
    changed: str | None = None
    """When and how its description changed since a bridge read it first; None where none did, or it did not."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A process of which no tool can be made."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was found."""

    server: ServerFinding
    processes: tuple[ProcessFinding, ...]
    failures: tuple[Failure, ...]
    excluded: int
    """Processes that the configured patterns leave out; nothing of them was read."""
    seconds: float

    @property
    def usable(self) -> bool:
        """Whether there are processes, and each becomes a tool that clients take."""
        return bool(self.processes) and not self.failures and not any(one.faults for one in self.processes)
