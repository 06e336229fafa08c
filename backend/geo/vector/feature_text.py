"""Features as the text of GeoJSON, from their columns: no object is made for a feature, and none for a coordinate."""

import json
from collections.abc import Iterator, Sequence
from types import NoneType
from typing import Any

import numpy as np
import orjson
import shapely

from backend.geo.geodesy.shapes import Shapes
from backend.geo.vector.features import Features

_BATCH = 2**13
"""Vertices whose text is made at once: about a quarter of a megabyte."""
_FEATURE = 8
"""Vertices whose text is about as long as what a feature has besides."""
_APART = "\n"
"""No text of a JSON value has one: within strings it is escaped."""
_AREAL = (3, 6, 7)
"""Polygon, MultiPolygon and GeometryCollection, as GEOS numbers types."""

_NUMERIC = frozenset({int, float, bool, NoneType})

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_COLUMN_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(_APART, ":"))


def json_text(value: Any) -> str:
    """A JSON value as compact text.

    Raises:
        ValueError: it holds NaN, Infinity or itself.
        TypeError: it holds an object that JSON does not know.
        RecursionError: it is nested too deeply.
    """
    return _ENCODER.encode(value)


def feature_texts(features: Features) -> Iterator[list[str]]:
    """The text of each feature, with exterior rings counterclockwise (RFC 7946, 3.1.6); batch by batch.

    Raises: as `json_text`.
    """
    names = ",".join(f"{json_text(name)}:".replace("%", "%%") + "%s" for name in features.fields)
    feature = f'{{"type":"Feature","geometry":%s,"properties":{{{names}}}}}'
    first = 0
    for geometries in geometry_texts(features.shapes):
        last = first + len(geometries)
        columns = [_column_texts(column[first:last]) for column in features.fields.values()]
        yield list(map(feature.__mod__, zip(geometries, *columns, strict=True)))
        first = last


def geometry_texts(shapes: Shapes) -> Iterator[list[str]]:
    """The text of each geometry, `null` where there is none, with exterior rings counterclockwise; batch by batch."""
    size = np.cumsum(shapely.get_num_coordinates(shapes) + _FEATURE) // _BATCH
    for batch in np.split(shapes, np.flatnonzero(np.diff(size)) + 1):
        texts: list[str | None] = shapely.to_geojson(_oriented(batch)).tolist()
        yield [text or "null" for text in texts]


def _column_texts(values: Sequence[Any]) -> list[str]:
    """The text of each value. One text of all of them, taken apart, is made several times faster than one by one."""
    numbers = _number_texts(values)
    if numbers is not None:
        return numbers
    texts = _COLUMN_ENCODER.encode(list(values))[1:-1].split(_APART)
    # Arrays and objects with several members were taken apart too.
    return texts if len(texts) == len(values) else list(map(json_text, values))


def _number_texts(values: Sequence[Any]) -> list[str] | None:
    """The text of each value where all are numbers, or none, that orjson writes: much faster than Python's encoder."""
    if not values or not _NUMERIC.issuperset(map(type, values)):
        return None
    try:
        texts = orjson.dumps(values).decode()[1:-1].split(",")
    except orjson.JSONEncodeError:
        return None  # a whole number has more than 64 bits
    # It writes NaN and Infinity as if there were no value: the other encoder refuses them.
    return texts if texts.count("null") == list(values).count(None) else None


def _oriented(shapes: Shapes) -> Shapes:
    areal = np.isin(shapely.get_type_id(shapes), _AREAL)
    if not areal.any():
        return shapes
    oriented = shapes.copy()
    oriented[areal] = shapely.orient_polygons(shapes[areal])
    return oriented
