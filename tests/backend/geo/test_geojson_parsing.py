"""GeoJSON is parsed without an object for each coordinate, and means what it meant."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.geojson_parsing import GeometryText, parse_features, parse_json
from backend.geo.vector.reading import read_geometry
from backend.geo.vector.unchecked import read_unchecked


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


POINT = {"type": "Point", "coordinates": [13.4, 52.5, 34.0]}
UNCLOSED = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}


@pytest.mark.parametrize(
    "document",
    [
        collection(feature(POINT, name="Köln", parts=[1, {"a": None}]), feature(None, name=None), source="x"),
        collection(feature(POINT), feature(UNCLOSED, at=1)),
        collection(feature(POINT, shape=POINT)),
        collection(feature(POINT, of=feature(POINT))),
        collection(feature(POINT, id=7), crs={"type": "name", "properties": {"name": "EPSG:4326"}}),
        collection(feature({"type": "Point", "coordinates": [9.0, 48.0]}), source_crs="EPSG:32632"),
        collection(feature(POINT), feature(feature(POINT))),
        feature(POINT, name="alone"),
        POINT,
    ],
)
def test_features_of_a_text_are_those_of_its_objects(document: dict[str, Any]) -> None:
    parsed, read = read_features(json.dumps(document)), read_features(document)
    assert shapely.to_wkt(parsed.shapes).tolist() == shapely.to_wkt(read.shapes).tolist()
    assert shapely.has_z(parsed.shapes).tolist() == shapely.has_z(read.shapes).tolist()
    assert (parsed.fields, parsed.crs, parsed.warnings) == (read.fields, read.crs, read.warnings)


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [1]},
        {"type": "Ponit", "coordinates": [1, 2]},
        {"type": "Point"},
        {"type": "Point", "coordinates": [float("nan"), 2]},
        {"type": "LineString", "coordinates": [[1, 2]]},
        [1, 2],
        "POINT (1 2)",
    ],
)
def test_a_geometry_that_cannot_be_read_is_refused_with_the_same_reason(geometry: Any) -> None:
    document = collection(feature(POINT), feature(geometry))
    with pytest.raises(ProcessRefusedError) as of_objects:
        read_features(document)
    with pytest.raises(ProcessRefusedError) as of_text:
        read_features(json.dumps(document))
    assert str(of_text.value) == str(of_objects.value)


@pytest.mark.parametrize("document", [[1], 5, "text", None, {"features": 1}, {"type": "FeatureCollection"}, feature(5)])
def test_other_json_stays_as_it_is(document: Any) -> None:
    assert parse_features(json.dumps(document)) == document


def test_a_feature_within_a_property_stays_an_object() -> None:
    inner = feature(POINT, n=1)
    assert parse_features(json.dumps(collection(feature(POINT, inner=inner)))) == collection(
        feature(POINT, inner=inner)
    )
    (plain,) = parse_features(json.dumps(collection(feature(POINT, n=1))))["features"]
    assert plain["geometry"] == GeometryText(json.dumps(POINT))
    assert plain["properties"] == {"n": 1}


def test_reading_a_file_takes_few_times_the_memory_of_its_text(tmp_path: Path) -> None:
    turns = np.linspace(0, 6, 400)
    ring = np.column_stack([np.cos(turns), np.sin(turns)]).tolist()
    polygon = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    large, small = tmp_path / "large.geojson", tmp_path / "small.geojson"
    large.write_text(json.dumps(collection(*[feature(polygon, at=at) for at in range(150)])))
    small.write_text(json.dumps(collection(feature(polygon))))
    read_features(DatasetFile("small", small, "vector"))  # imports GDAL
    tracemalloc.start()
    try:
        assert len(read_features(DatasetFile("large", large, "vector"))) == 150
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * large.stat().st_size


LINES = [
    feature(POINT, n="a\u2028b"),
    feature(None, n=2),
    feature({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}),
]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(json.dumps(one, ensure_ascii=False) for one in LINES),
        "\r\n".join(json.dumps(one) for one in LINES) + "\r\n\r\n",
        "".join(f"\x1e{json.dumps(one, indent=1)}\n" for one in LINES),
    ],
    ids=["lines", "lines of Windows", "RFC 8142"],
)
def test_features_one_after_another_are_those_of_a_collection(tmp_path: Path, text: str) -> None:
    assert parse_json(text) == collection(*LINES)
    file = tmp_path / "some.ndjson"
    file.write_text(text, encoding="utf-8", newline="")
    for source in (text, DatasetFile("some", file, "vector")):
        read = read_features(source)
        assert read.fields["n"] == ["a\u2028b", 2, None]
        assert [shape and shape.geom_type for shape in read.shapes] == ["Point", None, "LineString"]
        assert len(read_unchecked(source).features) == 3
        assert read_geometry(source).features == 2


def test_objects_one_after_another_are_rows_of_a_table() -> None:
    assert read_features('{"n": 1, "lon": 9, "lat": 50}\n{"n": 2, "lon": 10, "lat": 51}\n').fields["n"] == [1, 2]


def test_a_sequence_with_a_damaged_part_is_refused_with_its_number() -> None:
    text = "\n".join(map(json.dumps, LINES))
    with pytest.raises(ProcessRefusedError, match="document 3 of a sequence: Expecting"):
        read_features(text[:-3])
    with pytest.raises(ProcessRefusedError, match="document 3 of a sequence: Expecting"):
        read_geometry(text[:-3])
    with pytest.raises(ProcessRefusedError, match="no JSON: "):
        read_features(json.dumps(LINES[0])[:-3] + "\n" + text)
