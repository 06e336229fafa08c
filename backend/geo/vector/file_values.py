"""The values of a file's fields as JSON has them, with a word on those that it cannot hold."""

import math
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast

import numpy as np
import orjson
from numpy.typing import NDArray

from backend.geo.vector.number_columns import NumberColumn

_MOST_EXACT = 2**53
_AT_ONCE = 1 << 18
"""Numbers that are written and read at a time."""
_SIMPLE = {str, int, bool, type(None)}
"""Types of values that are JSON as they are."""


def values_of(column: NDArray[Any], declared: np.dtype[Any], name: str, told: list[str]) -> Sequence[Any]:
    """The JSON values of a field that came as an array, and is declared to be of a type; None where one is missing."""
    if column.dtype.kind in "biu":
        return NumberColumn.of(column)
    if column.dtype.kind == "f":
        present = np.isfinite(column)
        told += _infinite(name, int(np.isinf(column).sum()))
        if declared.kind in "biu":
            # Whole numbers come as floating-point ones where some are missing.
            if is_rounded(column, declared):
                told.append(f"Whole numbers of field {name!r} beyond 2^53 are not exact.")
            column = np.where(present, column, 0).astype(declared)
        return NumberColumn.of(as_written(column), ~present)
    return plain_values(cast("list[Any]", column.tolist()), name, told)


def as_written(numbers: NDArray[Any]) -> NDArray[Any]:
    """Numbers of single precision as the shortest decimals for which they stand; others as they are.

    Of 0.1 it holds 0.10000000149, which equals no 0.1 that a person writes.
    """
    if numbers.dtype != np.float32:
        return numbers
    doubles = numbers.astype(np.float64)
    known = np.flatnonzero(np.isfinite(numbers))
    for some in np.array_split(known, len(known) // _AT_ONCE + 1):
        doubles[some] = orjson.loads(orjson.dumps(numbers[some], option=orjson.OPT_SERIALIZE_NUMPY))
    return doubles


def plain_values(values: Sequence[Any], name: str, told: list[str]) -> Sequence[Any]:
    """The JSON values of a field that came as objects of Python."""
    kinds = set[type](map(type, values))
    if kinds <= _SIMPLE:
        return values
    if float in kinds:
        told += _infinite(name, sum(isinstance(value, float) and math.isinf(value) for value in values))
    if bytes in kinds:
        count = sum(isinstance(value, bytes) for value in values)
        told.append(f"{count} values of field {name!r} are binary data, which no result holds: they are left out.")
    if Decimal in kinds:
        count = sum(isinstance(value, Decimal) and Decimal(repr(_number(value))) != value for value in values)
        if count:
            told.append(f"{count} decimal numbers of field {name!r} have more digits than are kept.")
    return [_value(value) for value in values]


def is_rounded(column: NDArray[Any], declared: np.dtype[Any]) -> bool:
    """Whether whole numbers came as floating-point ones that may be others, as they do where some are missing."""
    if column.dtype.kind != "f" or declared.kind not in "iu":
        return False
    return bool(np.abs(column[np.isfinite(column)]).max(initial=0) >= _MOST_EXACT)


def _infinite(name: str, count: int) -> list[str]:
    return [f"{count} values of field {name!r} are infinite, and taken for missing."] if count else []


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, date | datetime | time):
        return value.isoformat().replace("+00:00", "Z")
    return None if isinstance(value, bytes) else value


def _number(value: Decimal) -> int | float:
    """Whole where the field has no places for decimals: such are the keys of databases."""
    exponent = value.as_tuple().exponent
    return int(value) if exponent == 0 else float(value)
