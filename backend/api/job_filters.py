"""Which jobs a client wants listed (OGC 18-062r2, 11.2: conformance class job list). Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from backend.errors import InputProblem, InvalidRequestError
from backend.jobs.records import JobQuery
from backend.jobs.states import JobStatus

FILTERS = ("type", "processID", "status", "datetime", "minDuration", "maxDuration")
"""Query parameters that select jobs."""

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
"""`date-time` of RFC 3339, 5.6; Python reads more of ISO 8601: weeks, basic formats, times of no known zone."""
_UNESCAPED_PLUS = re.compile(r" (?=\d\d:\d\d$)")
"""The sign of an offset such as `+02:00`, which a query that does not escape it turns into a space."""

type Bounds = tuple[datetime | None, datetime | None]


def read_filter(query: QueryParams) -> JobQuery | None:
    """The jobs that a query asks for; None where no job can be meant.

    Raises:
        InvalidRequestError: A value is none that the standard permits; names all of them.
    """
    problems: list[InputProblem] = []
    created_from, created_to = _interval(query, problems)
    wanted = JobQuery(
        process_ids=tuple(_values(query, "processID")),
        statuses=tuple(_statuses(query, problems)),
        created_from=created_from,
        created_to=created_to,
        min_seconds=_seconds(query, "minDuration", problems),
        max_seconds=_seconds(query, "maxDuration", problems),
    )
    if problems:
        raise InvalidRequestError("The jobs to be listed cannot be told.", problems)
    types = _values(query, "type")
    return None if types and "process" not in types else wanted


def _values(query: QueryParams, name: str) -> Sequence[str]:
    """Values given in one list or by several parameters."""
    return [value for values in query.getlist(name) for value in values.split(",") if value]


def _statuses(query: QueryParams, problems: list[InputProblem]) -> Iterable[JobStatus]:
    names = _values(query, "status")
    known = {status.value for status in JobStatus}
    unknown = [name for name in names if name not in known]
    if unknown:
        problems.append(InputProblem("status", f"must be of {', '.join(sorted(known))}, not `{unknown[0][:40]}`"))
    return [JobStatus(name) for name in names if name in known]


def _interval(query: QueryParams, problems: list[InputProblem]) -> Bounds:
    """An instant, or two with `/` between, of which one may be open: `..` or nothing."""
    text = query.get("datetime")
    if text is None:
        return None, None
    begin, slash, end = text.partition("/")
    try:
        bounds = _moment(begin), _moment(end if slash else begin)
    except (ValueError, OverflowError):
        bounds = None, None
    if bounds == (None, None):
        problems.append(InputProblem("datetime", _DATETIME_FORM))
    return bounds


_DATETIME_FORM = (
    "must be an RFC 3339 date-time with its offset, such as 2026-01-31T12:00:00Z, "
    "or two with `/` between, of which one may be `..`"
)


def _moment(text: str) -> datetime | None:
    """The instant in UTC; None for an open end.

    Raises:
        ValueError: It is no date-time of RFC 3339.
        OverflowError: It lies outside the years that there are.
    """
    if text in ("", ".."):
        return None
    written = _UNESCAPED_PLUS.sub("+", text)
    if not _DATE_TIME.fullmatch(written):
        raise ValueError(text)
    return datetime.fromisoformat(written.upper()).astimezone(UTC)


def _seconds(query: QueryParams, name: str, problems: list[InputProblem]) -> float | None:
    text = query.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 12:
        return int(text)
    problems.append(InputProblem(name, f"must be a whole number of seconds, not `{text[:40]}`"))
    return None
