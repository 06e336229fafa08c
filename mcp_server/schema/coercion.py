"""Values as connectors send them → the values that were meant, where there is only one reading."""

import json
import math
from typing import Any, NoReturn

from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.kinds import is_bounding_box, is_of_type
from mcp_server.schema.plain import JsonObject, as_list, is_number

_CORNERS = (4, 6)
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

    Four or six numbers are a bounding box where one is taken and no array is.

    A text stays a text wherever texts are taken, but for an object or array written as JSON: an input that takes
    GeoJSON and WKT gets both, whichever way the object came.
    """
    if is_any(schema):
        return value
    kinds = {branch["type"] for branch in branches(schema)}
    if "array" not in kinds and any(map(is_bounding_box, branches(schema))) and (box := _box(value)) is not None:
        return box
    if isinstance(value, str):
        return _from_text(value, kinds)
    if is_of_type(value, "integer") and "number" not in kinds:
        if "integer" in kinds:
            return int(value)
        if "string" in kinds:
            return str(int(value))
    # Authors who declare a coordinate as a text are given numbers, and read either.
    return json.dumps(value) if is_of_type(value, "number") and kinds == {"string"} else value


def _box(value: Any) -> JsonObject | None:
    """The bounding box that corners are, written as an array or as its JSON."""
    try:
        corners = parsed_json(value) if isinstance(value, str) else value
    except ValueError:
        return None
    is_one = isinstance(corners, list) and len(as_list(corners)) in _CORNERS and all(map(is_number, as_list(corners)))
    return {"bbox": corners} if is_one else None


def _from_text(text: str, kinds: set[str]) -> Any:
    stripped = text.strip()
    wanted = kinds & _CONTAINERS if "string" in kinds else kinds
    if stripped[:1] in ("{", "[") and not wanted & _CONTAINERS:
        return text
    try:
        value = parsed_json(stripped.lower() if "boolean" in wanted else stripped)
    except ValueError:
        return text
    finite = not isinstance(value, float) or math.isfinite(value)
    return value if finite and any(is_of_type(value, kind) for kind in wanted) else text


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
