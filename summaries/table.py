"""What the columns of rows hold, and how a value looks when it is cut short. Pure."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
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


def fields(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Per field its type and `nulls`, and `min` and `max` of numbers or the `values` or `examples` of texts.

    Only the first fields are told, in the order they appear.
    """
    names = list(dict.fromkeys(chain.from_iterable(rows)))
    return {shorten(name): _field([row.get(name) for row in rows]) for name in names[:MAX_FIELDS]}


def count_fields(rows: Sequence[Mapping[str, Any]]) -> int:
    """How many different fields the rows have."""
    return len(set(chain.from_iterable(rows)))


def _field(column: Sequence[Any]) -> dict[str, Any]:
    present = [value for value in column if value is not None]
    told = _of_one_type(present)
    if len(present) < len(column):
        told["nulls"] = len(column) - len(present)
    return told


def _of_one_type(values: Sequence[Any]) -> dict[str, Any]:
    kinds = set(map(type, values))
    if not kinds:
        return {"type": "null"}
    if kinds <= {int, float}:
        finite = [value for value in values if math.isfinite(value)]
        name = "integer" if kinds == {int} else "number"
        return {"type": name, "min": min(finite), "max": max(finite)} if finite else {"type": name}
    if kinds == {str}:
        return {"type": "string", **_texts(values)}
    if kinds == {bool}:
        return {"type": "boolean", "values": sorted(set(values))}
    return {"type": " | ".join(sorted({_TYPE_NAMES.get(kind, kind.__name__) for kind in kinds}))}


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
    if isinstance(value, list | tuple):
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
