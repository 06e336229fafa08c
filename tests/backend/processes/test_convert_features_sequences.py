"""GPX, KMZ and sequences of GeoJSON: what `convert-features` writes in them is what GDAL and we read in them."""

# pyogrio has no types, geopandas has them in part.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas
import pyogrio
import pyogrio.raw
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.vector.feature_reading import read_features
from tests.backend.processes.conversions import collection, converted, file_of, told, warnings_of

G = {"g": "http://www.topografix.com/GPX/1/1"}
MIXED = collection(
    ("LINESTRING Z (7 46 500, 8 47 510.5)", {"name": "Hike", "kind": "track", "code": "007", "km": 12.5}),
    ("LINESTRING (1 2, 3 4)", {"name": "Ferry & <bus>", "km": 3}),
    ("POINT (5 6)", {"name": "Hut", "ele": 1200, "time": "2024-05-01T08:00:00Z", "open": True}),
    ("MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))", {"name": "Two days"}),
)


def gpx(path: Path, data: Any = MIXED) -> Path:
    return file_of(converted(data, format="gpx"), path / "made.gpx")


def test_points_and_lines_are_waypoints_routes_and_tracks_to_gdal(tmp_path: Path) -> None:
    path = gpx(tmp_path)
    layers = {name: geopandas.read_file(path, layer=name) for name in ("waypoints", "routes", "tracks")}
    assert layers["waypoints"]["name"].tolist() == ["Hut"]
    assert layers["waypoints"]["ele"].tolist() == [1200]
    assert layers["waypoints"]["ogr_open"].tolist() == ["true"]
    assert str(layers["waypoints"]["time"].iloc[0]) == "2024-05-01 08:00:00+00:00"
    assert layers["routes"]["name"].tolist() == ["Ferry & <bus>"]
    assert layers["routes"]["ogr_km"].tolist() == [3]
    assert layers["tracks"]["name"].tolist() == ["Hike", "Two days"]
    assert [shape.wkt for shape in layers["tracks"].geometry] == [
        "MULTILINESTRING ((7 46, 8 47))",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
    ]
    points = pyogrio.read_dataframe(path, layer="track_points")
    assert points["ele"].tolist()[:2] == [500, 510.5]


def test_a_gpx_is_read_again_with_its_fields_and_heights() -> None:
    found = read_features(converted(MIXED, format="gpx").encode().decode())
    assert {name: list(values) for name, values in found.fields.items()} == {
        "kind": ["waypoint", "route", "track", "track"],
        "name": ["Hut", "Ferry & <bus>", "Hike", "Two days"],
        "time": ["2024-05-01T08:00:00Z", None, None, None],
        "code": [None, None, "007", None],
        "km": [None, 3.0, 12.5, None],
        "open": [True, None, None, None],
    }
    assert [shapely.to_wkt(shape) for shape in found.shapes] == [
        "POINT Z (5 6 1200)",
        "LINESTRING (1 2, 3 4)",
        "LINESTRING Z (7 46 500, 8 47 510.5)",
        "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
    ]
    assert found.warnings == ()


def test_the_elements_of_a_gpx_stand_in_the_order_of_its_schema() -> None:
    row = {"type": "peak", "sym": "Flag", "desc": "d", "name": "n", "src": "s", "cmt": "c", "x": 1}
    root = ET.fromstring(converted(collection(("POINT Z (1 2 3)", row)), format="gpx").encode())  # noqa: S314  # ours
    (waypoint,) = root.findall("g:wpt", G)
    names = [element.tag.rpartition("}")[2] for element in waypoint]
    assert names == ["ele", "name", "cmt", "desc", "src", "sym", "type", "extensions"]
    assert [element.tag.rpartition("}")[2] for element in root] == ["metadata", "wpt"]


def test_what_a_gpx_changes_is_told() -> None:
    rows: list[tuple[str | None, dict[str, Any]]] = [
        ("LINESTRING (0 0, 1 1)", {"name": 7, "größe m²": 2.5, "2020": 1}),
        ("MULTIPOINT (1 1, 2 2)", {"name": "a\x01b"}),
        (None, {"name": "nowhere"}),
    ]
    output = converted(collection(*rows), format="gpx")
    assert told(output, "without a geometry").startswith("1 features")
    assert told(output, "waypoint for each")
    assert told(output, "Waypoints come first")
    assert told(output, "Numbers are texts").endswith("in: 'name'.")
    assert told(output, "Control characters, which a GPX").endswith("in: 'name'.")
    assert "größe m² is größe_m_" in told(output, "no element of XML")
    found = read_features(output.encode().decode())
    assert list(found.fields["name"]) == ["ab", "ab", "7"]
    assert list(found.fields["größe_m_"]) == [None, None, 2.5]
    assert list(found.fields["_2020"]) == [None, None, 1]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "holds points and lines.*Polygon: ask for kml.*geometry-transform"),
        (collection(("GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (0 0, 1 1))", {})), "GeometryCollection"),
        (collection((None, {"a": 1})), "no feature has one: ask for csv"),
    ],
)
def test_what_no_gpx_holds_is_refused_with_what_to_ask_for(data: Any, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        converted(data, format="gpx")
    assert refused.value.path == "$.inputs.format"


def test_small_numbers_have_no_exponent_in_a_gpx(tmp_path: Path) -> None:
    text = gpx(tmp_path, "POINT (0.00000001 -0.0000002)").read_text()
    assert 'lat="-0.0000002" lon="0.00000001"' in text


def test_a_kmz_is_a_zipped_kml_that_gdal_and_we_read(tmp_path: Path) -> None:
    output = converted(MIXED, format="kmz", layer="trip")
    assert output.media_type == "application/vnd.google-earth.kmz"
    with zipfile.ZipFile(io.BytesIO(output.encode())) as archive:
        assert archive.namelist() == ["doc.kml"]
        assert archive.read("doc.kml") == converted(MIXED, format="kml", layer="trip").encode()
    frame = geopandas.read_file(file_of(output, tmp_path / "trip.kmz"), layer="trip")
    assert frame["Name"].tolist() == ["Hike", "Ferry & <bus>", "Hut", "Two days"]
    assert list(read_features(output.encode()).fields["name"]) == frame["Name"].tolist()


@pytest.mark.parametrize(("form", "mark"), [("geojsonl", ""), ("geojsonseq", "\x1e")])
def test_a_sequence_has_a_feature_in_each_line(form: str, mark: str, tmp_path: Path) -> None:
    rows = [("POINT (1 2)", {"name": "a\nb", "tags": {"x": [1, "y"]}, "n": None}), (None, {"name": 7, "n": 0.1})]
    output = converted(collection(*rows), format=form)
    text = output.encode().decode()
    lines = text.split("\n")
    assert lines.pop() == ""
    features = [json.loads(line.removeprefix(mark)) for line in lines]
    assert all(line.startswith(mark or "{") for line in lines)
    assert [feature["type"] for feature in features] == ["Feature", "Feature"]
    assert [feature["properties"] for feature in features] == [
        {"name": "a\nb", "tags": {"x": [1, "y"]}, "n": None},
        {"name": 7, "n": 0.1, "tags": None},
    ]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [1, 2]}
    assert features[1]["geometry"] is None
    assert not [warning for warning in warnings_of(output) if "texts" in warning]
    meta, _, geometries, _ = pyogrio.raw.read(file_of(output, tmp_path / "made.geojsonl"), columns=["name"])
    assert meta["crs"] == "EPSG:4326"
    assert shapely.from_wkb(geometries).tolist() == [shapely.Point(1, 2), None]


@pytest.mark.parametrize("form", ["geojsonl", "geojsonseq", "gpx", "kmz"])
def test_what_is_written_is_read_again_by_its_bytes(form: str) -> None:
    output = converted("ort,lon,lat\nKöln,6.96,50.94\nŁódź,19.46,51.77", format=form)
    found = read_features(output.encode())
    assert list(found.fields["ort"]) == ["Köln", "Łódź"]
    assert shapely.to_wkt(found.shapes[1], rounding_precision=6) == "POINT (19.46 51.77)"


@pytest.mark.parametrize("form", ["geojsonl", "geojsonseq", "gpx", "kmz"])
def test_formats_in_longitude_and_latitude_refuse_another_crs_and_take_features_of_one(form: str) -> None:
    data = {"features": "SRID=25832;POINT (500000 5500000)", "format": form}
    with pytest.raises(ProcessRefusedError, match="longitude and latitude") as refused:
        converted(**data, crs="EPSG:25832")
    assert refused.value.path == "$.inputs.crs"
    (point,) = read_features(converted(**data).encode()).shapes
    assert (round(point.x, 7), round(point.y, 4)) == (9.0, 49.6525)


@pytest.mark.parametrize("form", ["geojson", "geojsonl", "geojsonseq", "csv", "gpx"])
def test_half_a_surrogate_pair_is_replaced_and_told_in_every_format(form: str) -> None:
    output = converted(json.dumps(collection(("POINT (1 2)", {"name": "caf\ud800"}))), format=form)
    (name,) = read_features(output.encode().decode()).fields["name"]
    assert name == "caf\ufffd"
    assert told(output, "U+FFFD").endswith("'name'.")


@pytest.mark.parametrize("form", ["kml", "gpx"])
def test_a_field_whose_name_xml_has_no_place_for_keeps_its_values(form: str) -> None:
    output = converted(collection(("POINT (1 2)", {"\x01": "kept"})), format=form)
    assert told(output, "without a name")
    assert "kept" in [value for values in read_features(output.encode()).fields.values() for value in values]
