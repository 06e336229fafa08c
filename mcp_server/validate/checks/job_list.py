"""The list of jobs and its filters (18-062r2, conformance class job-list)."""

import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mcp_server.schema.plain import as_list, as_object
from mcp_server.validate import schemas
from mcp_server.validate.checks.openapi import check_parameter
from mcp_server.validate.checks.processes import check_limit, check_links
from mcp_server.validate.executions import asynchronous
from mcp_server.validate.moments import moment
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import InapplicableError, ViolationError
from mcp_server.validate.session import Session

_PATH: Final = "/jobs"
_ROUNDING: Final = timedelta(seconds=1)
"""Moments may be told in whole seconds."""
_LONG_SECONDS: Final = 1_000_000


async def operation(session: Session) -> None:
    """`GET /jobs` is supported."""
    (await _list(session)).expect_success("a list of jobs is asked for")


async def success(session: Session) -> None:
    """The list has the status of each job, and links."""
    answer = await _list(session)
    answer.expect(200, asks="200 is asked for")
    schemas.check(answer, schemas.JOB_LIST, "list of jobs")


async def process_id_mandatory(session: Session) -> None:
    """Each status of the list names its process."""
    answer, jobs = await _jobs(session)
    for job in jobs:
        if not isinstance(job.get("processID"), str):
            raise answer.violation(f"lists the job {job.get('jobID')!r} without its processID")


async def links(session: Session) -> None:
    """The list links to itself and to its other representations."""
    await check_links(session, await _list(session))


async def limit(session: Session) -> None:
    """`limit` bounds the list."""
    await _list(session)
    await check_limit(session, _PATH, "jobs")


async def type_response(session: Session) -> None:
    """`type=process` lists processes: in 1.0, all jobs."""
    await _jobs(session)
    answer, found = await _filtered(session, type="process")
    _check_each(answer, found, "type", "process")
    if not found:
        raise answer.violation("lists no job; every job there is, is of this type")


async def process_id_response(session: Session) -> None:
    """`processID` lists the jobs of that process, and no others."""
    _, jobs = await _jobs(session)
    known = next((job["processID"] for job in jobs if isinstance(job.get("processID"), str)), None)
    if known is None:
        raise InapplicableError("no job tells its processID")
    answer, found = await _filtered(session, processID=known)
    _check_each(answer, found, "processID", known)
    if not found:
        raise answer.violation("lists no job; there is one of this process")
    await _check_none(session, "of another process", processID="no-such-process-as-this")


async def status_response(session: Session) -> None:
    """`status` lists the jobs of that status, and no others."""
    _, jobs = await _jobs(session)
    known = next((job["status"] for job in jobs if job.get("status") in ("successful", "failed")), None)
    if known is None:
        raise InapplicableError("no job has ended")
    answer, found = await _filtered(session, status=known)
    _check_each(answer, found, "status", known)
    if not found:
        raise answer.violation("lists no job; there is one of this status")
    other = "failed" if known == "successful" else "successful"
    answer, found = await _filtered(session, status=other)
    _check_each(answer, found, "status", other)


async def datetime_response(session: Session) -> None:
    """`datetime` lists the jobs created then, and no others."""
    _, jobs = await _jobs(session)
    created = next((job["created"] for job in jobs if _moment(job.get("created"))), None)
    start = _moment(created)
    if created is None or start is None:
        raise InapplicableError("no job tells when it was created")
    await _check_none(session, "created later", datetime="../1990-01-01T00:00:00Z")
    answer, found = await _filtered(session, datetime=f"{created}/..")
    for job in found:
        told = _moment(job.get("created"))
        if told is None or told < start - _ROUNDING:
            raise answer.violation(f"lists a job created {job.get('created')!r}, before {created}")
    if not found:
        raise answer.violation(f"lists no job; there is one created {created}")


async def duration_response(session: Session) -> None:
    """`minDuration` and `maxDuration` list the jobs that took so long, and no others."""
    _, jobs = await _jobs(session)
    told = [seconds for job in jobs if (seconds := _duration(job)) is not None]
    if not told:
        raise InapplicableError("no job tells when it was started and finished")
    most = math.ceil(min(told)) + 1
    for parameters in (
        {"minDuration": _LONG_SECONDS},
        {"maxDuration": most},
        {"minDuration": 0, "maxDuration": most},
        {"minDuration": 0},
    ):
        answer, found = await _filtered(session, **parameters)
        for job in found:
            _check_duration(answer, job, parameters)
        if not found and parameters.get("minDuration") != _LONG_SECONDS:
            raise answer.violation(f"lists no job; there is one that took {min(told):.3g} s")


async def limit_definition(session: Session) -> None:
    """`limit` is defined as an optional integer."""
    await check_parameter(session, _PATH, "limit", ("integer",))


async def type_definition(session: Session) -> None:
    """`type` is defined as an optional array."""
    await check_parameter(session, _PATH, "type", ("array",))


async def process_id_definition(session: Session) -> None:
    """`processID` is defined as an optional array."""
    await check_parameter(session, _PATH, "processID", ("array",))


async def status_definition(session: Session) -> None:
    """`status` is defined as an optional array."""
    await check_parameter(session, _PATH, "status", ("array",))


async def datetime_definition(session: Session) -> None:
    """`datetime` is defined as an optional string."""
    await check_parameter(session, _PATH, "datetime", ("string",))


async def duration_definition(session: Session) -> None:
    """`minDuration` and `maxDuration` are defined as optional numbers."""
    # Editions differ in whether it is an integer or an array of them; a number of seconds is what all of them mean.
    for name in ("minDuration", "maxDuration"):
        await check_parameter(session, _PATH, name, ("integer", "number", "array"))


async def _list(session: Session) -> Answer:
    """The list once there is a job in it, if there can be."""
    # What is wrong with executions is told by their own tests.
    with suppress(ViolationError, InapplicableError):
        await asynchronous(session)
    return await session.job_list()


async def _jobs(session: Session) -> tuple[Answer, list[dict[str, Any]]]:
    answer = await _list(session)
    answer.expect(200, asks="200 is asked for")
    jobs = _listed(answer)
    if not jobs:
        raise InapplicableError("the list has no job")
    return answer, jobs


async def _filtered(session: Session, **parameters: Any) -> tuple[Answer, list[dict[str, Any]]]:
    answer = await session.recorder.get(_PATH, params=parameters)
    answer.expect(200, asks="200 is asked for, as the value is a valid one")
    return answer, _listed(answer)


async def _check_none(session: Session, what: str, **parameters: Any) -> None:
    """A filter that no job passes. An unknown value may be refused as well: the standard does not tell."""
    answer = await session.recorder.get(_PATH, params=parameters)
    if answer.status in (400, 404):
        return
    answer.expect(200, asks="200 with an empty list, or 400, is asked for")
    found = _listed(answer)
    if found:
        raise answer.violation(f"lists {len(found)} jobs {what}")


def _listed(answer: Answer) -> list[dict[str, Any]]:
    return [as_object(job) for job in as_list(answer.json_object().get("jobs"))]


def _check_each(answer: Answer, jobs: list[dict[str, Any]], member: str, value: str) -> None:
    for job in jobs:
        if job.get(member) != value:
            raise answer.violation(f"lists a job with the {member} {job.get(member)!r}")


def _check_duration(answer: Answer, job: Mapping[str, Any], parameters: Mapping[str, int]) -> None:
    seconds = _duration(job)
    if seconds is None:
        raise answer.violation(f"lists the job {job.get('jobID')!r}, which does not tell how long it took")
    slack = _ROUNDING.total_seconds()
    least, most = parameters.get("minDuration", 0), parameters.get("maxDuration", math.inf)
    if not least - slack <= seconds <= most + slack:
        raise answer.violation(f"lists a job that took {seconds:.3g} s")


def _duration(job: Mapping[str, Any]) -> float | None:
    """Seconds from start to end, or until now while the job runs."""
    started, finished = _moment(job.get("started")), _moment(job.get("finished"))
    if job.get("status") == "running" and finished is None:
        finished = datetime.now(UTC)
    return None if started is None or finished is None else (finished - started).total_seconds()


def _moment(value: Any) -> datetime | None:
    """A moment; one without an offset, which is a fault of its own, is taken as UTC."""
    return (moment(value) or moment(f"{value}Z")) if isinstance(value, str) else None
