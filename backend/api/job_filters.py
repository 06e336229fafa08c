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
    if bounds == (None, None) and text not in _OPEN:
        problems.append(InputProblem("datetime", "must be a time of RFC 3339, or two with `/` between (`..` is open)"))
    return bounds


_OPEN = frozenset({"..", "../..", "/", "../", "/.."})


def _moment(text: str) -> datetime | None:
    if text in ("", ".."):
        return None
    moment = datetime.fromisoformat(_UNESCAPED_PLUS.sub("+", text))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _seconds(query: QueryParams, name: str, problems: list[InputProblem]) -> float | None:
    text = query.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) < 12:
        return int(text)
    problems.append(InputProblem(name, f"must be a whole number of seconds, not `{text[:40]}`"))
    return None
