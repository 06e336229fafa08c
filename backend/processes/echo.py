"""`echo`: takes a value of every kind that the standard knows, and gives it back."""

import time
from typing import Annotated, Any, TypedDict, Unpack

from pydantic import Field

from backend.processes.base import Output, Progress, process
from backend.processes.pausing import pause_until
from backend.processes.signature import Repeated
from backend.processes.values import Conforming, PngImage

_DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
_OFFSET = r"([zZ]|[+-]([01]\d|2[0-3]):[0-5]\d)"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_NUMBERS = {"type": "array", "items": {"type": "number"}}

_BBOX = {
    "type": "object",
    "format": "ogc-bbox",
    "required": ["bbox"],
    "properties": {
        "bbox": {**_NUMBERS, "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}]},
        "crs": {
            "type": "string",
            "format": "uri",
            "enum": [_CRS84, "http://www.opengis.net/def/crs/OGC/0/CRS84h"],
            "default": _CRS84,
        },
    },
}
_GEOMETRY = {
    "type": "object",
    "format": "geojson-geometry",
    "required": ["type"],
    "properties": {
        "type": {
            "type": "string",
            "enum": [
                "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"
            ],
        },
        "coordinates": {"type": "array"},
        "geometries": {"type": "array", "items": {"type": "object"}},
    },
    "oneOf": [{"required": ["coordinates"]}, {"required": ["geometries"]}],
}  # fmt: skip
_MEASURE = {
    "type": "object",
    "required": ["measurement", "uom"],
    "properties": {
        "measurement": {"type": "number"},
        "uom": {"type": "string", "minLength": 1},
        "reference": {"type": "string", "format": "uri"},
    },
}
_NESTED = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "range": {
            "type": "object",
            "required": ["from", "to"],
            "properties": {"from": {"type": "number"}, "to": {"type": "number"}},
            "additionalProperties": False,
        },
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
}
_WORD = {"type": "string", "enum": ["red", "green", "blue"]}
_RANGE = {"type": "number", "minimum": -1000, "maximum": 1000}
_ARRAY = {**_NUMBERS, "minItems": 1, "maxItems": 100}
_TEXTS = {"type": "array", "items": {"type": "string"}, "maxItems": 5}
_MIXED = {"oneOf": [{"type": "number"}, {"type": "string", "format": "date", "pattern": f"^{_DATE}$"}, _NUMBERS]}
_INSTANT = {"type": "string", "format": "date-time", "pattern": f"^{_DATE}[tT]{_TIME}{_OFFSET}$"}


class Values(TypedDict, total=False):
    """One value of each kind: inputs and outputs alike."""

    string: Annotated[str, Conforming(_WORD), Field(title="One of some words")]
    number: Annotated[float, Conforming(_RANGE), Field(title="Number within a range")]
    integer: Annotated[int, Conforming({"type": "integer", "minimum": 0, "maximum": 100}), Field(title="Whole number")]
    boolean: Annotated[bool, Conforming({"type": "boolean"}), Field(title="True or false")]
    datetime: Annotated[str, Conforming(_INSTANT), Field(title="Date and time (RFC 3339)")]
    array: Annotated[list[float], Conforming(_ARRAY), Field(title="One array of numbers")]
    repeated: Annotated[list[str], Conforming(_TEXTS), Repeated(), Field(title="Up to five texts")]
    bbox: Annotated[dict[str, Any], Conforming(_BBOX), Field(title="Bounding box, two or three dimensions")]
    geometry: Annotated[dict[str, Any], Conforming(_GEOMETRY), Field(title="Geometry (GeoJSON)")]
    measure: Annotated[dict[str, Any], Conforming(_MEASURE), Field(title="Measured value with its unit")]
    image: Annotated[PngImage, Field(title="Picture (PNG)")]
    document: Annotated[dict[str, Any], Conforming({"type": "object"}), Field(title="Any object, perhaps by reference")]
    nested: Annotated[dict[str, Any], Conforming(_NESTED), Field(title="Object with parts")]
    mixed: Annotated[Any, Conforming(_MIXED), Field(title="Number, date or array of numbers")]


_MEDIA_TYPES = {"geometry": "application/geo+json", "image": "image/png"}


@process(
    id="echo",
    title="Echo",
    keywords=["example", "conformance"],
    output=[Output(id=name, media_type=_MEDIA_TYPES.get(name, "application/json")) for name in Values.__annotations__],
    idempotent=True,
    example={
        "string": "green",
        "number": 1.5,
        "repeated": ["one", "two"],
        "bbox": {"bbox": [5.9, 47.3, 15.0, 55.1], "crs": _CRS84},
        "geometry": {"type": "Point", "coordinates": [13.4, 52.5]},
        "measure": {"measurement": 12.5, "uom": "km"},
    },
)
def echo(
    progress: Progress,
    pause: Annotated[float, Field(ge=0, le=10, description="Seconds to wait before the answer.")] = 0,
    **values: Unpack[Values],
) -> Values:
    """Give each input back as the output of the same name; an output whose input is not given is absent."""
    if pause:
        progress(0, f"pausing for {pause:g} s")
        pause_until(time.monotonic() + pause)
    return values
