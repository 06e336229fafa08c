"""`convert-features`: what is written is read again as it was, by an independent reader too."""

import json
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from pyproj import CRS, Geod

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.processes.running import OutputValue
from tests.backend.processes.conversions import converted, warnings_of

ROWS = [
    {"code": "001", "people": 3_700_000, "share": 0.5, "capital": True, "tags": ["a", "b"]},
    {"code": "Ä2", "people": None, "share": None, "capital": None, "tags": None},
]


LAEA = "Lambert Azimuthal Equal Area"


def layer(*geometries: Any) -> dict[str, Any]:
    features = [
        {"type": "Feature", "geometry": geometry, "properties": row}
        for geometry, row in zip(geometries, ROWS, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


POINTS = layer({"type": "Point", "coordinates": [13.4, 52.5]}, {"type": "Point", "coordinates": [9, 48.1]})
MIXED = layer({"type": "LineString", "coordinates": [[13, 52], [14, 53]]}, None)


def read_again(output: OutputValue, folder: Path, suffix: str) -> Any:
    path = folder / f"again{suffix}"
    path.write_bytes(output.encode())
    return read_features(DatasetFile("again", path, "vector"))


@pytest.mark.parametrize(("name", "suffix"), [("geopackage", ".gpkg"), ("flatgeobuf", ".fgb")])
@pytest.mark.parametrize("features", [POINTS, MIXED])
def test_a_file_holds_the_features_as_they_were(name: str, suffix: str, features: Any, tmp_path: Path) -> None:
    found = read_again(converted(features, format=name), tmp_path, suffix)
    expected = read_features(features)
    assert found.fields["code"] == ["001", "Ä2"]
    assert found.fields["people"] == [3_700_000, None]
    assert found.fields["share"] == [0.5, None]
    assert found.fields["tags"] == ['["a", "b"]', None]
    assert shapely.equals(found.shapes, expected.shapes)[expected.present].all()
    assert found.present.tolist() == expected.present.tolist()


ZONED = ["2020-02-29T23:59:58+01:00", "2020-07-01T00:00:00-03:30"]


@pytest.mark.parametrize(
    ("name", "suffix", "again"),
    [("geopackage", ".gpkg", ["2020-02-29T22:59:58Z", "2020-07-01T03:30:00Z"]), ("flatgeobuf", ".fgb", ZONED)],
)
def test_times_keep_their_zones_but_in_a_geopackage_which_has_utc_alone(
    name: str, suffix: str, again: list[str], tmp_path: Path
) -> None:
    features = layer(*[{"type": "Point", "coordinates": [13, 52]}] * 2)
    for feature, value in zip(features["features"], ZONED, strict=True):
        feature["properties"] = {"when": value}
    output = converted(features, format=name)
    found = read_again(output, tmp_path, suffix)
    assert sorted(found.fields["when"]) == again
    assert not any("conformant" in warning for warning in found.warnings)
    in_utc = [warning for warning in warnings_of(output) if "UTC" in warning]
    assert len(in_utc) == (name == "geopackage")


@pytest.mark.parametrize(("name", "suffix"), [("geopackage", ".gpkg"), ("flatgeobuf", ".fgb")])
@pytest.mark.parametrize(
    ("values", "kind", "again"),
    [
        (["2020-02-29", None], "datetime64[D]", ["2020-02-29", None]),
        (
            ["2020-02-29T23:59:58", "1969-07-20 20:17:40"],
            "datetime64[ms]",
            ["2020-02-29T23:59:58", "1969-07-20T20:17:40"],
        ),
        (["2020-02-29T23:59:58.250", None], "datetime64[ms]", ["2020-02-29T23:59:58.250", None]),
        (["2020-02-29T23:59:58Z", None], "datetime64[ms]", None),
        (["2020-02-30", None], "object", None),
        (["2020-02-29", "later"], "object", None),
        (["2020-02-29", "2020-02-29T23:59:58"], "object", None),
        (["2020", "2021"], "object", None),
    ],
)
def test_dates_and_times_are_such_in_a_file_and_read_again_as_they_were(  # noqa: PLR0917  # of two tables
    name: str, suffix: str, values: list[str | None], kind: str, again: list[str | None] | None, tmp_path: Path
) -> None:
    features = layer(*[{"type": "Point", "coordinates": [13, 52]}] * 2)
    for feature, value in zip(features["features"], values, strict=True):
        feature["properties"] = {"when": value, "no": 1}
    found = read_again(converted(features, format=name), tmp_path, suffix).fields["when"]
    assert [value and value.replace("+00:00", "Z") for value in found] == (again or values)
    # A FlatGeobuf has times and no dates.
    kind = "object" if (name, kind) == ("flatgeobuf", "datetime64[D]") else kind
    assert pyogrio.read_info(tmp_path / f"again{suffix}")["dtypes"].tolist() == [kind, "int64"]


@pytest.mark.parametrize(
    ("values", "again"),
    [
        ([2**63 - 1, -(2**63)], [2**63 - 1, -(2**63)]),
        ([2**63, 1], [2.0**63, 1.0]),
        ([1, 2.5], [1.0, 2.5]),
        ([7, None], [7, None]),
        ([False, None], [False, None]),
        (["2020-02-29", "later"], ["2020-02-29", "later"]),
        ([None, "x"], [None, "x"]),
        ([1, "x"], ["1", "x"]),
    ],
)
def test_a_column_is_stored_as_the_narrowest_type_that_holds_all_of_it(
    values: list[Any], again: list[Any], tmp_path: Path
) -> None:
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [9, 48]}, "properties": {"value": value}}
        for value in values
    ]
    output = converted({"type": "FeatureCollection", "features": features}, format="geopackage")
    found = read_again(output, tmp_path, ".gpkg").fields["value"]
    assert [(type(value), value) for value in found] == [(type(value), value) for value in again]


def test_a_file_in_another_crs_is_in_that_crs_for_geopandas_too(tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    output = converted(POINTS, format="geopackage", crs="EPSG:25833")
    path = tmp_path / "out.gpkg"
    path.write_bytes(output.encode())
    frame = geopandas.read_file(path)
    assert frame.crs.to_epsg() == 25833
    truth = geopandas.GeoSeries(frame.geometry, crs=25833).to_crs(4326)
    assert (truth.iloc[0].x, truth.iloc[0].y) == pytest.approx((13.4, 52.5), abs=1e-9)


def test_a_table_of_points_has_longitude_and_latitude_and_of_lines_wkt() -> None:
    table = converted(POINTS, format="csv").value
    assert table.splitlines()[0] == "code,people,share,capital,tags,longitude,latitude"
    assert table.splitlines()[1] == '001,3700000,0.5,true,"[""a"", ""b""]",13.4,52.5'
    assert read_features(table).shapes[0] == shapely.Point(13.4, 52.5)
    lines = converted(MIXED, format="csv").value
    assert read_features(lines).shapes[0] == shapely.LineString([(13, 52), (14, 53)])


def test_a_projected_layer_becomes_geojson_in_longitude_and_latitude() -> None:
    flat = {**layer({"type": "Point", "coordinates": [9, 48]}, None), "source_crs": "EPSG:25832"}
    found = converted(flat, format="geojson").value
    assert found["features"][0]["geometry"]["coordinates"] == pytest.approx([9, 48])


@pytest.mark.parametrize(("name", "suffix"), [("geopackage", ".gpkg"), ("flatgeobuf", ".fgb")])
def test_fields_may_be_called_as_a_files_own_columns(name: str, suffix: str, tmp_path: Path) -> None:
    rows = [{"fid": 7, "geom": "a"}, {"fid": 7, "geom": "b"}]
    features = [{"type": "Feature", "geometry": POINTS["features"][0]["geometry"], "properties": row} for row in rows]
    output = converted({"type": "FeatureCollection", "features": features}, format=name)
    found = read_again(output, tmp_path, suffix)
    assert found.fields == {"fid": [7, 7], "geom": ["a", "b"]}
    assert len(found) == 2


def test_a_table_without_geometries_and_an_empty_layer_can_be_written(tmp_path: Path) -> None:
    found = read_again(converted("code,n\n001,5", format="geopackage"), tmp_path, ".gpkg")
    assert found.fields == {"code": ["001"], "n": [5]}
    nothing = {"type": "FeatureCollection", "features": []}
    assert len(read_again(converted(nothing, format="geopackage"), tmp_path, ".gpkg")) == 0


def test_fields_that_a_geopackage_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="differ in case alone"):
        converted("Name,name,lon,lat\na,b,1,2", format="geopackage")


@pytest.mark.parametrize(
    ("inputs", "reason", "path"),
    [
        ({"format": "kml", "crs": "EPSG:25832"}, "ask for geopackage", "$.inputs.crs"),
        ({"format": "csv", "crs": "+proj=utm"}, "is no CRS", "$.inputs.crs"),
    ],
)
def test_what_would_lose_or_mislead_is_refused_with_what_to_ask_for(inputs: Any, reason: str, path: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        converted(POINTS, **inputs)
    assert refused.value.path == path


@pytest.mark.parametrize(("name", "suffix"), [("geopackage", ".gpkg"), ("flatgeobuf", ".fgb")])
@pytest.mark.parametrize("crs", [{}, {"crs": "EPSG:4326"}, {"crs": "OGC:CRS84"}])
def test_longitude_and_latitude_have_the_code_that_other_programs_know(
    name: str, suffix: str, crs: dict[str, str], tmp_path: Path
) -> None:
    found = read_again(converted(POINTS, format=name, **crs), tmp_path, suffix)
    assert found.crs == CRS84
    assert pyogrio.read_info(tmp_path / f"again{suffix}")["crs"] == "EPSG:4326"
    assert found.shapes[0].wkt == "POINT (13.4 52.5)"


def test_what_crosses_the_antimeridian_in_a_plane_is_split_in_a_file_of_degrees() -> None:
    ring = [[100_000, 8_000_000], [900_000, 8_000_000], [900_000, 8_100_000], [100_000, 8_000_000]]
    declared = {"type": "name", "properties": {"name": "EPSG:32701"}}
    features = layer({"type": "Polygon", "coordinates": [ring]}, None) | {"crs": declared}
    text = converted(features, format="csv", crs="EPSG:4326").encode().decode()
    assert "MULTIPOLYGON" in text
    assert "180 " in text
    assert "-180 " in text


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:3035", "EPSG:2056"])
def test_features_far_from_where_a_crs_is_meant_are_refused_since_a_file_cannot_warn(crs: str) -> None:
    far = layer({"type": "LineString", "coordinates": [[-120, -40], [-170, -50]]}, None)
    with pytest.raises(ProcessRefusedError, match="meant") as refused:
        converted(far, format="csv", crs=crs)
    assert refused.value.path == "$.inputs.crs"


@pytest.mark.parametrize(
    ("crs", "far", "near"),
    [
        ("EPSG:3857", [[0, -90], [10, -80]], [[0, -60], [10, -80]]),
        ("EPSG:25832", [[102.17, -5.28], [103, -5]], [[9, 48], [10, 48]]),
    ],
)
def test_how_many_features_lie_far_outside_is_told_with_what_helps(crs: str, far: list[Any], near: list[Any]) -> None:
    lines = [{"type": "LineString", "coordinates": at} for at in (near, far)]
    with pytest.raises(ProcessRefusedError, match=f"1 of 2 features reach far outside .* {crs} .*overlay with clip"):
        converted(layer(*lines), format="csv", crs=crs)
    assert b"LINESTRING" in converted(layer(lines[0], None), format="csv", crs=crs).encode()


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:3035", "EPSG:3857"])
def test_features_somewhat_beyond_the_area_of_a_crs_are_converted(crs: str) -> None:
    assert b"LINESTRING" in converted(MIXED, format="csv", crs=crs).encode()


def test_a_crs_of_somebodys_own_stays_in_a_file_and_is_told_where_it_cannot(tmp_path: Path) -> None:
    own = CRS.from_proj4("+proj=laea +lat_0=50 +lon_0=10 +ellps=WGS84 +units=m")
    path = tmp_path / "own.gpkg"
    square: Any = shapely.to_wkb([shapely.box(0, 0, 100, 100)])
    pyogrio.raw.write(path, square, [], [], geometry_type="Polygon", crs=own.to_wkt(), driver="GPKG")
    dataset = DatasetFile("own", path, "vector")
    again = read_again(converted(dataset, format="geopackage"), tmp_path, ".gpkg")
    assert shapely.equals_identical(again.shapes[0], shapely.box(0, 0, 100, 100))
    assert (again.crs.coordinate_operation.method_name, again.crs.to_authority()) == (LAEA, None)
    told = json.loads(converted(dataset, format="geojson").encode())
    assert any("no authority's code" in warning for warning in told["warnings"])
    (square,) = read_features(told).lonlat().shapes
    assert abs(Geod(ellps="WGS84").geometry_area_perimeter(square)[0]) == pytest.approx(10_000, rel=1e-6)
