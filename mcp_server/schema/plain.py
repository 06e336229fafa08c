"""Foreign JSON made plain: finite numbers, encodable strings, bounded depth; and typed views of its parts."""

import math
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import unquote

type JsonObject = dict[str, Any]

MAX_DEPTH = 40
"""Deeper than any description a person wrote; below it values become null."""


def plain(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Copy a JSON value so that it can be serialised and walked without surprises.

    NaN, infinities, values that are not JSON and those nested too deeply become None; lone surrogates become U+FFFD.
    """
    match value:
        case None | bool():
            return value
        case int() | float():
            return value if is_finite(value) else None
        case str():
            return _encodable(value)
        case Mapping() if depth > 0:
            members = cast("Mapping[Any, Any]", value).items()
            return {_encodable(str(name)): plain(member, depth - 1) for name, member in members}
        case list() | tuple() if depth > 0:
            return [plain(member, depth - 1) for member in cast("list[Any]", value)]
        case _:
            return None


def as_object(value: Any) -> JsonObject:
    """The value if it is an object, else an empty one."""
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def is_number(value: Any) -> bool:
    """Whether a value is a JSON number (true and false are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_finite(number: float) -> bool:
    """Whether a number is one in JSON and in double precision: no NaN, no infinity, no integer beyond their range."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def size(value: Any) -> int:
    """How many values a JSON value is made of; a text counts as one for each hundred letters that it has."""
    match value:
        case str():
            return 1 + len(value) // 100
        case dict():
            return 1 + sum(map(size, as_object(value).values()))
        case list():
            return 1 + sum(map(size, as_list(value)))
        case _:
            return 1


def first_of(source: JsonObject, *names: str) -> Any:
    """The first of the named members that is there and not null."""
    return next((source[name] for name in names if source.get(name) is not None), None)


def pointed_at(document: JsonObject, reference: str) -> Any:
    """What a reference within a document (`#/…`, a JSON pointer as a fragment of a URI) points at, or None."""
    place: Any = document
    for step in reference[2:].split("/"):
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(place, list) and name.isdecimal() and len(name) < 9:
            place = next(iter(as_list(place)[int(name) :]), None)
        else:
            place = as_object(place).get(name)
    return place


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
