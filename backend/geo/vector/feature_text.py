"""Features as the text of GeoJSON, from their columns: no object is made for a feature, and none for a coordinate."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any

import numpy as np
import orjson
import shapely

from backend.geo.geodesy.shapes import POLYGONAL, Shapes, batches, of_type
from backend.geo.vector.features import Features
from backend.geo.vector.number_columns import NumberColumn

_BATCH = 2**13
"""Vertices whose text is made at once: about a quarter of a megabyte."""
_FEATURE = 8
"""Vertices whose text is about as long as what a feature has besides."""
GAP = "\n"
"""Where something is filled in, and what texts are apart by: no text of a JSON value has it unescaped."""
_FEATURE_START = '{"type":"Feature","geometry":'
_WITH_POLYGONS = (*POLYGONAL, shapely.GeometryType.GEOMETRYCOLLECTION)
_NUMERIC = frozenset({int, float, bool, NoneType})
_TEXT = frozenset({str})

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_COLUMN_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(GAP, ":"))


def json_text(value: Any) -> str:
    """A JSON value as compact text.

    Raises:
        ValueError: it holds NaN, Infinity or itself.
        TypeError: it holds an object that JSON does not know.
        RecursionError: it is nested too deeply.
    """
    return _ENCODER.encode(value)


def document_parts(beginning: str, rows: Iterable[str], members: Mapping[str, Any]) -> Iterator[bytes]:
    """The parts of a JSON object, in UTF-8: its beginning, up to an array; the rows of that; and its further members.

    Raises: as `json_text`; ValueError, too, of a text that is no Unicode.
    """
    yield beginning.encode()
    between = b""
    for text in rows:
        yield between + text.encode()
        between = b","
    yield b"]"
    for name, member in members.items():
        yield f",{json_text(name)}:{json_text(member)}".encode()
    yield b"}"


_GEOS_NO_POLYGON = '{"type":"Polygon","coordinates":[[]]}'
_NO_POLYGON = '{"type":"Polygon","coordinates":[]}'
"""A ring has four positions or is not there (RFC 7946, 3.1.6)."""


def feature_texts(features: Features) -> Iterator[str]:
    """The text of the features with commas between them, and exterior rings counterclockwise (RFC 7946, 3.1.6); batch
    by batch.

    Raises: as `json_text`.
    """
    return (text[:-1] for text in _row_texts(features, _FEATURE_START, _geojson))


def feature_lines(features: Features, mark: str = "") -> Iterator[str]:
    """The text of each feature after the mark and in a line of its own; batch by batch. Raises: as `json_text`."""
    return _row_texts(features, mark + _FEATURE_START, _geojson, "\n")


def wkt_texts(features: Features) -> Iterator[str]:
    """The same of objects with `wkt` and `properties`."""
    return (text[:-1] for text in _row_texts(features, '{"wkt":', _wkt))


def geometry_texts(shapes: Shapes) -> Iterator[list[str]]:
    """The text of each geometry, `null` where there is none, with exterior rings counterclockwise; batch by batch."""
    return map(_geojson, batches(shapes, _BATCH, _FEATURE))


def geometry_parts(parts: Shapes) -> Iterator[bytes]:
    """The text of one geometry in UTF-8, batch by batch: of that alone, or of several single ones of one type."""
    if len(parts) == 1:
        yield shapely.to_geojson(parts[0]).encode()
        return
    opening = f'{{"type":"{type_of_parts(parts)}","coordinates":['
    for some in batches(parts, _BATCH):
        whole: list[str] = shapely.to_geojson(some).tolist()
        yield (opening + ",".join(text[text.index("[") : -1] for text in whole)).encode()
        opening = ","
    yield b"]}"


def type_of_parts(parts: Shapes) -> str:
    """GeoJSON's type of the geometry of these parts."""
    return parts[0].geom_type if len(parts) == 1 else f"Multi{parts[0].geom_type}"


def properties_frame(features: Features) -> str:
    """The member `properties` of each feature, with a gap for each value."""
    names = ",".join(f"{json_text(name)}:{GAP}" for name in features.fields)
    return f'"properties":{{{names}}}'


def _row_texts(
    features: Features, beginning: str, written: Callable[[Shapes], Sequence[str]], end: str = ","
) -> Iterator[str]:
    frame = f"{beginning}{GAP},{properties_frame(features)}}}".split(GAP)
    frame[-1] += end
    first = 0
    for shapes in batches(features.shapes, _BATCH, _FEATURE):
        last = first + len(shapes)
        columns = [column_texts(column[first:last]) for column in features.fields.values()]
        yield filled(frame, [written(shapes), *columns])
        first = last


def _geojson(shapes: Shapes) -> list[str]:
    texts: list[str | None] = shapely.to_geojson(_oriented(shapes)).tolist()
    return ["null" if text is None else _NO_POLYGON if text == _GEOS_NO_POLYGON else text for text in texts]


def _wkt(shapes: Shapes) -> list[str]:
    return column_texts(shapely.to_wkt(shapes, rounding_precision=-1).tolist())


def filled(frame: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    """The frame once for each row, with the row's texts in its gaps.

    Joining pieces takes less than half the time of filling in a template for each row.
    """
    empty = [piece for text in frame for piece in (text, "")]
    pieces = empty * len(columns[0])
    for gap, column in enumerate(columns):
        pieces[2 * gap + 1 :: len(empty)] = column
    return "".join(pieces)


def column_texts(values: Sequence[Any]) -> list[str]:
    """The text of each value. One text of all of them, taken apart, is made several times faster than one by one."""
    if isinstance(values, NumberColumn):
        return _number_texts(values)
    texts = _quick_texts(values)
    if texts is None:
        texts = _COLUMN_ENCODER.encode(list(values))[1:-1].split(GAP)
    # Arrays and objects with several members were taken apart too.
    return texts if len(texts) == len(values) else list(map(json_text, values))


def _number_texts(column: NumberColumn) -> list[str]:
    written = orjson.dumps(np.ascontiguousarray(column.values), option=orjson.OPT_SERIALIZE_NUMPY).decode()
    texts = written[1:-1].split(",") if len(column) else []
    if column.missing is not None:
        for index in np.flatnonzero(column.missing).tolist():
            texts[index] = "null"
    return texts


def _quick_texts(values: Sequence[Any]) -> list[str] | None:
    """The same where all are texts, or all numbers or none, that orjson writes: much faster than Python's encoder."""
    kinds = set[type](map(type, values))
    is_text = kinds <= _TEXT
    if not kinds or not (is_text or kinds <= _NUMERIC):
        return None
    try:
        written = orjson.dumps(values).decode()
    except orjson.JSONEncodeError:
        return None  # a whole number has more than 64 bits, or a text is no Unicode
    if is_text:
        if "\\" in written:
            return None  # within texts quotation marks have it before them: without, each of them ends or begins one
        inside = written[2:-2].replace('","', f'"{GAP}"')
        return f'"{inside}"'.split(GAP)
    texts = written[1:-1].split(",")
    # It writes NaN and Infinity as if there were no value: the other encoder refuses them.
    return texts if "null" not in written or texts.count("null") == list(values).count(None) else None


def _oriented(shapes: Shapes) -> Shapes:
    areal = of_type(shapes, *_WITH_POLYGONS)
    if not areal.any():
        return shapes
    oriented = shapes.copy()
    oriented[areal] = shapely.orient_polygons(shapes[areal])
    return oriented
