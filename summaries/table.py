"""What the columns of rows hold, and how a value looks when it is cut short. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, islice
from types import NoneType
from typing import Any, cast

MAX_FIELDS = 24
MAX_TEXT = 60
MAX_ITEMS = 4
_FEW_VALUES = 6
_EXAMPLES = 3

_TYPE_NAMES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
}


class ColumnsOfRows(Mapping[str, Sequence[Any]]):
    """Rows as columns, in the order in which their fields appear. A column is made when it is looked at."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._rows = rows
        self._names = dict.fromkeys(chain.from_iterable(rows))

    def __getitem__(self, name: str) -> Sequence[Any]:
        if name not in self._names:
            raise KeyError(name)
        return [row.get(name) for row in self._rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def fields(columns: Mapping[str, Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """Per field its type and `nulls`, and `min` and `max` of numbers or the `values` or `examples` of texts.

    Only the first fields are told.
    """
    return {shorten(name): _field(column) for name, column in islice(columns.items(), MAX_FIELDS)}


def _field(column: Sequence[Any]) -> dict[str, Any]:
    kinds = set(map(type, column))
    if NoneType not in kinds:
        return _of_one_type(column, kinds)
    present = [value for value in column if value is not None]
    return _of_one_type(present, kinds - {NoneType}) | {"nulls": len(column) - len(present)}


def _of_one_type(values: Sequence[Any], kinds: AbstractSet[type]) -> dict[str, Any]:
    if not kinds:
        return {"type": "null"}
    if kinds <= {int, float}:
        finite = values if kinds == {int} else _finite(values)
        name = "integer" if kinds == {int} else "number"
        return {"type": name, "min": min(finite), "max": max(finite)} if finite else {"type": name}
    if kinds == {str}:
        return {"type": "string", **_texts(values)}
    if kinds == {bool}:
        return {"type": "boolean", "values": sorted(set(values))}
    return {"type": " | ".join(sorted({_TYPE_NAMES.get(kind, kind.__name__) for kind in kinds}))}


def _finite(numbers: Sequence[float]) -> Sequence[float]:
    # One infinity or NaN makes the sum such: it is many times faster than looking at each number.
    return numbers if math.isfinite(sum(numbers)) else [number for number in numbers if math.isfinite(number)]


def _texts(values: Sequence[str]) -> dict[str, Any]:
    distinct = dict.fromkeys(values)
    if len(distinct) <= _FEW_VALUES:
        return {"values": [shorten(value) for value in distinct]}
    return {"distinct": len(distinct), "examples": [shorten(value) for value in list(distinct)[:_EXAMPLES]]}


def shorten(text: str, longest: int = MAX_TEXT) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def trim(value: Any, depth: int = 2) -> Any:
    """The value with long texts, arrays and deep members cut short; of bounded size whatever it was."""
    if isinstance(value, str):
        return shorten(value)
    if isinstance(value, Mapping):
        return _trim_members(cast("Mapping[str, Any]", value), depth)
    if isinstance(value, Sequence):
        return _trim_items(cast("Sequence[Any]", value), depth)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > 64:
        return f"integer of {value.bit_length()} bits"
    return value


def _trim_members(members: Mapping[str, Any], depth: int) -> Any:
    if depth == 0:
        return f"object of {len(members)}"
    kept = list(members.items())[: MAX_ITEMS * depth * 2]
    short = {shorten(name): trim(member, depth - 1) for name, member in kept}
    if len(members) > len(kept):
        short["…"] = f"{len(members) - len(kept)} more"
    return short


def _trim_items(items: Sequence[Any], depth: int) -> Any:
    if depth == 0 or any(isinstance(item, Mapping | list) for item in items[:MAX_ITEMS]):
        return f"array of {len(items)}"
    short = [trim(item, depth - 1) for item in items[:MAX_ITEMS]]
    return [*short, f"{len(items) - MAX_ITEMS} more"] if len(items) > MAX_ITEMS else short
