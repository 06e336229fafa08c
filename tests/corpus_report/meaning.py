"""Whether two sets of inputs mean the same, however each is written."""

from collections.abc import Mapping
from typing import Any, cast

_QUALIFIERS = frozenset({"value", "mediaType", "encoding", "schema", "format", "type", "dataType"})
_LINK = frozenset({"href", "type", "rel", "title", "hreflang"})


def by_id(inputs: Any) -> dict[str, Any]:
    """The inputs of a request by id; of repeated entries in a list an array."""
    if isinstance(inputs, dict):
        return cast("dict[str, Any]", inputs)
    found: dict[str, list[Any]] = {}
    for entry in cast("list[dict[str, Any]]", inputs):
        nested = cast("dict[str, Any]", entry.get("input") or entry)
        value = nested.get("value", nested.get("data"))
        name = str(entry.get("id") or entry.get("identifier"))
        found.setdefault(name, []).append({"href": nested["href"]} if value is None and "href" in nested else value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def same_meaning(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    """Whether the inputs we would send mean what the author's mean. An input given as null is not given."""
    given = {name: value for name, value in theirs.items() if value is not None}
    return ours.keys() == given.keys() and all(_meaning(ours[name]) == _meaning(given[name]) for name in given)


def _meaning(value: Any) -> Any:
    """The value itself: without qualification, as a number where it is written as one, one for an array of one."""
    match value:
        case dict():
            return _meaning_of_object(cast("dict[str, Any]", value))
        case list():
            items = cast("list[Any]", value)
            return _meaning(items[0]) if len(items) == 1 else [_meaning(item) for item in items]
        case str():
            return _meaning_of_text(value)
        case _:
            return value


def _meaning_of_object(members: dict[str, Any]) -> Any:
    if "value" in members and members.keys() <= _QUALIFIERS:
        return _meaning(members["value"])
    if "href" in members and members.keys() <= _LINK:
        return members["href"]
    return {name: _meaning(member) for name, member in members.items()}


def _meaning_of_text(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return {"true": True, "false": False}.get(text.lower(), text)
