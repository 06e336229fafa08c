"""Features as ArcGIS services write them."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, code_of
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.reading import read_geometry
from backend.geo.vector.unchecked import read_unchecked

OUTER = [[0, 0], [0, 10], [10, 10], [10, 0], [0, 0]]
HOLE = [[2, 2], [8, 2], [8, 8], [2, 8], [2, 2]]
ISLAND = [[4, 4], [4, 6], [6, 6], [6, 4], [4, 4]]
ELSEWHERE = [[20, 0], [20, 1], [21, 1], [21, 0], [20, 0]]


def answered(*geometries: Any, **more: Any) -> dict[str, Any]:
    features = [{"attributes": {"OBJECTID": at}, "geometry": one} for at, one in enumerate(geometries, 1)]
    return {"displayFieldName": "", "spatialReference": {"wkid": 4326}, "features": features, **more}


def one(geometry: Any, **more: Any) -> Any:
    return read_features(answered(geometry, **more)).shapes[0]


def test_features_of_a_service_are_read_with_their_attributes_in_their_crs() -> None:
    reference = {"wkid": 102100, "latestWkid": 3857}
    point = {"x": 1_288_500.0, "y": 6_129_700.0}
    features = read_features(answered(point, None, spatialReference=reference, geometryType="esriGeometryPoint"))
    assert code_of(features.crs) == "EPSG:3857"
    assert features.fields == {"OBJECTID": [1, 2]}
    assert features.shapes[0] == shapely.Point(1_288_500, 6_129_700)
    assert features.shapes[1] is None
    assert features.warnings == ("1 of 2 features have no geometry.",)


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ({"wkid": 4326}, "OGC:CRS84"),
        ({"wkid": 102100}, "EPSG:3857"),
        ({"wkid": 25832}, "EPSG:25832"),
        ({"wkid": 102003}, "ESRI:102003"),
    ],
)
def test_the_crs_goes_by_the_number_that_it_has_at_esri(reference: dict[str, Any], code: str) -> None:
    features = read_features(answered({"x": 10, "y": 20}, spatialReference=reference))
    assert code_of(features.crs) == code


@pytest.mark.parametrize(
    ("geometry", "wkt"),
    [
        ({"x": 1, "y": 2}, "POINT (1 2)"),
        ({"x": 1, "y": 2, "z": 3}, "POINT Z (1 2 3)"),
        ({"points": [[1, 2], [3, 4]]}, "MULTIPOINT (1 2, 3 4)"),
        ({"paths": [[[0, 0], [1, 1]]]}, "LINESTRING (0 0, 1 1)"),
        ({"hasM": True, "paths": [[[0, 0, 7], [1, 1, 8]]]}, "LINESTRING (0 0, 1 1)"),
        ({"hasZ": True, "paths": [[[0, 0, 7], [1, 1, 8]]]}, "LINESTRING Z (0 0 7, 1 1 8)"),
        ({"paths": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]}, "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))"),
        ({"xmin": 0, "ymin": 1, "xmax": 2, "ymax": 3}, "POLYGON ((0 1, 2 1, 2 3, 0 3, 0 1))"),
    ],
)
def test_each_kind_of_geometry_is_read(geometry: dict[str, Any], wkt: str) -> None:
    assert shapely.equals_identical(shapely.normalize(one(geometry)), shapely.normalize(shapely.from_wkt(wkt)))
    bare = read_features({**geometry, "spatialReference": {"wkid": 4326}})
    assert shapely.equals(bare.shapes[0], shapely.from_wkt(wkt))


@pytest.mark.parametrize(
    ("rings", "area"),
    [
        ([OUTER], 100),
        ([OUTER, HOLE], 64),
        ([HOLE, OUTER], 64),
        ([HOLE, ISLAND, OUTER, ELSEWHERE], 69),
        ([HOLE], 36),
        ([ELSEWHERE, HOLE], 37),
    ],
)
def test_rings_that_run_clockwise_are_outer_ones_and_others_holes_in_them(rings: Any, area: float) -> None:
    shape = one({"rings": rings})
    assert shape.is_valid
    assert shape.area == area


def test_times_are_texts_and_a_cut_answer_is_told() -> None:
    document = answered(
        {"x": 1, "y": 2},
        fields=[{"name": "OBJECTID", "type": "esriFieldTypeOID"}, {"name": "seen", "type": "esriFieldTypeDate"}],
        exceededTransferLimit=True,
    )
    for value, told in ((1_700_000_000_000, "2023-11-14T22:13:20Z"), (-1, "1969-12-31T23:59:59.999000Z"), (None, None)):
        document["features"][0]["attributes"]["seen"] = value
        assert read_features(document).fields["seen"] == [told]
    document["features"][0]["attributes"]["seen"] = 10**30
    features = read_features(document)
    assert "more features than the 1 that it sent" in features.warnings[0]


def test_it_is_read_wherever_features_and_geometries_are(tmp_path: Path) -> None:
    document = answered({"rings": [OUTER, HOLE]})
    path = tmp_path / "parcels.json"
    path.write_text(json.dumps(document))
    for value in (document, json.dumps(document), DatasetFile("parcels", path, "vector")):
        assert read_features(value).shapes[0].area == 64
        assert read_geometry(value).shape.area == 64
        assert read_unchecked(value).features.shapes[0].area == 64
    assert read_features({"attributes": {"a": 1}, "geometry": {"x": 1, "y": 2}}).fields == {"a": [1]}
    assert read_features({"x": 1, "y": 2}).crs == CRS84


@pytest.mark.parametrize(
    "empty", [{"rings": []}, {"paths": []}, {"points": []}, {"x": "NaN", "y": "NaN"}, {"x": None, "y": None}]
)
def test_an_empty_geometry_is_none(empty: dict[str, Any]) -> None:
    features = read_features(answered(empty, {"x": 1, "y": 2}))
    assert features.present.tolist() == [False, True]
    assert features.warnings == ("1 of 2 features have no geometry.",)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (answered({"curveRings": []}), "curves.*returnTrueCurves"),
        (answered({"z": 1}), r"features\[0\].geometry has neither x and y nor points"),
        (answered({"rings": [[[0, 0], [1, 1]]]}), r"features\[0\].geometry cannot be read"),
        (answered({"paths": [[[0, "a"], [1, 1]]]}), "cannot be read"),
        (answered({"x": 1, "y": 2}, spatialReference={"wkt": "PROJCS[...]"}), "no wkid: ask the service for outSR"),
        (answered({"x": 1, "y": 2}, spatialReference={"wkid": 99_999_999}), "no CRS 'ESRI:99999999'"),
        (answered({"x": 1, "y": 2, "spatialReference": {"wkid": 3857}}), "several CRSs, wkid 3857 and 4326"),
        ({"spatialReference": {"wkid": 4326}, "features": [5]}, r"features\[0\] is no feature of Esri JSON"),
        ({"geometryType": "", "features": [{"attributes": [1]}]}, r"features\[0\] is no feature of Esri JSON"),
        (answered({"x": "a", "y": 2}), r"features\[0\].geometry cannot be read"),
        (answered({"rings": [5]}), r"features\[0\].geometry cannot be read"),
        ({"features": 5, "rings": [{}, 7]}, "cannot be read"),
        (answered({"x": 500_000, "y": 5_000_000}), "looks projected"),
        ({"a": 1}, "no GeoJSON, whose objects have a type: it has 'a'"),
        ({"features": [{"type": "Feature", "geometry": None}]}, "no GeoJSON, whose objects have a type"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(document: dict[str, Any], told: str) -> None:
    with pytest.raises(ProcessRefusedError, match=told):
        read_features(document)
