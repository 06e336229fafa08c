"""What is known of a job. Frozen records; no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from backend.jobs.states import FINAL, JobStatus

type ResponseForm = Literal["raw", "document"]
"""`response` of an execute request: the values themselves, or a results document."""

type CompleteAttempt = tuple[str, int]
"""Job id and number of an attempt of which all results are stored: all that is left to do is to end the job."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is to be told of a job: URLs, of which any may be missing."""

    success_uri: str | None = None
    failed_uri: str | None = None
    progress_uri: str | None = None

    def uri_of_end(self, status: JobStatus) -> str | None:
        """Where that end of a job is told. To be dismissed is to end without results."""
        return self.success_uri if status is JobStatus.SUCCESSFUL else self.failed_uri


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A validated execute request."""

    process_id: str
    inputs: Mapping[str, Any]
    """Input id → JSON value, qualified values unwrapped; references to results of this server still in place."""
    outputs: tuple[str, ...] | None
    """Requested output ids in the caller's order; None means all."""
    response: ResponseForm
    idempotent: bool
    """The process may be run again after its worker or server died."""
    by_reference: tuple[str, ...] = ()
    """Output ids that the client wants as links (`transmissionMode: reference`)."""
    subscriber: Subscriber | None = None
    trace: str | None = None
    """`traceparent` of the request, where it belongs to a trace."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job that is to be stored."""

    request: JobRequest
    owner: str | None
    """The engine that claims it at once; None where it is to wait."""


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs to list: those that meet all conditions. What is empty or None is no condition."""

    process_ids: tuple[str, ...] = ()
    statuses: tuple[JobStatus, ...] = ()
    created_from: datetime | None = None
    """Included, as are the other bounds."""
    created_to: datetime | None = None
    min_seconds: float | None = None
    """From the start to the end of the process or, while it runs, until now; a job not started has no duration."""
    max_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed, as its problem document will say."""

    kind: Literal["refused", "failed", "exceeded", "lost"]
    """ProcessRefusedError, ProcessFailedError, LimitExceededError or JobLostError of `backend.errors`."""
    message: str
    path: str | None = None
    """JSON path of the input at fault, where there is one."""


@dataclass(frozen=True, slots=True)
class ResultRecord:
    """One output of a successful job, without its bytes."""

    output_id: str
    media_type: str
    size: int
    """Bytes."""
    sha256: str
    """Hex digest of the bytes."""
    summary: Mapping[str, Any]
    """Made by `summaries.summarise` when the result was written."""


type StoredResult = tuple[ResultRecord, bytes | Path]
"""A result and its bytes, or the file that holds them."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the store tells it."""

    id: str
    process_id: str
    status: JobStatus
    created: datetime
    """UTC, as are the other times."""
    started: datetime | None
    finished: datetime | None
    updated: datetime
    progress: int
    """Percent, 0 to 100."""
    message: str
    response: ResponseForm
    outputs: tuple[str, ...] | None
    failure: Failure | None
    version: int
    """Grows with every change: the job's ETag."""
    dismiss_requested: bool
    by_reference: tuple[str, ...] = ()
    expires: datetime | None = None
    """When it is removed with its results, at the latest; None while it has not ended, or where jobs are kept."""
    trace: str | None = None
    """`traceparent` of the request that it was accepted with, where that belongs to a trace."""

    @property
    def final(self) -> bool:
        """Whether the process no longer runs."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class StartedJob:
    """A job as the worker receives it that runs it."""

    id: str
    process_id: str
    inputs: dict[str, Any]
    outputs: tuple[str, ...] | None
    attempt: int
    """Counts from 1. The worker may end the job only while this is still the job's latest attempt."""
    durable: bool
    """The end of the job must be on the disk before anybody is told of it."""
    inputs_apart: bool = False
    """Its inputs are in a file of their own."""
    trace: str | None = None
    """`traceparent` of what the run belongs to, if there is a trace."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of the results folder that holds a whole result, and that no row tells of yet."""

    name: str
    """Relative to the folder."""
    size: int
    sha256: str


type KeptResult = bytes | WrittenFile
"""A result as the store took it: nobody is told of it yet."""


@dataclass(frozen=True, slots=True)
class NewResult:
    """One output, ready to be stored."""

    output_id: str
    media_type: str
    data: KeptResult
    summary: Mapping[str, Any]
