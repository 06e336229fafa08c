"""What is accepted as a geometry, what is mended with a warning, and what is refused with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.reading import read_geometry

POINT = {"type": "Point", "coordinates": [13.4, 52.5]}
BOX = [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]


def feature(geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {}, "geometry": geometry}


def crs(name: str) -> dict[str, Any]:
    return {**POINT, "crs": {"type": "name", "properties": {"name": name}}}


@pytest.mark.parametrize(
    "value",
    [
        POINT,
        feature(POINT),
        json.dumps(POINT),
        "POINT (13.4 52.5)",
        "  point(13.4 52.5) ",
        "SRID=4326;POINT (13.4 52.5)",
        crs("urn:ogc:def:crs:OGC:1.3:CRS84"),
        crs("urn:ogc:def:crs:EPSG::4326"),
        crs("EPSG:4326"),
        crs("http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
        {**POINT, "crs": None},
    ],
)
def test_every_notation_of_a_point_is_the_same_point(value: Any) -> None:
    found = read_geometry(value)
    assert found.shape == shapely.Point(13.4, 52.5)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("kind", "coordinates", "text"),
    [
        ("MultiPoint", [[0, 0], [1, 1]], "MULTIPOINT (0 0, 1 1)"),
        ("LineString", [[0, 0], [1, 1]], "LINESTRING (0 0, 1 1)"),
        ("MultiLineString", [[[0, 0], [1, 1]], [[2, 2], [3, 3]]], "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))"),
        ("Polygon", BOX, "POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))"),
        ("MultiPolygon", [BOX], "MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)))"),
    ],
)
def test_every_type_is_read_from_geojson_and_wkt(kind: str, coordinates: list[Any], text: str) -> None:
    expected = shapely.from_wkt(text)
    assert read_geometry({"type": kind, "coordinates": coordinates}).shape == expected
    assert read_geometry(text).shape == expected


def test_a_feature_collection_becomes_a_collection_and_counts_its_features() -> None:
    collection = {"type": "FeatureCollection", "features": [feature(POINT), feature(None), feature(POINT)]}
    found = read_geometry(collection)
    assert shapely.get_num_geometries(found.shape) == 2
    assert found.features == 2
    assert found.warnings == ("1 of 3 features have no geometry and were ignored.",)


@pytest.mark.parametrize(
    "value",
    ["POINT Z (1 2 3)", {"type": "Point", "coordinates": [1, 2, 3]}, {"type": "Point", "coordinates": [1, 2, 3, 4]}],
)
def test_heights_are_ignored_with_a_warning(value: Any) -> None:
    found = read_geometry(value)
    assert found.shape == shapely.Point(1, 2)
    assert found.warnings == ("Heights were ignored.",)


def test_a_bow_tie_is_repaired_with_a_warning() -> None:
    found = read_geometry("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))")
    assert found.shape.is_valid
    assert found.shape.area == pytest.approx(2)
    assert "repaired (Self-intersection[1 1])" in found.warnings[0]


def test_a_ring_left_open_is_closed_with_a_warning() -> None:
    found = read_geometry({"type": "Polygon", "coordinates": [BOX[0][:-1]]})
    assert found.shape.area == 4
    assert "were closed" in found.warnings[0]


def test_longitudes_beyond_180_are_brought_back_and_split() -> None:
    found = read_geometry("POLYGON ((170 0, 190 0, 190 10, 170 10, 170 0))")
    assert found.shape.equals(shapely.union(shapely.box(170, 0, 180, 10), shapely.box(-180, 0, -170, 10)))
    assert "brought back" in found.warnings[0]
    line = read_geometry("LINESTRING (170 0, 190 10)").shape
    assert line == shapely.from_wkt("MULTILINESTRING ((170 0, 180 5), (-180 5, -170 10))")
    assert read_geometry("POINT (-190 5)").shape == shapely.Point(170, 5)


def test_a_line_along_the_antimeridian_is_not_doubled() -> None:
    line = read_geometry("LINESTRING (179 0, 180 0, 180 5, 181 5)").shape
    assert line.length == pytest.approx(7)


def test_an_edge_the_long_way_round_is_read_as_it_stands_with_a_warning() -> None:
    found = read_geometry("LINESTRING (170 0, -170 0)")
    assert found.shape.length == 340
    assert "340° of longitude" in found.warnings[0]
    assert read_geometry("POLYGON ((-180 -90, 180 -90, 180 -60, -180 -60, -180 -90))").warnings == ()


def test_a_latitude_just_beyond_the_pole_by_rounding_is_the_pole() -> None:
    assert read_geometry("POINT (0 90.0000000001)").shape == shapely.Point(0, 90)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "not null"),
        (5, "not a number"),
        (True, "not a boolean"),
        ([1, 2], "not an array"),
        ("", "neither GeoJSON nor WKT"),
        ("POLYGON ((0 0, 1 0, 1 1))", "has a ring that is not closed"),
        ("ogc://local/jobs/x", "neither GeoJSON nor WKT.*given by its reference, not by its name, path or URL"),
        ("buildings.gpkg", "given by its reference"),
        ("prices.xlsx", r"neither GeoJSON nor WKT.*; files of the kind \.xlsx are not read: save it as CSV"),
        ("lots.zip", r"files of the kind \.zip are not read: unpack it, the shapefile or other files in it are"),
        ("maps/flood.kmz", "given by its reference"),
        ("towns.topojson", "given by its reference"),
        ("towns.gml", "given by its reference"),
        ("towns.tab", r"files of the kind \.tab are not read: save it as GeoPackage"),
        ({"type": "Topology", "objects": {}, "arcs": []}, "the TopoJSON has no objects"),
        ("<wfs:FeatureCollection xmlns:wfs='http://www.opengis.net/wfs/2.0'/>", "the GML has no layers"),
        ("maps/Relief.ASC", r"files of the kind \.asc are not read: save it as GeoTIFF"),
        ("POINT (1 2", r"neither GeoJSON nor WKT \(such as 'POINT \(13.4 52.5\)'\)$"),
        ('{"type": "Point"', "neither GeoJSON nor WKT"),
        ("[" * 100_000, "nested too deeply"),
        ({}, "it has nothing"),
        ({"type": "Circle", "coordinates": [0, 0]}, "no GeoJSON type: 'Circle'"),
        ({"type": ["Point"], "coordinates": [0, 0]}, "no GeoJSON type"),
        ({"type": "Point"}, "the Point has no coordinates"),
        ({"type": "Point", "coordinates": []}, "the geometry is empty"),
        ({"type": "Point", "coordinates": "1 2"}, "is not a position"),
        ({"type": "Point", "coordinates": [True, 2]}, "something else than numbers"),
        ({"type": "Point", "coordinates": [None, 2]}, "something else than numbers"),
        ({"type": "Point", "coordinates": [float("nan"), 2]}, "not finite"),
        ({"type": "Point", "coordinates": [10**400, 2]}, "beyond all range"),
        ({"type": "LineString", "coordinates": {"0": 1}}, "must be an array of positions, not an object"),
        ({"type": "LineString", "coordinates": [[0, 0]]}, "a line needs two"),
        ({"type": "LineString", "coordinates": [[0, 0], [1]]}, r"coordinates\[1\] is not a position"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "needs four"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}, "encloses no area"),
        ({"type": "GeometryCollection"}, "no array 'geometries'"),
        ({"type": "GeometryCollection", "geometries": [5]}, r"geometries\[0\] is not a GeoJSON geometry"),
        ({"type": "GeometryCollection", "geometries": []}, "the geometry is empty"),
        (feature(None), "the Feature has no geometry"),
        ({"type": "FeatureCollection"}, "no array 'features'"),
        ({"type": "FeatureCollection", "features": []}, "no feature with a geometry"),
        ({"type": "FeatureCollection", "features": [feature(None)]}, "no feature with a geometry"),
        ({"type": "FeatureCollection", "features": [POINT]}, r"features\[0\] is not a Feature"),
        ("POINT EMPTY", "the geometry is empty"),
        ("POINT (1e400 2)", "finite"),
        ("CIRCULARSTRING (0 0, 1 1, 2 0)", "not supported"),
        ("LINEARRING (0 0, 1 1, 1 0, 0 0)", "LinearRing is not supported"),
        ("POINT (500000 5700000)", "looks projected"),
        ("POINT (52.5 113.4)", "is the order latitude, longitude"),
        ("POINT (361 0)", "outside the globe"),
        ("SRID=999999;POINT (1 2)", "there is no CRS 'EPSG:999999'"),
        (crs("EPSG:14326"), "not supported"),
        ({**POINT, "crs": "EPSG:4326"}, "not supported"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(value: Any, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        read_geometry(value)


@pytest.mark.parametrize(
    "member",
    [
        "EPSG:25833",
        {"type": "EPSG", "properties": {"code": 25833}},
        {"type": "link", "properties": {"href": "https://example.org/crs", "type": "proj4"}},
        {"type": "name", "properties": {"name": 25833}},
    ],
)
def test_a_crs_member_of_another_form_is_refused_with_the_form_that_is_read(member: Any) -> None:
    """Not as if longitude and latitude alone were read, which sends people off to transform what need not be."""
    for read in (read_geometry, read_features):
        with pytest.raises(ProcessRefusedError, match=r'"properties": \{"name": "EPSG:25832"\}') as refused:
            read({**POINT, "crs": member})
        assert "WGS 84" not in str(refused.value)


CENTRAL = {"type": "Point", "coordinates": [500_000, 0]}


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:EPSG::25833", "EPSG:25833"])
def test_geojson_in_a_projected_crs_is_brought_to_longitude_and_latitude_and_kept_as_it_came(name: str) -> None:
    found = read_geometry({**CENTRAL, "crs": {"type": "name", "properties": {"name": name}}})
    assert shapely.get_coordinates(found.shape)[0] == pytest.approx([15, 0], abs=1e-12)
    assert found.native is not None
    assert found.native.crs.to_epsg() == 25833
    assert shapely.get_coordinates(found.native.shapes)[0] == pytest.approx([500_000, 0])


def test_the_source_crs_of_an_earlier_answer_gives_its_coordinates_back() -> None:
    answer = {"type": "FeatureCollection", "features": [feature(POINT)], "source_crs": "EPSG:25833"}
    found = read_geometry(answer)
    assert shapely.get_coordinates(found.shape)[0] == pytest.approx([13.4, 52.5], abs=1e-9)
    assert found.native is not None
    assert found.native.plane.startswith("plane of EPSG:25833")


def test_degrees_in_a_projected_crs_are_warned_of() -> None:
    found = read_geometry(crs("urn:ogc:def:crs:EPSG::25833"))
    assert any("look like degrees" in warning for warning in found.warnings)


def test_a_table_is_a_geometry_of_all_its_rows(tmp_path: Path) -> None:
    text = "name,lon,lat\nA,13.4,52.5\nB,2,48\nC,,\n"
    file = tmp_path / "places.csv"
    file.write_text(text)
    for value in (text, DatasetFile("places", file, "vector")):
        found = read_geometry(value)
        assert found.shape.geom_type == "GeometryCollection"
        assert found.features == 2
        assert found.native is None
        assert [row["name"] for row in found.each().rows()] == ["A", "B"]


def test_heights_are_kept_with_the_features_as_they_came() -> None:
    found = read_geometry({"type": "LineString", "coordinates": [[0, 0, 1], [1, 1, 5]]})
    assert not shapely.has_z(found.shape)
    assert found.native is not None
    assert shapely.has_z(found.native.shapes).all()


def test_a_table_without_geometry_is_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="no feature with a geometry"):
        read_geometry("name,value\nA,1\n")


def test_a_refusal_of_a_long_text_stays_short() -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        read_geometry("x" * 10_000_000)
    assert len(str(refused.value)) < 200


def test_numbers_next_to_nothing_are_zero() -> None:
    line = read_geometry("LINESTRING (5e-324 1e-200, 1 1)").shape
    assert line == shapely.LineString([(0, 0), (1, 1)])


@pytest.mark.parametrize(
    "text", ["POINT (1 2)\0 foo", "POINT (1\x0b 2)", "SRID=4326;POINT (1 2)\x00", "POINT (1 2)\x7f"]
)
def test_a_text_with_control_characters_is_refused_and_not_cut(text: str) -> None:
    with pytest.raises(ProcessRefusedError, match=r"control character U\+00"):
        read_geometry(text)


def test_white_space_of_any_kind_may_stand_in_wkt() -> None:
    assert read_geometry("POINT\r\n\t(13.4\n52.5)\n").shape == shapely.Point(13.4, 52.5)


@pytest.mark.parametrize("href", [5, None, ["http://a"]])
def test_a_reference_that_is_none_is_told_as_one(href: Any) -> None:
    with pytest.raises(ProcessRefusedError, match="href must be a string"):
        read_geometry({"href": href})


def test_the_features_of_a_file_are_read_once(tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text("name,lon,lat\na,1,2\nb,,\nc,3,4\n")
    geometry = read_geometry(DatasetFile("places", file, "vector"))
    file.unlink()
    assert geometry.each().fields["name"] == ["a", "c"]
    assert geometry.shape.equals(shapely.MultiPoint([(1, 2), (3, 4)]))


@pytest.mark.parametrize("form", ["array", "text", "answer", "wkt"])
def test_rows_of_a_table_are_a_geometry_as_they_are_features(form: str) -> None:
    """As `sql` answers, so that its answer is measured or buffered next."""
    rows: Any = [{"n": 1, "lon": 9, "lat": 50}, {"n": 2, "lon": "9.5", "lat": "50"}]
    if form == "wkt":
        rows = [{"n": 1, "wkt": "POINT (9 50)"}, {"n": 2, "wkt": "POINT (9.5 50)"}]
    value = {"array": rows, "text": json.dumps(rows), "answer": {"rows": rows, "count": 2}, "wkt": rows}[form]
    found = read_geometry(value)
    assert shapely.get_coordinates(found.shape).tolist() == [[9, 50], [9.5, 50]]
    assert found.each().fields["n"] == [1, 2]
