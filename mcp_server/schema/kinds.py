"""The types of values, and of the content of a media type."""

from collections.abc import Callable
from typing import Any

from mcp_server.schema.plain import JsonObject, as_object, is_number
from summaries.values import is_json

GEOJSON_FORMATS = frozenset({"geojson", "geojson-geometry", "geojson-feature", "geojson-feature-collection"})

_TESTS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "integer": lambda value: is_number(value) and (isinstance(value, int) or value.is_integer()),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def is_of_type(value: Any, kind: str) -> bool:
    """Whether a JSON value is of a JSON Schema type (1.0 is an integer)."""
    return _TESTS[kind](value)


def type_of(value: Any) -> str:
    """The narrowest JSON Schema type of a JSON value."""
    order = ("null", "boolean", "integer", "number", "string", "array")
    return next((kind for kind in order if is_of_type(value, kind)), "object")


def is_bounding_box(branch: JsonObject) -> bool:
    """Whether a single-typed schema is of a bounding box (OGC 18-062r2, bbox.yaml), named as one or not."""
    names = as_object(branch.get("properties")).keys()
    return "bbox" in names and names <= {"bbox", "crs"}


def media_type_schemas(media_type: str, encoding: str | None = None) -> list[JsonObject]:
    """The schemas of a value of a media type: JSON is an object or an array, GeoJSON an object, all else is text."""
    annotation: JsonObject = {"contentMediaType": media_type}
    if encoding:
        annotation["contentEncoding"] = encoding
    if not is_json(media_type):
        return [{"type": "string", **annotation}]
    kinds = ("object",) if media_type.lower().startswith("application/geo+json") else ("object", "array")
    return [{"type": kind, **annotation} for kind in kinds]
