"""Arrays and array predicates of CQL2 (OGC 21-065r2, 7.8), which compare them as sets."""

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from backend.errors import refuse
from backend.geo.vector.columns import Column, condition
from backend.geo.vector.fields import shown

type Elements = frozenset[str]
"""The elements of an array, each once, as JSON."""
type Arrays = Sequence[Elements | None]
"""One for each feature, None where it is missing, or a single one for all."""

RELATIONS: Mapping[str, Callable[[Elements, Elements], bool]] = {
    "a_containedby": lambda a, b: a <= b,
    "a_contains": lambda a, b: a >= b,
    "a_equals": lambda a, b: a == b,
    "a_overlaps": lambda a, b: not a.isdisjoint(b),
}


def literal_array(node: Any) -> Arrays:
    """The array of a filter; of dates and times it has the texts.

    Raises:
        ProcessRefusedError: it is no array, or an element no value.
    """
    if not isinstance(node, list):
        refuse(f"array predicates take fields and arrays in parentheses, ('one', 'other'), not {shown(node)}")
    return [frozenset(_element(_value(element)) for element in cast("list[Any]", node))]


def column_arrays(column: Column) -> Arrays:
    """The arrays of a field, also those that a file holds as texts of JSON.

    Raises:
        ProcessRefusedError: a value is no array.
    """
    return [_array(value, column) if known else None for value, known in zip(column.values, column.known, strict=True)]


def related(name: str, first: Arrays, second: Arrays) -> Column:
    """The condition that one of the `RELATIONS` holds; not known where an array is missing."""
    size = max(len(first), len(second)) if first and second else 0
    relation = RELATIONS[name]
    pairs = list(zip(*(list(side) * (size if len(side) == 1 else 1) for side in (first, second)), strict=True))
    known = np.array([None not in pair for pair in pairs], dtype=np.bool_)
    true = np.array([a is not None and b is not None and relation(a, b) for a, b in pairs], dtype=np.bool_)
    return condition(true, known)


def _array(value: Any, column: Column) -> Elements:
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, list):
        refuse(f"{column.told()}, and array predicates need arrays; IN finds one value among several")
    return frozenset(map(_element, cast("list[Any]", value)))


def _value(element: Any) -> Any:
    if isinstance(element, list):
        return [_value(one) for one in cast("list[Any]", element)]
    if not isinstance(element, Mapping):
        return element
    members = cast("Mapping[str, Any]", element)
    text = members.get("date", members.get("timestamp"))
    if not isinstance(text, str):
        name = members.get("property")
        told = f"; a text stands in single quotes, '{name}'" if isinstance(name, str) else ""
        refuse(f"arrays in a filter are of texts, numbers and truth values, not {shown(element)}{told}")
    return text


def _element(value: Any) -> str:
    return unicodedata.normalize("NFC", json.dumps(_plain(value), sort_keys=True, ensure_ascii=False))


def _plain(value: Any) -> Any:
    """The value with whole numbers as integers: 1.0 is 1."""
    if isinstance(value, list):
        return [_plain(one) for one in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def single(column: Column) -> Column:
    """The column itself, which is to be compared with one value.

    Raises:
        ProcessRefusedError: it holds arrays.
    """
    if column.holds_arrays:
        refuse(f"{column.told()}; A_CONTAINS(field, ('one', 'other')) finds those that have all of these")
    return column
