"""Fields of features by name, and what their values are."""

import contextlib
import difflib
import json
import math
import unicodedata
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backend.errors import ProcessRefusedError, refuse
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.vector.features import Features
from backend.geo.vector.number_columns import NumberColumn

_MOST_CELLS = 100_000_000
type Numbers = NDArray[Any]
"""int64 or float64."""

MOST_NAMED = 20
"""Fields or values that a message names."""
LARGEST = 1e150
"""Numbers below this have squares and sums that are numbers too."""


def column_of(features: Features, name: str, path: str | None = None) -> Sequence[Any]:
    """The values of a field, one for each feature.

    Raises:
        ProcessRefusedError: there is no such field; names those that are like it. `path` is the input that named it.
    """
    # Where a filter found nothing there are no fields either, and those of nobody have no values.
    if not len(features) and not features.fields:
        return ()
    if name not in features.fields:
        raise ProcessRefusedError(no_such_field(name, list(features.fields)), path=path)
    return features.fields[name]


def numbers_of(features: Features, name: str, path: str | None = None) -> Array:
    """The numbers of a field, NaN where a feature has none.

    Raises:
        ProcessRefusedError: there is no such field, or a value of it is no finite number.
    """
    column = column_of(features, name, path)
    if isinstance(column, NumberColumn) and column.values.dtype != np.bool_:
        return np.where(column.known, column.values, np.nan)
    usable = set[type](map(type, column)) <= {int, float, type(None)}
    values = numbers_array(column).astype(np.float64) if usable else np.array([])
    if not usable or np.isinf(values).any():
        wrong = next(value for value in column if not (value is None or is_number(value)))
        refuse(f"the field {name!r} holds {shown(wrong)}, which is no number; numbers are needed here", path)
    return np.where(np.array([value is None for value in column], dtype=np.bool_), np.nan, values)


def check_size(numbers: Numbers, name: str, path: str | None = None) -> None:
    """Refuse numbers with which sums of squares leave the range of floats.

    Raises:
        ProcessRefusedError: one is that large.
    """
    if len(numbers) and float(np.nanmax(np.abs(numbers), initial=0)) > LARGEST:
        refuse(f"{name!r} holds numbers beyond {LARGEST:g}, which have no reliable statistics", path)


def is_number(value: Any) -> bool:
    """A finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and _finite(value)


def numbers_array(values: Sequence[Any]) -> Numbers:
    """Numbers as int64 where all are integers that fit, so that large ones stay exact; else float64. None becomes 0.

    Raises:
        ProcessRefusedError: an integer is too large for either.
    """
    kinds = set[type](map(type, values))
    filled = [0 if value is None else value for value in values] if type(None) in kinds else values
    if float not in kinds:
        with contextlib.suppress(OverflowError):
            return np.array(filled, dtype=np.int64)
    try:
        return np.array(filled, dtype=np.float64)
    except OverflowError:
        refuse("an integer of more than 308 digits is too large to compute with", None)


def no_such_field(name: str, fields: Sequence[str]) -> str:
    """The reason of a refusal, with the names that may have been meant."""
    folded = {field.casefold(): field for field in fields}
    close = [folded[found] for found in difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)]
    if close:
        return f"there is no field {shown(name)}; did you mean {listed(close)}?"
    told = f"the fields are {listed(fields)}" if fields else "the features have no fields"
    return f"there is no field {shown(name)}; {told}"


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The fields of rows in order of appearance, None where a row has none; numbers are finite.

    Raises:
        ProcessRefusedError: these are more values than fit, most of them none.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    check_cells(len(names), len(rows))
    return {name: with_finite_numbers([row.get(name) for row in rows]) for name in names}


def check_cells(fields: int, rows: int) -> None:
    """Refuse a table of more cells than fit: each row of a few may have fields of its own."""
    if fields * rows > _MOST_CELLS:
        refuse(f"{rows} features with {fields} different fields make more than {_MOST_CELLS:,} values")


def with_finite_numbers(column: list[Any]) -> list[Any]:
    """The values, without the NaN and Infinity that some programs write into JSON, which knows neither."""
    kinds = set[type](map(type, column))
    if kinds & {list, dict} or (float in kinds and not all(map(_is_json, column))):
        return [_as_json(value) for value in column]
    return column


def _is_json(value: Any) -> bool:
    return type(value) is not float or math.isfinite(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_json(member) for name, member in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_as_json(member) for member in cast("list[Any]", value)]
    return value if _is_json(value) else None


def listed(values: Iterable[Any]) -> str:
    """The first of some values for people."""
    items = list(values)
    told = ", ".join(shown(item) for item in items[:MOST_NAMED])
    return told if len(items) <= MOST_NAMED else f"{told} and {len(items) - MOST_NAMED} more"


def shown(value: Any) -> str:
    """A value for people, cut where it is long."""
    try:
        text = repr(value)
    except RecursionError:
        text = "what is nested too deeply"
    return text if len(text) <= 60 else f"{text[:60]}…"


def texts_of(values: Sequence[str | None]) -> list[str]:
    """Texts in Unicode's composed form (NFC); empty for None."""
    texts = [value or "" for value in values]
    return texts if all(map(str.isascii, texts)) else [unicodedata.normalize("NFC", text) for text in texts]


def text_of(value: Any) -> str:
    """A value as a text, so that equal ones look equal: 7 and 7.0 are `7`; Unicode in its composed form (NFC)."""
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def keys_of(column: Sequence[Any]) -> Sequence[Hashable]:
    """A key for each value, the same for equal ones: 1 and 1.0 are, but not true and 1, nor 1 and "1"."""
    kinds = set[type](map(type, column))
    if kinds <= {int, float, type(None)}:
        return column
    if kinds <= {str, type(None)} and all(value is None or value.isascii() for value in column):
        return column
    return [value if value is None or is_number(value) else _key(value) for value in column]


def _key(value: Any) -> Hashable:
    if isinstance(value, str):
        return text_of(value)
    return (value.__class__.__name__, value if value.__hash__ else json.dumps(value, sort_keys=True, default=str))


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond any float
        return False
