"""Formats that `convert-features` writes, as independent readers find them, and what they cannot hold is told."""

import io
import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import CRS, Transformer

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.geo.vector.feature_reading import read_features
from backend.geo.vector.shapefile_writing import shapefile
from backend.processes.running import OutputValue
from tests.backend.processes.conversions import KML, collection, converted, file_of, kml_of, told, warnings_of


def points(**columns: list[Any]) -> dict[str, Any]:
    names, rows = list(columns), zip(*columns.values(), strict=True)
    return collection(*[(f"POINT ({9 + at} 48)", dict(zip(names, row, strict=True))) for at, row in enumerate(rows)])


def unzipped(output: OutputValue, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(output.encode())) as archive:
        archive.extractall(folder)
    return folder / "features.shp"


def test_a_shapefile_is_a_zip_of_its_files_with_its_crs_and_encoding(tmp_path: Path) -> None:
    data = points(ort=["Köln", "Łódź"], n=[1, 2], yes=[True, False], day=["2020-02-29", "1969-07-20"])
    output = converted(data, format="shapefile", crs="EPSG:27700")
    path = unzipped(output, tmp_path)
    assert output.media_type == "application/zip"
    assert {file.suffix for file in tmp_path.iterdir()} == {".shp", ".shx", ".dbf", ".prj", ".cpg"}
    assert (tmp_path / "features.cpg").read_text() == "UTF-8"
    frame = geopandas.read_file(path)
    assert frame.crs.to_epsg() == 27700
    assert frame["ort"].tolist() == ["Köln", "Łódź"]
    assert frame["n"].tolist() == [1, 2]
    assert frame["yes"].tolist() == [True, False]
    assert [str(day)[:10] for day in frame["day"]] == ["2020-02-29", "1969-07-20"]
    assert frame.geometry.iloc[1].x == pytest.approx(
        Transformer.from_crs(4326, 27700, always_xy=True).transform(10, 48)[0]
    )
    again = read_features(DatasetFile("features", path, "vector"))
    assert again.fields["ort"] == ["Köln", "Łódź"]


def test_a_shapefile_tells_that_it_cannot_hold_a_datum_shift() -> None:
    crs = CRS("+proj=utm +zone=32 +ellps=bessel +towgs84=598.1,73.7,418.2,0.202,0.045,-2.455,6.7 +units=m +type=crs")
    features = replace(read_features("POINT (500000 5500000)", crs), crs=crs)
    assert any("datum shift" in warning for warning in shapefile(features, "a").features.warnings)
    known = read_features("POINT (500000 5500000)", CRS(25832))
    assert not shapefile(known, "a").features.warnings


def test_values_that_become_texts_are_told() -> None:
    output = converted(points(mixed=[1, "x"], nested=[{"a": 1}, None], n=[1, 2.5]), format="geopackage")
    assert told(output, "JSON texts").endswith("in: 'nested'.")
    assert told(output, "several kinds").endswith("in: 'mixed'.")


def test_the_same_features_make_the_same_shapefile() -> None:
    assert (
        converted(points(a=[1]), format="shapefile").encode() == converted(points(a=[1]), format="shapefile").encode()
    )


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("POLYGON ((0 0, 1 0, 1 1, 0 0))", "MULTIPOLYGON (((2 0, 3 0, 3 1, 2 0)), ((4 0, 5 0, 5 1, 4 0)))", "Polygon"),
        ("LINESTRING (0 0, 1 1)", "MULTILINESTRING ((2 0, 3 0), (4 0, 5 0))", "LineString"),
        ("POINT (0 0)", "MULTIPOINT (2 0, 3 0)", "MultiPoint"),
    ],
)
def test_single_and_multiple_geometries_of_a_kind_are_in_one_shapefile(
    first: str, second: str, kind: str, tmp_path: Path
) -> None:
    data = collection((first, {"n": 1}), (second, {"n": 2}), (None, {"n": 3}))
    path = unzipped(converted(data, format="shapefile"), tmp_path)
    assert pyogrio.read_info(path)["geometry_type"] == kind
    found = geopandas.read_file(path)
    for geometry, text in zip(found.geometry, (first, second), strict=False):
        assert geometry.equals(shapely.from_wkt(text))
    assert found.geometry.iloc[2] is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (collection(("POINT (1 2)", {}), ("LINESTRING (0 0, 1 1)", {})), "LineString, Point: ask for geopackage"),
        (collection(("GEOMETRYCOLLECTION (POINT (1 2))", {})), "GeometryCollection: ask for geopackage"),
        (collection((None, {"a": 1})), "no feature has one: ask for csv"),
    ],
)
def test_what_no_shapefile_holds_is_refused_with_what_to_ask_for(data: Any, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        converted(data, format="shapefile")
    assert refused.value.path == "$.inputs.format"


def test_names_of_fields_are_cut_so_that_all_differ_and_it_is_told(tmp_path: Path) -> None:
    names = ["population_2020", "population_2021", "populatio_1", "POPULATION", "populati_1", "größenordnung"]
    output = converted(points(**{name: [at, at] for at, name in enumerate(names)}), format="shapefile")
    found = geopandas.read_file(unzipped(output, tmp_path)).drop(columns="geometry")
    short = list(found)
    assert found.iloc[0].tolist() == list(range(6))
    assert len({name.lower() for name in short}) == 6
    assert all(len(name.encode()) <= 10 for name in short)
    assert (short[3], short[4]) == ("POPULATION", "populati_1")
    warning = told(output, "features_fields.csv")
    assert f"'population_2020' is '{short[0]}'" in warning
    assert "4 fields" in warning
    with zipfile.ZipFile(io.BytesIO(output.encode())) as archive:
        table = archive.read("features_fields.csv").decode().splitlines()
    assert f"{short[5]},größenordnung" in table
    assert not [row for row in table if "POPULATION" in row]


@pytest.mark.parametrize(
    ("values", "found", "words"),
    [
        (["x" * 300, "short"], ["x" * 254, "short"], "Texts were cut to the 254 bytes"),
        (["ä" * 200, "short"], ["ä" * 127, "short"], "Texts were cut to the 254 bytes"),
        ([7, None], [7, None], "no null for numbers"),
        ([0.5, None], [0.5, None], "no null for numbers"),
        (["2020-02-29T23:59:58", None], ["2020-02-29T23:59:58", None], "no times of day"),
        ([2**62 + 1, 5], ["4611686018427387905", "5"], "texts in it: 'v'"),
        ([1e300, 0.5], ["1e+300", "0.5"], "texts in it: 'v'"),
        ([1e-20, 0.5], [0.0, 0.5], "rounded to 15 decimals"),
        ([" x ", "y"], ["x", "y"], "Spaces at the ends"),
        ([0.1, 123456.75], [0.1, 123456.75], None),
        ([10**17 + 1, -5], [10**17 + 1, -5], None),
        (["", "y"], [None, "y"], "Empty texts"),
    ],
)
def test_what_a_shapefile_cannot_hold_is_told(
    values: list[Any], found: list[Any], words: str | None, tmp_path: Path
) -> None:
    output = converted(points(v=values), format="shapefile")
    _, _, _, (column,) = pyogrio.raw.read(unzipped(output, tmp_path))
    nan = [isinstance(value, float) and math.isnan(value) for value in column.tolist()]
    assert [None if none else value for none, value in zip(nan, column.tolist(), strict=True)] == found
    if words is None:
        assert warnings_of(output) == []
    else:
        assert "v" in told(output, words)


@pytest.mark.parametrize("crs", [{}, {"crs": "EPSG:4326"}])
def test_a_kml_is_in_longitude_and_latitude_with_its_fields(crs: dict[str, str], tmp_path: Path) -> None:
    flat = collection(("POINT (500000 5316300)", {"name": "A & B", "n": 2**40, "yes": True, "when": "2020-02-29"}))
    data = flat | {"crs": {"type": "name", "properties": {"name": "EPSG:25832"}}}
    output = converted(data, format="kml", **crs)
    path = file_of(output, tmp_path / "out.kml")
    frame = geopandas.read_file(path)
    east, north = Transformer.from_crs(25832, 4326, always_xy=True).transform(500_000, 5_316_300)
    assert frame.crs.to_epsg() == 4326
    assert (frame.geometry.iloc[0].x, frame.geometry.iloc[0].y) == pytest.approx((east, north), abs=1e-9)
    placemark = kml_of(path).find(".//k:Placemark", KML)
    assert placemark is not None
    assert placemark.findtext("k:name", namespaces=KML) == "A & B"
    values = {one.get("name"): one.text for one in placemark.iterfind(".//k:SimpleData", KML)}
    assert values == {"n": str(2**40), "yes": "true", "when": "2020-02-29"}


def test_a_kml_holds_any_geometries_and_heights_are_above_the_sea(tmp_path: Path) -> None:
    texts = ["POINT Z (9 48 300)", "LINESTRING (9 48, 10 49)", "POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))"]
    output = converted(collection(*[(text, {}) for text in texts]), format="kml")
    path = file_of(output, tmp_path / "out.kml")
    frame = geopandas.read_file(path)
    for geometry, text in zip(frame.geometry, texts, strict=True):
        assert geometry.equals(shapely.from_wkt(text))
    assert frame.has_z.tolist() == [True, False, False]
    assert frame.geometry.iloc[0].z == 300
    tree = kml_of(path)
    assert [one.text for one in tree.iterfind(".//k:altitudeMode", KML)] == ["absolute"]
    assert tree.findtext(".//k:Point/k:altitudeMode", namespaces=KML) == "absolute"
    assert warnings_of(output) == []


def test_a_kml_tells_of_characters_that_it_cannot_hold_and_of_names_that_it_cannot_tell_apart() -> None:
    assert "in: 'v'." in told(converted(points(v=["a\x01b", None]), format="kml"), "Control characters")
    with pytest.raises(ProcessRefusedError, match="differ in case alone"):
        converted(points(name=["a"], Name=["b"]), format="kml")


@pytest.mark.parametrize("crs", [{}, {"crs": "EPSG:25832"}])
def test_a_geoparquet_holds_the_features_as_they_were(crs: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    data = points(
        text=["Ä'\"", None], whole=[2**62 + 1, None], part=[0.1, None], yes=[None, True], day=["2020-02-29", None],
        at=["2020-02-29T01:02:03Z", None], parts=[["a"], None], nothing=[None, None], **{'geometry"': [1, 2]},
    )  # fmt: skip
    data["features"].append({"type": "Feature", "geometry": None, "properties": {"whole": 7}})
    output = converted(data, format="geoparquet", **crs)
    found = read_features(DatasetFile("again", file_of(output, tmp_path / "out.parquet"), "vector"))
    assert found.fields["text"] == ["Ä'\"", None, None]
    assert found.fields["whole"] == [2**62 + 1, None, 7]
    assert found.fields["part"] == [0.1, None, None]
    assert found.fields["yes"] == [None, True, None]
    assert found.fields["day"] == ["2020-02-29", None, None]
    assert found.fields["at"] == ["2020-02-29T01:02:03Z", None, None]
    assert found.fields["parts"] == ['["a"]', None, None]
    assert found.fields["nothing"] == [None, None, None]
    assert found.fields['geometry"'] == [1, 2, None]
    assert found.shapes[2] is None
    lonlat = found.lonlat().shapes
    assert shapely.distance(lonlat[:2], shapely.points([9, 10], [48, 48])).max() < 1e-9
    assert found.crs.to_authority() == (("EPSG", "25832") if crs else ("OGC", "CRS84"))


def test_a_geoparquet_has_geometries_in_its_crs_for_duckdb_too(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    output = converted(points(a=[1]), format="geoparquet", crs="EPSG:25832")
    path = file_of(output, tmp_path / "out.parquet")
    with duckdb.connect(":memory:") as database:
        (row,) = database.execute(
            "SELECT typeof(geometry), geometry::VARCHAR FROM read_parquet($1)", [str(path)]
        ).fetchall()
    assert CRS.from_json(row[0].removeprefix("GEOMETRY('").removesuffix("')")).to_epsg() == 25832
    expected = Transformer.from_crs(4326, 25832, always_xy=True).transform(9, 48)
    place = shapely.from_wkt(row[1])
    assert (place.x, place.y) == pytest.approx(expected, abs=1e-6)


def test_a_geoparquet_of_nothing_can_be_written(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    output = converted(collection(), format="geoparquet")
    assert len(read_features(DatasetFile("again", file_of(output, tmp_path / "out.parquet"), "vector"))) == 0


@pytest.mark.parametrize("texts", [("POINT Z (1 2 3)", "POINT (4 5)"), ("POINT Z (1 2 3)", "POINT Z (4 5 6)")])
def test_a_flatgeobuf_keeps_heights_and_tells_which_it_made_up(texts: tuple[str, str], tmp_path: Path) -> None:
    output = converted(collection(*[(text, {}) for text in texts]), format="flatgeobuf")
    frame = geopandas.read_file(file_of(output, tmp_path / "out.fgb"))
    # Its index orders them by where they lie.
    assert [point.z for point in sorted(frame.geometry, key=lambda point: point.x)] == (
        [3, 0] if "POINT (4 5)" in texts else [3, 6]
    )
    made_up = [warning for warning in warnings_of(output) if "have no heights" in warning]
    assert len(made_up) == ("POINT (4 5)" in texts)


def test_a_flatgeobuf_keeps_heights_of_single_and_multiple_polygons(tmp_path: Path) -> None:
    single = "POLYGON Z ((0 0 1, 1 0 1, 1 1 1, 0 0 1))"
    double = "MULTIPOLYGON Z (((2 0 5, 3 0 5, 3 1 5, 2 0 5)), ((4 0 5, 5 0 5, 5 1 5, 4 0 5)))"
    output = converted(collection((single, {}), (double, {})), format="flatgeobuf")
    frame = geopandas.read_file(file_of(output, tmp_path / "out.fgb"))
    heights = sorted(float(np.unique(shapely.get_coordinates(one, include_z=True)[:, 2])[0]) for one in frame.geometry)
    assert heights == [1, 5]
    assert not any("height" in warning for warning in warnings_of(output))


def test_a_flatgeobuf_of_several_types_has_no_heights_and_it_is_told(tmp_path: Path) -> None:
    data = collection(("POINT Z (1 2 3)", {}), ("LINESTRING (4 5, 6 7)", {}))
    output = converted(data, format="flatgeobuf")
    assert not geopandas.read_file(file_of(output, tmp_path / "out.fgb")).has_z.any()
    assert "heights of 1 geometries were left out" in told(output, "GeoPackage keeps them")
    kept = geopandas.read_file(file_of(converted(data, format="geopackage"), tmp_path / "out.gpkg"))
    assert kept.has_z.tolist() == [True, False]


def test_a_shapefile_has_heights_for_all_and_tells_which_it_made_up(tmp_path: Path) -> None:
    data = collection(("LINESTRING Z (1 2 3, 4 5 6)", {"n": 1}), ("LINESTRING (4 5, 6 7)", {"n": 2}))
    output = converted(data, format="shapefile")
    frame = geopandas.read_file(unzipped(output, tmp_path))
    assert [shapely.get_coordinates(line, include_z=True)[:, 2].tolist() for line in frame.geometry] == [[3, 6], [0, 0]]
    assert "1 geometries have no heights" in told(output, "no heights")


@pytest.mark.parametrize(("name", "driver"), [("geopackage", ".gpkg"), ("flatgeobuf", ".fgb")])
def test_whole_numbers_that_no_file_holds_are_told(name: str, driver: str, tmp_path: Path) -> None:
    output = converted(points(v=[2**64 + 1, 5], w=[2**60, 1]), format=name)
    frame = geopandas.read_file(file_of(output, tmp_path / f"out{driver}"))
    assert sorted(frame["v"].tolist()) == [5, 2.0**64]
    assert "in: 'v'." in told(output, "not exact")


def test_fields_alike_but_for_case_are_refused_where_one_would_be_lost() -> None:
    pytest.importorskip("duckdb")
    with pytest.raises(ProcessRefusedError, match="differ in case alone"):
        converted(points(a=[1], A=[2]), format="geoparquet")
