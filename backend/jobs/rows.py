"""Rows of the store as records, and records as rows. Pure."""

import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from backend.errors import (
    BackendError,
    JobLostError,
    LimitExceededError,
    ProcessFailedError,
    ProcessRefusedError,
    ResultGoneError,
    ResultNotReadyError,
)
from backend.jobs.records import Failure, Job, JobRequest, NewResult, ResultRecord
from backend.jobs.states import JobStatus


def compact(value: Any) -> bytes:
    """JSON as it is stored."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def job_row(job_id: str, request: JobRequest, now: float, *, owner: str | None, durable: bool) -> dict[str, Any]:
    """An accepted job, without its inputs."""
    return {
        "id": job_id,
        "process_id": request.process_id,
        "status": JobStatus.ACCEPTED.value,
        "created": now,
        "updated": now,
        "progress": 0,
        "message": "",
        "attempts": 0,
        "dismiss_requested": False,
        "version": 1,
        "response": request.response,
        "outputs": None if request.outputs is None else compact(request.outputs).decode(),
        "by_reference": compact(request.by_reference).decode() if request.by_reference else None,
        "idempotent": request.idempotent,
        "durable": durable,
        "owner": owner,
        "trace": request.trace,
    }


def accepted_job(job_id: str, request: JobRequest, now: float) -> Job:
    """What `job_row` says, as a record."""
    return Job(
        id=job_id,
        process_id=request.process_id,
        status=JobStatus.ACCEPTED,
        created=_time(now),
        started=None,
        finished=None,
        updated=_time(now),
        progress=0,
        message="",
        response=request.response,
        outputs=request.outputs,
        by_reference=request.by_reference,
        failure=None,
        version=1,
        dismiss_requested=False,
        trace=request.trace,
    )


def job_record(row: Any, keep_seconds: float | None) -> Job:
    """A row of `jobs`. `keep_seconds`: how long a job is kept once it has ended; None means for ever."""
    failure = expires = None
    if row.finished is not None and keep_seconds is not None:
        expires = _time_of_calendar(row.finished + keep_seconds)
    if row.failure_kind is not None:
        failure = Failure(row.failure_kind, row.failure_message, row.failure_path)
    return Job(
        id=row.id,
        process_id=row.process_id,
        status=JobStatus(row.status),
        created=_time(row.created),
        started=None if row.started is None else _time(row.started),
        finished=None if row.finished is None else _time(row.finished),
        updated=_time(row.updated),
        progress=row.progress,
        message=row.message,
        response=row.response,
        outputs=None if row.outputs is None else tuple(json.loads(row.outputs)),
        by_reference=() if row.by_reference is None else tuple(json.loads(row.by_reference)),
        failure=failure,
        version=row.version,
        dismiss_requested=bool(row.dismiss_requested),
        expires=expires,
        trace=row.trace,
    )


def result_record(row: Any) -> ResultRecord:
    """A row of `results`."""
    return ResultRecord(row.output_id, row.media_type, row.size, row.sha256, json.loads(row.summary))


def result_row(job_id: str, position: int, output: NewResult) -> dict[str, Any]:
    """A result with its bytes inline, or the name of the file that has them."""
    data = output.data
    inline = isinstance(data, bytes)
    return {
        "job_id": job_id,
        "output_id": output.output_id,
        "position": position,
        "media_type": output.media_type,
        "size": len(data) if inline else data.size,
        "sha256": hashlib.sha256(data).hexdigest() if inline else data.sha256,
        "summary": compact(dict(output.summary)).decode(),
        "data": data if inline else None,
        "file": None if inline else data.name,
    }


def require_success(job: Job) -> None:
    """Raise what keeps a job from having results, if anything does."""
    match job.status:
        case JobStatus.SUCCESSFUL:
            return
        case JobStatus.FAILED if job.failure is not None:
            raise failure_error(job.failure)
        case JobStatus.DISMISSED:
            raise ResultGoneError("The job was dismissed: its results are gone.")
        case _:
            raise ResultNotReadyError(f"The job is {job.status}: there is no result yet.")


def failure_error(failure: Failure) -> BackendError:
    """The error that a failed job answers with."""
    match failure.kind:
        case "refused":
            return ProcessRefusedError(failure.message, path=failure.path)
        case "failed":
            return ProcessFailedError(failure.message)
        case "exceeded":
            return LimitExceededError(failure.message)
        case "lost":
            return JobLostError(failure.message)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _time_of_calendar(seconds: float) -> datetime | None:
    """The time; None where it is later than any that a calendar has: that is never."""
    with suppress(ValueError, OverflowError, OSError):
        return _time(seconds)
    return None
