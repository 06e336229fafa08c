"""The values of fields in the types that tables of files have."""

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.geo.vector.number_columns import NumberColumn

DAYS = frozenset(("D",))
TIMES = frozenset(("ms",))
FINE_TIMES = frozenset(("ms", "us"))
"""Units of the moments that a format has: days, times of a day, and those to a millionth of a second."""

_MOMENT = re.compile(
    r"(?!0000)\d{4}-\d\d-\d\d(?P<time>[T ]\d\d:\d\d:\d\d(?:\.\d{1,3}(?P<fine>\d{1,3})?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?",
    re.ASCII,
)
_UTC = 100
_QUARTER = 15
"""GDAL's number of UTC, and the minutes of a step away from it."""
_FARTHEST = 14 * 60
"""Minutes from UTC of the farthest zone that GDAL has."""
_MOST_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Column:
    """The values of a field in a type that a file's table has."""

    values: NDArray[Any]
    missing: NDArray[np.bool_]
    zones: NDArray[np.intp] | None = None
    """Time zones as GDAL numbers them."""
    inexact: int = 0
    """How many whole numbers are not what they were."""
    unheld: str | None = None
    """The unit, `D`, `ms` or `us`, of the moments that all values are the texts of, where the format does not have it.

    It is looked for where the format has any."""


def column(values: Sequence[Any], moments: frozenset[str] = frozenset()) -> Column:
    """The narrowest type that holds all of the values; texts of moments are such where the format has their unit."""
    return Column(values.values, ~values.known) if isinstance(values, NumberColumn) else _typed(values, moments)


def is_elsewhere(one: Column) -> bool:
    """Whether it has times in other zones than UTC."""
    return one.zones is not None and bool((one.zones != _UTC).any())


def in_utc(one: Column) -> Column:
    """Times with zones as those in UTC: a GeoPackage has no others."""
    if one.zones is None:
        return one
    away = ((one.zones - _UTC) * _QUARTER).astype("timedelta64[m]")
    return replace(one, values=one.values - away, zones=np.full(len(one.zones), _UTC))


def texts(values: Sequence[Any]) -> Column:
    """The values as texts."""
    return _texts(values, np.array([value is None for value in values], dtype=np.bool_))


def _typed(values: Sequence[Any], moments: frozenset[str]) -> Column:
    every = set[type](map(type, values))
    kinds = every - {NoneType}
    missing = np.zeros(len(values), dtype=np.bool_)
    if kinds != every:
        missing = np.array([value is None for value in values], dtype=np.bool_)
    if kinds == {bool}:
        return Column(np.array(values, dtype=np.bool_), missing)
    if kinds == {int}:
        # Those that are larger become floating-point numbers.
        with suppress(OverflowError):
            filled = [0 if value is None else value for value in values] if kinds != every else values
            return Column(np.array(filled, dtype=np.int64), missing)
    if kinds and kinds <= {int, float}:
        with suppress(OverflowError):
            numbers = np.array(values, dtype=np.float64)
            return Column(numbers, missing, inexact=_inexact(values, numbers))
    if kinds == {str}:
        found = _moments(values, missing) if moments else None
        unit = None if found is None else np.datetime_data(found.values.dtype)[0]
        if found is not None and unit in moments:
            return found
        return Column(np.fromiter(values, dtype=object, count=len(values)), missing, unheld=unit)
    return _texts(values, missing)


def _inexact(values: Sequence[Any], numbers: NDArray[Any]) -> int:
    """How many whole numbers are others as floating-point ones."""
    large = np.flatnonzero(np.abs(numbers) >= _MOST_EXACT).tolist()
    return sum(isinstance(values[index], int) and values[index] != int(numbers[index]) for index in large)


def _moments(values: Sequence[str | None], missing: NDArray[np.bool_]) -> Column | None:
    """Dates or times, where all values are written as such (ISO 8601), with one form of time zone; else None."""
    present = [value for value in values if value is not None]
    # Most texts are neither, which the first of them shows.
    forms = list(takewhile(bool, map(_MOMENT.fullmatch, present)))
    if len(forms) < len(present) or len({(form["time"] is None, form["zone"] is None) for form in forms if form}) != 1:
        return None
    zones = [
        "" if form is None else form["zone"] or "" for form in (_MOMENT.fullmatch(value or "") for value in values)
    ]
    offsets = [0 if zone in ("", "Z") else _minutes(zone) for zone in zones]
    plain = [None if value is None else value.removesuffix(zone) for value, zone in zip(values, zones, strict=True)]
    fine = any(form["fine"] for form in forms if form)
    unit = "D" if forms[0] and forms[0]["time"] is None else "us" if fine else "ms"
    try:
        moments = np.array(plain, dtype=f"datetime64[{unit}]")
    except ValueError:
        return None
    if any(offset % _QUARTER or abs(offset) > _FARTHEST for offset in offsets):
        return None
    utc = np.array([_UTC + offset // _QUARTER for offset in offsets]) if any(zones) else None
    return Column(moments, missing, utc)


def _minutes(zone: str) -> int:
    """East of Greenwich, of an offset such as `+01:00`."""
    hours, minutes = zone[1:].split(":")
    return (60 * int(hours) + int(minutes)) * (-1 if zone[0] == "-" else 1)


def _texts(values: Sequence[Any], missing: NDArray[np.bool_]) -> Column:
    texts = np.empty(len(values), dtype=object)
    texts[:] = [None if value is None else str(plain(value)) for value in values]
    return Column(texts, missing)


def plain(value: Any) -> Any:
    """A value that a cell of a table can hold: what has parts is written as JSON."""
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False)
    return value


def without_none(values: Iterable[Any], filling: str | bytes) -> NDArray[Any]:
    """The values with this where there is none, for DuckDB; a mask has to tell it which these are.

    DuckDB guesses the type of objects by a sample of them, and fails where the sample is None only.
    """
    return np.array([filling if value is None else value for value in values], dtype=object)
