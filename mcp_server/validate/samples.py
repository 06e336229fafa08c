"""Values that fit a canonical schema, and values that do not. Pure."""

from typing import Any, Final

from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.plain import JsonObject, as_list, as_object
from mcp_server.schema.validation import fits

_PNG: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg=="
"""A picture of one pixel."""
_BYTES: Final = "c2FtcGxl"
_POINT: Final = {"type": "Point", "coordinates": [7.1, 50.7]}
_POLYGON: Final = {"type": "Polygon", "coordinates": [[[7.0, 50.0], [8.0, 50.0], [8.0, 51.0], [7.0, 50.0]]]}
_FEATURE: Final = {"type": "Feature", "geometry": _POINT, "properties": {}}
BBOX: Final = {"bbox": [7.0, 50.0, 8.0, 51.0], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}

_BY_FORMAT: Final[dict[str, list[Any]]] = {
    "geojson-geometry": [_POINT, _POLYGON],
    "geojson-feature": [_FEATURE],
    "geojson-feature-collection": [{"type": "FeatureCollection", "features": [_FEATURE]}],
    "geojson": [_POINT, _FEATURE],
    "ogc-bbox": [BBOX],
    "date-time": ["2026-01-02T03:04:05Z"],
    "date": ["2026-01-02"],
    "time": ["03:04:05Z"],
    "uri": ["https://www.opengis.net/def/crs/OGC/1.3/CRS84"],
    "email": ["someone@example.org"],
    "uuid": ["6f1c1f5e-6f39-4a8e-9d0a-0d5a7c1a2b3c"],
    "wkt": ["POINT (7.1 50.7)"],
}
_TEXTS: Final = ("sample", "A", "1", "a1", "2026-01-02", "sample text of some length", "POINT (7.1 50.7)")
_NUMBERS: Final = (1, 2, 0, 10, 0.5, 100, -1)
_DEPTH: Final = 6

# None of them is an object with a member by which it could be taken for a qualified value or a reference.
_UNLIKELY: Final[tuple[Any, ...]] = ("not of this kind", -987654321.5, True, [[["nested"]]], {"unforeseen": []}, [])


def sample(schema: JsonObject, depth: int = _DEPTH) -> Any:
    """A value that fits, the simplest there is; None where none is found."""
    if is_any(schema):
        return "sample"
    for branch in branches(schema):
        for value in _proposals(branch, depth):
            if value is not None and fits(value, schema):
                return value
    return None


def unfit(schema: JsonObject) -> Any:
    """A value that does not fit, of another type where there is one; None where everything fits."""
    if is_any(schema):
        return None
    return next((value for value in (*_UNLIKELY, *_beyond(schema)) if not fits(value, schema)), None)


def _proposals(branch: JsonObject, depth: int) -> list[Any]:
    stated = [*as_list(branch.get("enum"))[:1], *([branch["default"]] if "default" in branch else [])]
    stated += as_list(branch.get("examples"))
    stated += _BY_FORMAT.get(str(branch.get("format", "")), [])
    match branch.get("type"):
        case "string":
            return [*stated, *_texts(branch)]
        case "integer" | "number":
            return [*stated, *_numbers(branch)]
        case "boolean":
            return [*stated, True, False]
        case "array":
            return [*stated, *_arrays(branch, depth)]
        case "object":
            return [*stated, *_objects(branch, depth)]
        case _:
            return stated


def _texts(branch: JsonObject) -> list[Any]:
    if "contentEncoding" in branch:
        return [_PNG if branch.get("contentMediaType") == "image/png" else _BYTES]
    return [*_TEXTS, "x" * min(int(branch.get("minLength", 0)), 1000)]


def _numbers(branch: JsonObject) -> list[Any]:
    least, most = branch.get("minimum"), branch.get("maximum")
    above, below = branch.get("exclusiveMinimum"), branch.get("exclusiveMaximum")
    bounds = [bound for bound in (least, most) if bound is not None]
    near = [bound + step for bound in (above,) if bound is not None for step in (1, 0.001)]
    near += [bound - step for bound in (below,) if bound is not None for step in (1, 0.001)]
    return [*_NUMBERS, *near, *bounds]


def _arrays(branch: JsonObject, depth: int) -> list[Any]:
    if depth == 0:
        return []
    items = as_object(branch.get("items"))
    least = int(branch.get("minItems", 1))
    value = sample(items, depth - 1) if items else 1
    if value is None or least > 100:
        return []
    kinds = {one.get("type") for one in branches(items)} if items else {"number"}
    if branch.get("uniqueItems") or kinds <= {"number", "integer"}:
        # Four numbers are a bounding box more often than not, and must be in order then.
        return [[*range(least or 1)], [value] * least]
    return [[value] * max(least, 1), [value] * least]


def _objects(branch: JsonObject, depth: int) -> list[Any]:
    properties = as_object(branch.get("properties"))
    required = [name for name in as_list(branch.get("required")) if isinstance(name, str)]
    if depth == 0:
        return [{}]
    filled = {name: sample(as_object(properties.get(name)), depth - 1) for name in required}
    special: list[Any] = [BBOX] if "bbox" in properties else []
    return [*special, filled] if None not in filled.values() else special


def _beyond(schema: JsonObject) -> list[Any]:
    """Values of the right type beyond what is allowed, for schemas that take every type."""
    limits = [branch["maximum"] + 1 for branch in branches(schema) if "maximum" in branch]
    return [*limits, *(branch["minimum"] - 1 for branch in branches(schema) if "minimum" in branch)]
