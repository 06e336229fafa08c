"""TopoJSON: geometries put together of the arcs that they share, as its specification says."""

# geopandas has types in part.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.describing.files import describe_file
from backend.geo.geodesy.crs import code_of, parse_crs
from backend.geo.vector import topojson
from backend.geo.vector.crs_replacing import with_crs_replaced
from backend.geo.vector.datasets import DatasetFile, Datasets
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.reading import read_geometry
from backend.geo.vector.unchecked import read_unchecked
from backend.geo.vector.vector_files import layers_of

SQUARES = {
    "type": "Topology",
    "arcs": [
        [[1, 0], [1, 1]],
        [[1, 1], [0, 1], [0, 0], [1, 0]],
        [[1, 0], [2, 0], [2, 1], [1, 1]],
        [[5, 5], [6, 6]],
    ],
    "objects": {
        "squares": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "arcs": [[0, 1]], "id": "w", "properties": {"n": 1}},
                {"type": "MultiPolygon", "arcs": [[[2, -1]]], "id": "e", "properties": {"n": 2}},
                {"type": None, "id": "none", "properties": {"n": None}},
                {"type": "MultiLineString", "arcs": [[3], [-4]], "id": "l"},
                {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]], "id": "p"},
            ],
        }
    },
}
QUANTISED = {
    "type": "Topology",
    "transform": {"scale": [0.5, 0.25], "translate": [10, 20]},
    "arcs": [[[2, 4], [2, 0], [0, 4]]],
    "objects": {
        "a": {"type": "GeometryCollection", "geometries": [{"type": "LineString", "arcs": [0]}]},
        "b": {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [2, 4]}]},
    },
}


def changed(**members: Any) -> dict[str, Any]:
    return {**SQUARES, **members}


def put(path: Path, value: Any) -> DatasetFile:
    path.write_text(json.dumps(value), encoding="utf-8")
    return DatasetFile(path.stem, path, "vector")


def test_neighbours_are_made_of_the_arcs_that_they_share() -> None:
    read = read_features(SQUARES)
    expected = [
        "POLYGON ((1 0, 1 1, 0 1, 0 0, 1 0))", "MULTIPOLYGON (((1 0, 2 0, 2 1, 1 1, 1 0)))", None,
        "MULTILINESTRING ((5 5, 6 6), (6 6, 5 5))", "MULTIPOINT (1 2, 3 4)",
    ]  # fmt: skip
    assert [shape and shape.wkt for shape in read.shapes] == [one and shapely.from_wkt(one).wkt for one in expected]
    assert (read.fields["id"], read.fields["n"]) == (["w", "e", "none", "l", "p"], [1, 2, None, None, None])


def test_gdal_reads_the_same(tmp_path: Path) -> None:
    dataset = put(tmp_path / "a.topojson", QUANTISED)
    for layer in ("a", "b"):
        (shape,) = read_features(DatasetFile("a", dataset.path, "vector", layer)).shapes
        frame = geopandas.read_file(dataset.path, layer=layer, engine="pyogrio")
        assert shape.equals_exact(frame.geometry[0], 1e-12)


def test_each_object_of_a_file_is_a_layer(tmp_path: Path) -> None:
    put(tmp_path / "land.topojson", QUANTISED)
    datasets = Datasets.within([tmp_path])
    assert layers_of(datasets.get("land")) == ("a", "b")
    assert read_features(datasets.get("land", "b")).shapes[0].wkt == "POINT (11 21)"
    with pytest.raises(ProcessRefusedError, match="2 objects: 'a', 'b'"):
        read_features(datasets.get("land"))
    with pytest.raises(ProcessRefusedError, match="no object 'c'; its objects are 'a', 'b'"):
        read_features(datasets.get("land", "c"))


def test_a_file_of_several_objects_is_described_by_its_layers(tmp_path: Path) -> None:
    told = describe_file(put(tmp_path / "land.topojson", QUANTISED))
    assert [(one["name"], one["features"], one["geometry_type"]) for one in told["layers"]] == [
        ("a", 1, "Linestring"), ("b", 1, "Point"),
    ]  # fmt: skip


def test_one_of_its_layers_and_a_file_of_one_object_are_described(tmp_path: Path) -> None:
    assert describe_file(replace(put(tmp_path / "a.topojson", QUANTISED), layer="b"))["features"] == 1
    for name in ("b.topojson", "b.json"):
        assert describe_file(put(tmp_path / name, SQUARES))["features"] == 5


def test_topojson_is_looked_at_for_faults_and_put_into_another_crs_as_features_are(tmp_path: Path) -> None:
    for source in (SQUARES, put(tmp_path / "a.json", SQUARES), put(tmp_path / "a.topojson", SQUARES)):
        assert len(read_unchecked(source).features) == 5
        replaced, _ = with_crs_replaced(source, parse_crs("EPSG:25832"))
        assert (len(replaced), code_of(replaced.crs)) == (5, "EPSG:25832")


def test_a_text_or_a_json_file_of_one_object_is_read_too(tmp_path: Path) -> None:
    assert len(read_features(json.dumps(SQUARES))) == 5
    assert len(read_features(put(tmp_path / "a.json", SQUARES))) == 5
    assert read_geometry(SQUARES).features == 4


@pytest.mark.parametrize(
    "wrong",
    [
        changed(arcs=[[[1, 0], [1, 1]]]),
        changed(arcs=[[1, 2]]),
        changed(arcs=[[["x", 0], [1, 1]]] * 4),
        changed(arcs=[[[1, 0], [1, 1]], [[7, 1], [0, 1], [0, 0], [1, 0]], [], []]),
        changed(transform={"scale": [1]}),
        changed(objects={}),
        changed(objects={"a": {"type": "Circle"}}),
        changed(objects={"a": {"type": "Polygon"}}),
        changed(objects={"a": 7}),
    ],
)
def test_what_is_not_as_specified_is_refused(wrong: Any) -> None:
    with pytest.raises(ProcessRefusedError, match="TopoJSON"):
        read_features(wrong)


def test_arcs_that_stand_in_many_geometries_make_no_more_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topojson, "MOST_POSITIONS", 10)
    many = {"a": {"type": "MultiLineString", "arcs": [[3]] * 6}}
    with pytest.raises(ProcessRefusedError, match="more than 10 positions"):
        read_features(changed(objects=many))
