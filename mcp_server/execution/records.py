"""What became of an execution. Records; no I/O."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mcp_server.ogc.models import OutputResult
from mcp_server.references import JobReference, KeptReference, ResultReference

type Notify = Callable[[float | None, str | None], Awaitable[None]]
"""Told of progress: percent (None where it is not known) and message."""


async def tell_nobody(_percent: float | None, _message: str | None) -> None:
    """A `Notify` for where nobody asked to be told of progress."""


@dataclass(frozen=True, slots=True)
class ReferencedOutput:
    """One output, and the URI under which it can be read or used as an input."""

    uri: ResultReference | KeptReference
    output: OutputResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """An execution as it stands."""

    server: str
    process_id: str
    status: str
    """`accepted`, `running`, `successful`, `failed` or `dismissed`."""
    job: JobReference | None
    """None where the server made no job of it."""
    progress: float | None = None
    """Percent."""
    message: str | None = None
    outputs: tuple[ReferencedOutput, ...] = ()
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
