"""Temporal values and predicates of CQL2 (OGC 21-065r2, 7.7), on arrays of microseconds since 1970 in UTC."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backend.errors import ProcessRefusedError, refuse
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.vector.columns import ORDER, Column, condition
from backend.geo.vector.fields import shown
from backend.geo.vector.moments import DATE_LENGTH, micros_of, moment_of
from backend.geo.vector.text_order import remedy_for_dates

type Instants = NDArray[np.int64]

BY_DAY = "Times were compared with a date by their day in UTC: a date stands for the whole of it."
WITHOUT_ZONE = "Times without a zone were taken for UTC."
ENDS = "T_DURING leaves out what touches an end of the interval (OGC 21-065r2); T_INTERSECTS has it."
_DAY = 86_400_000_000
_ALWAYS = 2**62
_MOST_LOOKED_AT = 100
"""Values of a field that tell whether it has times."""
_DAY_ONLY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DAY_AND_TIME = re.compile(r"(?:\d{4}-\d\d-\d\d[T ]|\d{4}/\d\d/\d\d )\d\d:\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Periods:
    """From when to when; an instant begins where it ends. One for each feature, or a single one for all."""

    start: Instants
    end: Instants
    known: Booleans
    dated: bool
    """They are days, not times."""
    zoneless: bool = False
    """Some are times without a zone."""

    def by_day(self) -> "Periods":
        """The days on which they begin and end."""
        return replace(self, start=self.start // _DAY, end=self.end // _DAY)


type Relation = Callable[[Periods, Periods], Any]

RELATIONS: Mapping[str, Relation] = {
    "t_after": lambda a, b: a.start > b.end,
    "t_before": lambda a, b: a.end < b.start,
    "t_contains": lambda a, b: (a.start < b.start) & (a.end > b.end),
    "t_disjoint": lambda a, b: (a.end < b.start) | (a.start > b.end),
    "t_during": lambda a, b: (a.start > b.start) & (a.end < b.end),
    "t_equals": lambda a, b: (a.start == b.start) & (a.end == b.end),
    "t_finishedby": lambda a, b: (a.start < b.start) & (a.end == b.end),
    "t_finishes": lambda a, b: (a.start > b.start) & (a.end == b.end),
    "t_intersects": lambda a, b: (a.start <= b.end) & (a.end >= b.start),
    "t_meets": lambda a, b: a.end == b.start,
    "t_metby": lambda a, b: a.start == b.end,
    "t_overlappedby": lambda a, b: (a.start > b.start) & (a.start < b.end) & (a.end > b.end),
    "t_overlaps": lambda a, b: (a.start < b.start) & (a.end > b.start) & (a.end < b.end),
    "t_startedby": lambda a, b: (a.start == b.start) & (a.end > b.end),
    "t_starts": lambda a, b: (a.start == b.start) & (a.end < b.end),
}
"""Allen's relations, as the standard defines them by the ends of the two periods."""


def is_temporal(node: Any) -> bool:
    """A literal of CQL2 JSON that is a date, a time or an interval."""
    return isinstance(node, Mapping) and any(key in node for key in ("date", "timestamp", "interval"))


def is_day(literal: Any) -> bool:
    """Whether it is a text that is written as a date is."""
    return isinstance(literal, str) and _DAY_ONLY.fullmatch(literal) is not None


def times_beside(day: Any, column: Column) -> Periods | None:
    """The times of a field that is compared with the text of a date: as texts, those of that day come after it.

    None where the text is no date, or the field has something else than times.
    """
    if not is_day(day) or column.kind != "text":
        return None
    texts = column.values[column.known][:_MOST_LOOKED_AT].tolist()
    if not any(map(_DAY_AND_TIME.match, texts)):
        return None
    try:
        moment_of(day, None)
        return column_periods(column)
    except ProcessRefusedError:
        return None


def literal_periods(node: Mapping[str, Any], column: Callable[[Any], Column]) -> Periods:
    """Read a temporal literal; `column` finds the fields that an interval may name.

    Raises:
        ProcessRefusedError: it is no date, time or interval.
    """
    if "interval" not in node:
        return _instant(next(node[key] for key in ("date", "timestamp") if key in node))
    ends = cast("list[Any]", node["interval"])
    if type(ends) is not list or len(ends) != 2:
        refuse("an interval has two ends: dates, times or '..'")
    start, end = _end(ends[0], -_ALWAYS, column), _end(ends[1], _ALWAYS, column)
    if len(start.start) == len(end.start) == 1 and start.start[0] > end.end[0]:
        refuse("the interval ends before it begins")
    return Periods(
        start.start, end.end, start.known & end.known, start.dated or end.dated, start.zoneless or end.zoneless
    )


def column_periods(column: Column) -> Periods:
    """The dates or times in a field of texts in ISO 8601.

    Raises:
        ProcessRefusedError: a value of it is none.
    """
    texts = column.need("text", "dates and times are texts here, such as '2024-05-31' or '2024-05-31T12:00:00Z'")
    read: dict[str, datetime] = {}
    for text in dict.fromkeys(texts.values[texts.known].tolist()):
        try:
            read[text] = moment_of(text, column.name)
        except ProcessRefusedError as error:
            refuse(f"{error}{remedy_for_dates(texts)}")
    dated = all(len(text) == DATE_LENGTH for text in read)
    micros = {text: micros_of(moment) for text, moment in read.items()}
    values = np.array([micros.get(text, 0) for text in texts.values.tolist()], dtype=np.int64)
    zoneless = any(moment.tzinfo is None and len(text) != DATE_LENGTH for text, moment in read.items())
    return Periods(values, values, texts.known, dated and bool(read), zoneless)


def related(operation: str, first: Periods, second: Periods, warnings: list[str]) -> Column:
    """Whether a relation or a comparison holds; days decide where one of the two is a date."""
    if first.zoneless or second.zoneless:
        warnings.append(WITHOUT_ZONE)
    if first.dated != second.dated:
        warnings.append(BY_DAY)
    if first.dated or second.dated:
        first, second = first.by_day(), second.by_day()
    known = first.known & second.known
    if operation in ORDER:
        return condition(ORDER[operation](first.start, second.start), known)
    if operation == "t_during" and (known & ((first.start == second.start) | (first.end == second.end))).any():
        warnings.append(ENDS)
    return condition(RELATIONS[operation](first, second), known)


def among_days(days: Sequence[str], times: Periods, warnings: list[str]) -> Column:
    """Whether a time is on one of many days."""
    wanted = [micros_of(moment_of(day, None)) // _DAY for day in days]
    warnings += [BY_DAY, *([WITHOUT_ZONE] if times.zoneless else [])]
    return condition(np.isin(times.start // _DAY, wanted), times.known)


def _end(node: Any, always: int, column: Callable[[Any], Column]) -> Periods:
    if node in ("..", "", None):
        end = np.array([always])
        return Periods(end, end, np.array([True]), dated=False)
    if isinstance(node, str):
        return _instant(node)
    return literal_periods(node, column) if is_temporal(node) else column_periods(column(node))


def _instant(text: Any) -> Periods:
    if not isinstance(text, str):
        refuse(f"{shown(text)} is no date or time: give a text such as '2024-05-31'")
    moment = moment_of(text, None)
    value = np.array([micros_of(moment)])
    dated = len(text) == DATE_LENGTH
    return Periods(value, value, np.array([True]), dated, moment.tzinfo is None and not dated)
