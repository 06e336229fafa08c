"""What became of an execution. Records; no I/O."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mcp_server.ogc.models import OutputResult
from mcp_server.references import JobReference, KeptReference, ResultReference

type Notify = Callable[[float | None, str | None], Awaitable[None]]
"""Told of progress: percent (None where it is not known) and message."""


@dataclass(frozen=True, slots=True)
class ReferencedOutput:
    """One output, and the URI under which it can be read or used as an input."""

    uri: ResultReference | KeptReference
    output: OutputResult


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution as it stands."""

    server: str
    process_id: str
    status: str
    """`accepted`, `running`, `successful`, `failed` or `dismissed`."""
    job: JobReference | None
    """None where the server made no job of it."""
    progress: float | None
    """Percent."""
    message: str | None
    outputs: tuple[ReferencedOutput, ...]
    """Empty unless it was successful."""
    created: str | None = None
    """When its job was made, as its server writes it, where that is known."""


@dataclass(frozen=True, slots=True)
class JobList:
    """The newest jobs of several servers."""

    jobs: tuple[Execution, ...]
    """Newest first."""
    warnings: tuple[str, ...]
    """Whose jobs are missing, and why."""
