"""Which jobs a client wants listed (OGC 18-062r2, 11.2: conformance class job list). Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from backend.errors import InputProblem, InvalidRequestError
from backend.jobs.records import Job
from backend.jobs.states import JobStatus

FILTERS = ("type", "processID", "status", "datetime", "minDuration", "maxDuration")
"""Query parameters that select jobs."""

_ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Conditions that a job must meet, all of them."""

    types: frozenset[str]
    """Empty, as with the next two: any."""
    process_ids: frozenset[str]
    statuses: frozenset[JobStatus]
    created: tuple[datetime, datetime]
    """From and until, both included."""
    duration: tuple[float, float]
    """Seconds from the start to the end or, for a running job, until now: at least and at most."""

    def accepts(self, job: Job, now: datetime) -> bool:
        """Whether the job meets the conditions."""
        return (
            (not self.types or "process" in self.types)
            and (not self.process_ids or job.process_id in self.process_ids)
            and (not self.statuses or job.status in self.statuses)
            and self.created[0] <= job.created <= self.created[1]
            and self._lasted(job, now)
        )

    def _lasted(self, job: Job, now: datetime) -> bool:
        least, most = self.duration
        if (least, most) == (0, math.inf):
            return True
        if job.started is None:
            return False
        return least <= ((job.finished or now) - job.started).total_seconds() <= most


def read_filter(query: QueryParams) -> JobFilter | None:
    """The filter that a query asks for; None where it asks for all jobs.

    Raises:
        InvalidRequestError: A value is none that the standard permits; names all of them.
    """
    if not any(name in query for name in FILTERS):
        return None
    problems: list[InputProblem] = []
    wanted = JobFilter(
        types=frozenset(_values(query, "type")),
        process_ids=frozenset(_values(query, "processID")),
        statuses=_statuses(query, problems),
        created=_interval(query, problems),
        duration=(_seconds(query, "minDuration", 0, problems), _seconds(query, "maxDuration", math.inf, problems)),
    )
    if problems:
        raise InvalidRequestError("The jobs to be listed cannot be told.", problems)
    return wanted


def _values(query: QueryParams, name: str) -> Sequence[str]:
    """Values given in one list or by several parameters."""
    return [value for values in query.getlist(name) for value in values.split(",") if value]


def _statuses(query: QueryParams, problems: list[InputProblem]) -> frozenset[JobStatus]:
    names = _values(query, "status")
    known = {status.value for status in JobStatus}
    unknown = [name for name in names if name not in known]
    if unknown:
        problems.append(InputProblem("status", f"must be of {', '.join(sorted(known))}, not `{unknown[0][:40]}`"))
    return frozenset(JobStatus(name) for name in names if name in known)


def _interval(query: QueryParams, problems: list[InputProblem]) -> tuple[datetime, datetime]:
    text = query.get("datetime")
    if text is None:
        return _ALWAYS
    begin, slash, end = text.partition("/")
    try:
        earliest = _ALWAYS[0] if begin in ("", "..") else _moment(begin)
        latest = earliest if not slash else _ALWAYS[1] if end in ("", "..") else _moment(end)
    except ValueError:
        problems.append(InputProblem("datetime", "must be a time of RFC 3339, or two with `/` between (`..` is open)"))
        return _ALWAYS
    return earliest, latest


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(query: QueryParams, name: str, default: float, problems: list[InputProblem]) -> float:
    text = query.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) < 12:
        return int(text)
    problems.append(InputProblem(name, f"must be a whole number of seconds, not `{text[:40]}`"))
    return default
