"""Records of what an OGC API – Processes server says. No I/O."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class _Absent(Enum):
    ABSENT = "absent"


ABSENT: Final = _Absent.ABSENT
"""Stands for a value that was not sent (None is a JSON value)."""
type Absent = _Absent


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """A configured server and what was learnt about it."""

    name: str
    """Authority of its URIs and prefix of its tools."""
    url: str
    """Root of its API, without trailing slash."""
    embedded: bool
    dialect: str
    """Key into `mcp_server.ogc.dialects.DIALECTS`."""


@dataclass(frozen=True, slots=True)
class ProcessSummary:
    """A process as the list of its server tells it, untouched."""

    id: str
    raw: Mapping[str, Any]
    """The member of the list; the id alone where the server's list leaves the process out."""


@dataclass(frozen=True, slots=True)
class ProcessDescription:
    """A process as its server describes it, untouched."""

    server: ServerIdentity
    id: str
    raw: Mapping[str, Any]
    """The JSON document of `/processes/{id}`."""


@dataclass(frozen=True, slots=True)
class StatusInfo:
    """A job's status (OGC 18-062r2, `statusInfo`)."""

    job_id: str
    process_id: str | None
    status: str
    """`accepted`, `running`, `successful`, `failed` or `dismissed`."""
    progress: float | None
    """Percent."""
    message: str | None
    created: str | None
    started: str | None
    finished: str | None
    updated: str | None
    etag: str | None
    """Of the response; lets a server that supports it hold the next request until something changed."""
    retry_after: float | None
    """Seconds."""
    expires: str | None = None
    """When its server will delete it, where it says so (ours does once the job has ended)."""

    @property
    def final(self) -> bool:
        """Whether the job has ended."""
        return self.status in ("successful", "failed", "dismissed")


@dataclass(frozen=True, slots=True)
class OutputResult:
    """One output as it came."""

    id: str
    media_type: str
    size: int | None
    """Bytes, where known."""
    summary: Mapping[str, Any] | None
    """Where the server sends one (ours does)."""
    value: Any | Absent
    """JSON value, or bytes for what is not JSON; ABSENT where the server sent a reference."""
    href: str | None
    """HTTP URL of the value on its server, where it has one."""
    matched: int | None = None
    """Features or items of the whole value, where `value` is a page of it."""


@dataclass(frozen=True, slots=True)
class Download:
    """The value of an output as bytes, for one reader."""

    media_type: str
    """Without parameters, in small letters; empty where it is not told."""
    size: int | None
    """Bytes, where they are told."""
    sha256: str | None
    """Hex digest of the bytes, where the server tells one (ours does)."""
    pieces: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server made a job of it."""

    status: StatusInfo


@dataclass(frozen=True, slots=True)
class Completed:
    """The server answered with results."""

    job_id: str | None
    """Where the server keeps them as a job."""
    outputs: tuple[OutputResult, ...]


type ExecuteReply = Accepted | Completed
