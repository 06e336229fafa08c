"""What `convert-features` tells of a file, tables that come back as they were, and GeoJSON in a CRS of its own."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio.raw
import pytest
import shapely
from pyproj import Geod, Transformer

from backend.geo.vector.csv_features import read_csv
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.processes.convert_features import convert_features
from backend.processes.geometry_measure import geometry_measure
from backend.processes.running import OutputValue
from summaries.values import MAX_BYTES, summarise
from tests.backend.processes.conversions import collection, converted, told, warnings_of

FILES = ["geopackage", "flatgeobuf", "shapefile", "kml", "geoparquet"]
BOW = "POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))"
POINT = "POINT (9 48)"
TOWNS = "name,lon,lat\nBerlin,13.4,52.5\nBern,7.45,46.95\n"


def summary_of(output: OutputValue) -> dict[str, Any]:
    return summarise(output.value, output.media_type)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("name", FILES)
def test_a_file_tells_what_is_in_it(name: str) -> None:
    if name == "geoparquet":
        pytest.importorskip("duckdb")
    output = converted(TOWNS, format=name)
    told = summary_of(output)
    assert (told["kind"], told["length"]) == ("binary", len(output.encode()))
    assert (told["count"], told["geometry_types"], told["crs"]) == (2, {"Point": 2}, "OGC:CRS84")
    assert told["bbox"] == [7.45, 46.95, 13.4, 52.5]
    assert told["fields"]["name"] == {"type": "string", "values": ["Berlin", "Bern"]}
    assert told.get("layer") == (None if name == "geoparquet" else "features")
    order = ["The features are in the order of the file's spatial index, not in that of before."]
    assert told.get("warnings", []) == (order if name == "flatgeobuf" else [])


@pytest.mark.parametrize("name", ["geopackage", "flatgeobuf", "shapefile", "csv"])
def test_a_file_in_another_crs_tells_it_and_its_box_in_it(name: str) -> None:
    told = summary_of(converted(TOWNS, format=name, crs="EPSG:3857"))
    way = Transformer.from_crs(4326, 3857, always_xy=True)
    assert told["crs"] == "EPSG:3857"
    assert told["bbox"] == pytest.approx([*way.transform(7.45, 46.95), *way.transform(13.4, 52.5)], abs=1e-3)


@pytest.mark.parametrize("name", [*FILES, "csv"])
def test_a_file_tells_what_was_repaired_on_the_way(name: str) -> None:
    if name == "geoparquet":
        pytest.importorskip("duckdb")
    told = summary_of(converted(BOW, format=name))
    assert any("repaired" in warning for warning in told["warnings"])


def test_a_file_of_many_fields_tells_them_within_the_bound_and_keeps_its_own_account() -> None:
    columns = [f"a_field_with_a_long_name_{at}" for at in range(60)]
    text = ",".join([*columns, "lon", "lat"]) + "\n" + ",".join(["some text"] * 60 + ["9", "48"]) + "\n"
    output = converted(text, format="geopackage")
    first, second = summary_of(output), summary_of(output)
    assert len(json.dumps(first, separators=(",", ":")).encode()) <= MAX_BYTES
    assert first == second
    assert len(first["fields"]) + first["more_fields"] == 62


def test_a_table_tells_its_beginning_too_and_the_crs_that_it_has_no_place_for() -> None:
    output = converted(TOWNS, format="csv", crs="EPSG:25832")
    told = summary_of(output)
    assert told["kind"] == "text"
    assert told["length"] == len(output.value)
    assert output.value.startswith(told["start"][:-1])
    assert told["count"] == 2
    assert [warning for warning in told["warnings"] if "x, y are in EPSG:25832" in warning]


def test_stock_pygeoapi_gets_plain_bytes_and_text() -> None:
    made = convert_features({"name": "here"})
    _, document = made.execute({"features": TOWNS, "format": "geopackage"})
    assert isinstance(document["geopackage"], bytes)
    _, document = made.execute({"features": TOWNS, "format": "csv"})
    assert json.loads(json.dumps(document))["csv"].startswith("name,")


@pytest.mark.parametrize(
    "text",
    [
        "name,lon,lat\nBerlin,13.4,52.5\nBern,7.25,46.95\n",
        "latitude,id,longitude\n52.5,1,13.4\n,2,\n",
        "id,stop_lat,stop_lon\n1,48.5,11.5\n",
        "id,lat,lon\n1,48.5,11.5\n2,48.5,\n",
    ],
)
def test_a_table_becomes_the_same_table(text: str) -> None:
    assert converted(text, format="csv").value == text


def test_coordinates_of_a_plane_that_stand_in_the_table_are_not_written_twice() -> None:
    flat = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "EPSG:25832"}},
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [500_000.25, 5_316_300]},
                "properties": {"id": 1, "easting": 500_000.25, "northing": 5_316_300},
            }
        ],
    }
    output = converted(flat, format="csv")
    assert rows_of(output.value) == [["id", "easting", "northing"], ["1", "500000.25", "5316300"]]
    assert any("easting, northing are in EPSG:25832" in warning for warning in summary_of(output)["warnings"])


def test_coordinates_that_are_other_ones_than_the_table_holds_are_written() -> None:
    found = rows_of(converted("name,lon,lat\nBerlin,13.4,52.5\n", format="csv", crs="EPSG:25833").value)
    assert found[0] == ["name", "lon_2", "lat_2", "x", "y"]
    moved = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [1, 2]},
        "properties": {"longitude": 9, "latitude": 2},
    }
    output = converted(moved, format="csv")
    assert rows_of(output.value) == [["longitude_2", "latitude", "longitude"], ["9", "2.0", "1.0"]]
    assert any("longitude is longitude_2" in warning for warning in summary_of(output)["warnings"])


def test_a_field_called_wkt_is_kept_beside_that_of_the_geometry() -> None:
    line = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[0, 0], [1, 1]]},
        "properties": {"wkt": "kept"},
    }
    assert rows_of(converted(line, format="csv").value)[0] == ["wkt_2", "wkt"]


def test_heights_of_points_are_a_column_of_their_own() -> None:
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2, 3]}, "properties": {"n": 7}}
    output = converted(point, format="csv")
    assert rows_of(output.value) == [["n", "longitude", "latitude", "z"], ["7", "1.0", "2.0", "3.0"]]
    again = rows_of(converted(output.value, format="csv").value)
    assert again == [["n", "longitude", "latitude", "z"], ["7", "1.0", "2.0", "3.0"]]


def test_a_field_called_z_is_kept_beside_the_heights_of_points_and_it_is_told() -> None:
    output = converted(collection(("POINT Z (1 2 3)", {"z": "zone 7"})), format="csv")
    assert rows_of(output.value) == [["z_2", "longitude", "latitude", "z"], ["zone 7", "1.0", "2.0", "3.0"]]
    (warning,) = summary_of(output)["warnings"]
    assert "z is z_2" in warning


@pytest.mark.parametrize(
    ("row", "crs"),
    [
        ({"geom": "POINT (1 1)"}, None),
        ({"Shape": "round", "the_geom": 3}, None),
        ({"geom": "x", "lon": 9, "lat": 48}, None),
        ({"WKT": "POINT (1 1)", "Longitude": 3, "LATITUDE": 3}, None),
        ({"lon": 9, "lat": 48, "shape_2": 1, "shape": 2}, "EPSG:25832"),
        ({"lon": 9}, "EPSG:25832"),
        ({"long": "road", "Lat": 3, "X": 5}, "EPSG:25832"),
    ],
)
@pytest.mark.parametrize("text", [POINT, "LINESTRING (9 48, 10 49)"])
def test_a_table_is_read_with_the_geometry_that_was_written_whatever_its_fields_are_called(
    row: dict[str, Any], crs: str | None, text: str
) -> None:
    output = converted(collection((text, row)), format="csv", **({"crs": crs} if crs else {}))
    found = read_csv(output.value)
    expected = shapely.from_wkt(text)
    if crs:
        expected = shapely.transform(
            expected, Transformer.from_crs(4326, crs, always_xy=True).transform, interleaved=False
        )
    assert shapely.equals_exact(found.shapes[0], expected, 1e-6)
    own = [values[0] for name, values in found.fields.items() if name not in {"longitude", "latitude", "x", "y"}]
    assert sorted(map(str, own)) == sorted(map(str, row.values()))
    assert len(rows_of(output.value)[0]) == len(set(rows_of(output.value)[0]))


def test_a_field_that_would_be_read_as_the_geometry_has_another_name_and_it_is_told() -> None:
    output = converted(collection((POINT, {"shape": "round"})), format="csv")
    assert rows_of(output.value) == [["shape_2", "longitude", "latitude"], ["round", "9.0", "48.0"]]
    (warning,) = summary_of(output)["warnings"]
    assert "shape is shape_2" in warning


@pytest.mark.parametrize("row", [{"shape": "round"}, {"lon": 9, "lat": 48}, {"Lng": "far", "north": "away"}])
def test_a_table_without_geometries_has_none_when_it_is_read_whatever_its_fields_are_called(
    row: dict[str, Any],
) -> None:
    found = read_csv(converted(collection((None, row)), format="csv").value)
    assert not found.present.any()
    assert {name: values[0] for name, values in found.fields.items()} == row
    kept = read_csv(converted(collection((None, {"wkt": "POINT (1 1)", **row})), format="csv").value)
    assert kept.fields["wkt_2"] == ["POINT (1 1)"]


@pytest.mark.parametrize("rows", [[], [(None, {})], [(None, {}), (None, {})]])
def test_a_table_of_no_features_or_no_fields_can_be_read_again(rows: list[Any]) -> None:
    found = read_csv(converted(collection(*rows), format="csv").value)
    assert len(found) == len(rows)
    assert not found.present.any()
    assert not found.fields


@pytest.mark.parametrize("code", [27700, 3857, 4258])
def test_geojson_is_in_the_crs_that_is_asked_for_and_names_it(code: int, tmp_path: Path) -> None:
    data = "name,lon,lat\nLondon,-0.1275,51.507\nLeeds,-1.55,53.8\n"
    output = converted(data, format="geojson", crs=f"EPSG:{code}")
    path = tmp_path / "out.geojson"
    path.write_bytes(output.encode())
    document = json.loads(path.read_text())
    assert document["crs"] == {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{code}"}}
    assert list(document).index("crs") < list(document).index("features")
    way = Transformer.from_crs(4326, code, always_xy=True)
    expected = [way.transform(-0.1275, 51.507), way.transform(-1.55, 53.8)]
    assert [feature["geometry"]["coordinates"] for feature in document["features"]] == [
        pytest.approx(place, abs=1e-3) for place in expected
    ]
    frame = geopandas.read_file(path)
    assert frame.crs.to_epsg() == code
    assert frame.geometry.iloc[0].x == pytest.approx(expected[0][0], abs=1e-3)
    assert any("RFC 7946" in warning for warning in document["warnings"])


def test_our_own_tools_take_such_geojson_for_what_it_is() -> None:
    data = 'id,wkt\n1,"POLYGON ((-1 51, -0.5 51, -0.5 51.5, -1 51.5, -1 51))"\n'
    output = converted(data, format="geojson", crs="EPSG:3857")
    document = json.loads(output.encode())
    assert read_features(document).crs.to_epsg() == 3857
    measured = geometry_measure({"name": "here"}).run({"geometry": document}, lambda _percent, _text=None: None)
    truth = abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.box(-1, 51, -0.5, 51.5))[0])
    assert measured["area"]["value"] == pytest.approx(truth, rel=2e-3)
    assert measured["planar"]["area"]["value"] > 2 * truth
    back = json.loads(converted(document, format="geojson", crs="OGC:CRS84").encode())
    assert np.allclose(shapely.geometry.shape(back["features"][0]["geometry"]).bounds, (-1, 51, -0.5, 51.5))
    assert "crs" not in back


def test_the_summary_of_such_geojson_has_its_box_in_that_crs() -> None:
    output = converted(TOWNS, format="geojson", crs="EPSG:25832")
    told = summary_of(output)
    assert told["crs"] == "urn:ogc:def:crs:EPSG::25832"
    coordinates = [feature["geometry"]["coordinates"] for feature in json.loads(output.encode())["features"]]
    xs, ys = zip(*coordinates, strict=True)
    assert told["bbox"] == pytest.approx([min(xs), min(ys), max(xs), max(ys)], abs=1e-6)
    assert told["bbox"] == summarise(json.loads(output.encode()), output.media_type)["bbox"]


def test_geojson_of_a_projected_layer_stays_in_longitude_and_latitude_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "flat.gpkg"
    square: Any = shapely.to_wkb([shapely.box(500_000, 5_316_300, 500_100, 5_316_400)])
    pyogrio.raw.write(path, square, [], [], geometry_type="Polygon", crs="EPSG:25832", driver="GPKG")
    data = DatasetFile("flat", path, "vector")
    plain = json.loads(converted(data, format="geojson").encode())
    assert plain["features"][0]["geometry"]["coordinates"][0][0] == pytest.approx([9, 48], abs=0.1)
    asked = json.loads(converted(data, format="geojson", crs="EPSG:25832").encode())
    assert min(asked["features"][0]["geometry"]["coordinates"][0]) == [500_000, 5_316_300]


def test_a_table_tells_where_empty_texts_and_missing_values_became_the_same() -> None:
    rows = [{"a": "", "b": "", "c": None}, {"a": None, "b": "x", "c": "y"}]
    output = converted(collection(*[("POINT (9 48)", row) for row in rows]), format="csv")
    assert told(output, "Empty texts") == "Empty texts and missing values are the same in a CSV, in: 'a'."


@pytest.mark.parametrize("name", ["geopackage", "flatgeobuf"])
def test_times_finer_than_a_format_holds_are_texts_and_this_is_told(name: str) -> None:
    row = {"fine": "2024-01-01T12:00:00.123456", "coarse": "2024-01-01T12:00:00.123", "text": "noon"}
    output = converted(collection(("POINT (9 48)", row)), format=name)
    assert told(output, "finer").endswith("are texts, in: 'fine'.")


def test_dates_are_texts_in_a_flatgeobuf_alone_and_this_is_told() -> None:
    features = collection(("POINT (9 48)", {"day": "2024-01-01", "name": "a"}), ("POINT (10 48)", {"day": None}))
    assert told(converted(features, format="flatgeobuf"), "Dates are texts").endswith("in: 'day'.")
    for form in ("geopackage", "geoparquet", "shapefile"):
        assert not any("texts" in warning for warning in warnings_of(converted(features, format=form)))
