"""Values as connectors send them → the values that were meant, where there is only one reading."""

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.kinds import is_bounding_box, is_of_type
from mcp_server.schema.plain import JsonObject, as_list, as_object, is_number

_CORNERS = (4, 6)
_COLLECTIONS = frozenset({"geojson", "geojson-feature-collection"})
"""Formats of objects that a collection of features is."""
_STARTS = frozenset("-0123456789[{tTfFn")
"""What the JSON of anything but a text begins with; true and false are read in capitals as well."""
_CONTAINERS = frozenset({"array", "object"})


def parsed_json(text: str) -> Any:
    """The value of a JSON text.

    Raises: ValueError where it is none, is nested too deeply, or has a number that JSON cannot hold.
    """
    try:
        return json.loads(text, parse_constant=_refused)
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error


def meant(value: Any, schema: JsonObject) -> Any:
    """The value that fits the types of a canonical schema, read from JSON text, a number sent as text, or 5.0 for 5.

    Four or six numbers are a bounding box, and a list of GeoJSON's features is their collection, where one is taken
    and no array is.

    A text stays a text wherever texts are taken, but for an object or array written as JSON: an input that takes
    GeoJSON and WKT gets both, whichever way the object came.
    """
    return _reader(schema)(value)


def meant_inside(value: Any, schema: JsonObject) -> Any:
    """The value with each member of its arrays, at any depth, as `meant` reads a value that stands alone."""
    if not isinstance(value, list):
        return value
    arrays = [branch for branch in branches(schema) if branch.get("type") == "array" and "items" in branch]
    if len(arrays) != 1:
        return as_list(value)
    items = as_object(arrays[0]["items"])
    read = _reader(items)
    return [meant_inside(read(member), items) for member in as_list(value)]


def _reader(schema: JsonObject) -> Callable[[Any], Any]:
    """What reads values for a schema, which is looked through once for all of them."""
    if is_any(schema):
        return lambda value: value
    options = branches(schema)
    kinds = {option["type"] for option in options}
    takes_box = any(map(is_bounding_box, options))
    takes_parts = "array" not in kinds and (takes_box or any(one.get("format") in _COLLECTIONS for one in options))

    def read(value: Any) -> Any:
        if takes_parts and (whole := _whole(value, takes_box=takes_box)) is not None:
            return whole
        return _from_text(value, kinds) if isinstance(value, str) else _from_number(value, kinds)

    return read


def _from_number(value: Any, kinds: set[str]) -> Any:
    if is_of_type(value, "integer") and "number" not in kinds:
        if "integer" in kinds:
            return int(value)
        if "string" in kinds:
            return str(int(value))
    # Authors who declare a coordinate as a text are given numbers, and read either.
    return json.dumps(value) if is_of_type(value, "number") and kinds == {"string"} else value


def _whole(value: Any, *, takes_box: bool) -> JsonObject | None:
    """The object that an array, or the JSON of one, is the main part of: a bounding box, else a collection."""
    try:
        parts = parsed_json(value) if isinstance(value, str) and value.lstrip()[:1] == "[" else value
    except ValueError:
        return None
    members = as_list(parts) if isinstance(parts, list) else []
    if takes_box:
        return {"bbox": members} if len(members) in _CORNERS and all(map(is_number, members)) else None
    features = bool(members) and all(as_object(member).get("type") == "Feature" for member in members)
    return {"type": "FeatureCollection", "features": members} if features else None


def _from_text(text: str, kinds: set[str]) -> Any:
    stripped = text.strip()
    # To find that a text is no JSON takes long where there are many of them.
    if stripped[:1] not in _STARTS:
        return text
    wanted = kinds & _CONTAINERS if "string" in kinds else kinds
    if stripped[:1] in ("{", "[") and not wanted & _CONTAINERS:
        return text
    try:
        value = parsed_json(stripped.lower() if "boolean" in wanted else stripped)
    except ValueError:
        return text
    finite = not isinstance(value, float) or math.isfinite(value)
    return _from_number(value, wanted) if finite and any(is_of_type(value, kind) for kind in wanted) else text


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
