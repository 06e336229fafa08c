"""The functions of dates and times that an expression may call: these are texts in ISO 8601."""

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from backend.errors import ProcessRefusedError, refuse
from backend.geo.vector.columns import Column
from backend.geo.vector.moments import micros_of, moment_of

type Function = Callable[[str, Sequence[Column]], Column]

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND


def _part(take: Callable[[datetime], int]) -> Function:
    """A part of the date as it is written, whatever its zone; texts that are no dates have none."""

    def function(name: str, arguments: Sequence[Column]) -> Column:
        if len(arguments) != 1:
            refuse(f"{name}() takes 1 date, not {len(arguments)}")
        moments = _moments(name, arguments[0])
        known = np.array([moment is not None for moment in moments], dtype=np.bool_)
        parts = [0 if moment is None else take(moment) for moment in moments]
        return Column(np.array(parts, dtype=np.int64), known, "number", f"{name}()")

    return function


def _between(unit: int) -> Function:
    """How long it is from the first to the second, below zero where that is earlier; times without a zone are UTC."""

    def function(name: str, arguments: Sequence[Column]) -> Column:
        if len(arguments) != 2:
            refuse(f"{name}() takes 2 dates, the earlier first, not {len(arguments)}")
        first, second = (_moments(name, column) for column in arguments)
        if len(first) != len(second):
            size = max(len(first), len(second))
            first, second = (side * size if len(side) == 1 else side for side in (first, second))
        pairs = list(zip(first, second, strict=True))
        known = np.array([None not in pair for pair in pairs], dtype=np.bool_)
        lasted = [0 if a is None or b is None else micros_of(b) - micros_of(a) for a, b in pairs]
        whole = all(micros % unit == 0 for micros in lasted)
        values = [micros // unit if whole else micros / unit for micros in lasted]
        return Column(np.array(values, dtype=np.int64 if whole else np.float64), known, "number", f"{name}()")

    return function


def _moments(name: str, column: Column) -> list[datetime | None]:
    texts = column.need("text", f"{name}() needs dates as texts, such as '2024-05-31' or '2024-05-31T12:00:00Z'")
    read: dict[str, datetime | None] = {}
    for text in dict.fromkeys(texts.values[texts.known].tolist()):
        try:
            read[text] = moment_of(text.strip(), None)
        except ProcessRefusedError:
            read[text] = None
    return [read[text] if known else None for text, known in zip(texts.values.tolist(), texts.known, strict=True)]


DATE_FUNCTIONS: dict[str, Function] = {
    "year": _part(lambda moment: moment.year),
    "month": _part(lambda moment: moment.month),
    "day": _part(lambda moment: moment.day),
    "days_between": _between(_DAY),
    "seconds_between": _between(_SECOND),
}
