"""Answers of features: columns until they are text, and that text says what objects would have said."""

import json
import math
import tracemalloc
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessFailedError
from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.collections import FeatureCollection, feature_collection
from backend.geo.vector.features import Features
from backend.processes.running import OutputValue
from summaries import summarise

GEOJSON = "application/geo+json"
EMPTY = {"type": "Polygon", "coordinates": []}
"""An empty polygon: it has no ring at all, while GEOS writes one without positions."""

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
longitudes, latitudes = st.floats(-180, 180), st.floats(-90, 90)
positions = st.tuples(longitudes, latitudes)
points = positions.map(shapely.Point)
heights = st.tuples(longitudes, latitudes, st.floats(-500, 9000)).map(shapely.Point)
lines = st.lists(positions, min_size=2, max_size=4).map(shapely.LineString)


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Polygon:
    west, south = draw(st.integers(-180, 170)), draw(st.integers(-90, 80))
    size = draw(st.sampled_from((0.3, 1, 9)))
    area = shapely.box(west, south, west + size, south + size, ccw=draw(st.booleans()))
    hole = shapely.box(west + size / 4, south + size / 4, west + size / 2, south + size / 2)
    return shapely.Polygon(area.exterior, [hole.exterior]) if draw(st.booleans()) else area


single = points | heights | lines | polygons()
several = (
    st.lists(points, min_size=1, max_size=3).map(shapely.MultiPoint)
    | st.lists(lines, min_size=1, max_size=3).map(shapely.MultiLineString)
    | st.lists(polygons(), min_size=1, max_size=3).map(shapely.MultiPolygon)
    | st.lists(single, max_size=3).map(shapely.GeometryCollection)
    | st.lists(single, max_size=2).map(lambda of: shapely.GeometryCollection([shapely.GeometryCollection(of)]))
)
empty = st.sampled_from((shapely.Point(), shapely.LineString(), shapely.Polygon()))
geometries = st.none() | single | several | empty


@st.composite
def tables(draw: st.DrawFn) -> Features:
    shapes = draw(st.lists(geometries, max_size=6))
    names = draw(st.lists(st.text(max_size=6), max_size=4, unique=True))
    kinds = (values, st.integers(), st.text(max_size=5), st.none() | st.floats(-1e9, 1e9))
    columns = {
        name: draw(st.lists(draw(st.sampled_from(kinds)), min_size=len(shapes), max_size=len(shapes))) for name in names
    }
    return Features(shapes_of(shapes), columns)


def answer(features: Features, **more: Any) -> FeatureCollection:
    return feature_collection(features, method="as is", crs_decision="none", **more)


def text(collection: Mapping[str, Any]) -> str:
    return OutputValue("features", GEOJSON, collection).encode().decode()


def expected(shape: BaseGeometry | None) -> Any:
    """The geometry as RFC 7946 has it, by shapely's mapping."""
    if shape is None:
        return None
    if shape.geom_type == "GeometryCollection":
        return {"type": "GeometryCollection", "geometries": [expected(part) for part in shape.geoms]}
    if shape.geom_type == "Polygon" and shape.is_empty:
        return EMPTY
    told = json.loads(json.dumps(mapping(shape)))
    if shape.geom_type == "Polygon":
        told["coordinates"] = wound(told["coordinates"])
    if shape.geom_type == "MultiPolygon":
        told["coordinates"] = [wound(rings) for rings in told["coordinates"]]
    return told


def wound(rings: Sequence[Sequence[Sequence[float]]]) -> list[list[Sequence[float]]]:
    """The first ring counterclockwise, the others clockwise."""
    return [list(ring) if (turn(ring) > 0) == (at == 0) else list(reversed(ring)) for at, ring in enumerate(rings)]


def turn(ring: Sequence[Sequence[float]]) -> float:
    return math.fsum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


@given(tables())
@example(Features(shapes_of([]), {"name": []}))
@example(Features(shapes_of([None, shapely.Point(1, 2)]), {'a%sb\n"': [[1, 2], []], "n": [{"x": 1}, "%d\n,"]}))
def test_the_text_of_features_parses_to_the_objects_that_they_are(features: Features) -> None:
    collection = answer(features, count=len(features))
    names = list(features.fields)
    rows = list(zip(*features.fields.values(), strict=True)) if names else [()] * len(features)
    objects = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": expected(shape), "properties": dict(zip(names, row, strict=True))}
            for shape, row in zip(features.shapes.tolist(), rows, strict=True)
        ],
        "count": len(features),
        "method": "as is",
        "crs_decision": "none",
        "warnings": [],
    }
    written = json.loads(text(collection))
    assert written == objects
    assert list(written) == list(objects) == list(collection)
    assert [list(one["properties"]) for one in written["features"]] == [names] * len(features)
    assert collection == objects, "looked at, it is what it is written as"


def test_the_text_is_compact_and_has_letters_as_they_are() -> None:
    features = Features(shapes_of([shapely.Point(13.4, 52.5)]), {"Straße": ["Köpenicker"], "n": [1]})
    assert text(answer(features)) == (
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":'
        '[13.4,52.5]},"properties":{"Straße":"Köpenicker","n":1}}],"method":"as is","crs_decision":"none","warnings":[]'
        "}"
    )


def test_texts_of_any_characters_are_written_as_pythons_encoder_writes_them() -> None:
    letters = [chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000]
    seldom = ['a","b', '",', ',"', '\\","', '"', "\\", '[","]', "", "\n", "\x7f", "\U0010ffff"]
    for column in (
        letters,
        seldom,
        [*seldom, None],
        ["one"],
        [",", ",,", "", ",", "a,", ",b"],
        [7.0, None, True, 2**53],
        [2**64, "a"],
    ):
        features = Features(shapes_of([None] * len(column)), {"name": column})
        rows = [{"type": "Feature", "geometry": None, "properties": {"name": value}} for value in column]
        plain = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        assert text(answer(features)).startswith(f'{{"type":"FeatureCollection","features":{plain},"method"')


def test_many_features_and_large_ones_are_written_in_parts_that_join_up() -> None:
    turns = np.linspace(0, 2 * np.pi, 90_000, endpoint=False)
    large = shapely.Polygon(np.column_stack([np.cos(turns), np.sin(turns)]))
    many = [shapely.Point(at % 360 - 180, 0) for at in range(20_000)]
    features = Features(shapes_of([None, large, *many, large]), {"at": list(range(20_003))})
    collection = answer(features)
    assert len(list(collection.json_parts())) > 5
    written = json.loads(text(collection))["features"]
    assert [one["properties"]["at"] for one in written] == list(range(20_003))
    assert [one["geometry"]["coordinates"][0] for one in written[2:-1]] == [one.x for one in many]
    assert [len(written[at]["geometry"]["coordinates"][0]) for at in (1, -1)] == [90_001, 90_001]


@pytest.mark.parametrize(
    ("value", "reason"), [(math.nan, "JSON compliant"), ({1, 2}, "not JSON serializable"), ("\ud800", "surrogates")]
)
def test_a_value_that_is_no_json_is_a_failure_that_says_so(value: object, reason: str) -> None:
    with pytest.raises(ProcessFailedError, match=f"output features cannot be written as .*{reason}"):
        text(answer(Features(shapes_of([shapely.Point(0, 0)]), {"value": [value]})))


def test_a_plane_is_told_and_left_for_longitude_and_latitude() -> None:
    collection = answer(Features(shapes_of([shapely.Point(500_000, 0)]), {}, parse_crs("EPSG:32632")))
    written = json.loads(text(collection))
    assert written["source_crs"] == "EPSG:32632"
    assert written["features"][0]["geometry"]["coordinates"] == pytest.approx([9, 0], abs=1e-9)


@given(tables(), st.lists(st.text(max_size=300), max_size=6))
@example(Features(shapes_of([shapely.Point(179, 1), shapely.Point(-179, 2)]), {"n": [1, 2]}), [])
@example(Features(shapes_of([shapely.box(-180, 0, -170, 1), None, shapely.box(170, 0, 180, 1)])), ["a"])
@example(Features(shapes_of([shapely.Point(x, 0) for x in (-180, -60, 0, 60, 180)])), [])
@example(Features(shapes_of([shapely.Point(0, 0)] * 9), {f"field {at}": [at] * 9 for at in range(30)}), [])
def test_columns_are_summarised_as_the_objects_of_their_text_are(features: Features, warnings: list[str]) -> None:
    collection = answer(features, warnings=warnings, counts={"features": len(features)})
    assert summarise(collection, GEOJSON) == summarise(json.loads(text(collection)), GEOJSON)


def test_writing_and_summarising_take_little_more_memory_than_the_text() -> None:
    count = 20_000
    columns = {"name": [f"feature {at}" for at in range(count)], "value": [at / 7 for at in range(count)]}
    collection = answer(Features(np.asarray(shapely.points(np.zeros((count, 2)))), columns))
    tracemalloc.start()
    try:
        size = len(text(collection))
        assert summarise(collection, GEOJSON)["count"] == count
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The text twice, as bytes and as the characters that are compared here, and some hundred features at a time.
    assert peak < 4 * size
