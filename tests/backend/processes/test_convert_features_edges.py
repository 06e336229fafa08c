"""What files cannot hold as it is: `convert-features` writes it another way and tells it, and no driver fails at it."""

import csv
import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas
import pyogrio
import pyogrio.raw
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.processes.running import OutputValue
from summaries.values import summarise
from tests.backend.processes.conversions import KML, collection, converted, file_of, kml_of, told, warnings_of

SUFFIXES = {"geopackage": ".gpkg", "flatgeobuf": ".fgb", "kml": ".kml", "shapefile": ".shz"}
SPARSE = ["i,note,lon,lat\n" + "".join(f"{at},{'' if at else note},9,48\n" for at in range(2001)) for note in ("x", "")]


POINT = "POINT (9 48)"


def frame_of(output: OutputValue, form: str, folder: Path) -> Any:
    return geopandas.read_file(file_of(output, folder / f"out{SUFFIXES[form]}"))


def parquet_rows(output: OutputValue, query: str, folder: Path) -> list[Any]:
    duckdb = pytest.importorskip("duckdb")
    path = file_of(output, folder / "out.parquet")
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"}) as database:
        return database.execute(query, [str(path)]).fetchall()


@pytest.mark.parametrize("text", SPARSE)
def test_a_geoparquet_of_many_rows_holds_a_field_with_one_value_or_none(text: str, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    output = converted(text, format="geoparquet")
    query = "SELECT count(*), count(note), count(geometry), max(i) FROM read_parquet($1)"
    assert parquet_rows(output, query, tmp_path) == [(2001, int(",x," in text), 2001, 2000)]


@pytest.mark.parametrize("there", [0, 1])
def test_a_geoparquet_of_many_rows_holds_a_geometry_in_the_last_or_in_none(there: int, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    data = "i,wkt\n" + "".join(f"{at},{'POINT (9 48)' if at == 2000 * there and at else ''}\n" for at in range(2001))
    output = converted(data, format="geoparquet")
    query = "SELECT count(*), count(geometry) FROM read_parquet($1)"
    assert parquet_rows(output, query, tmp_path) == [(2001, there)]


def test_a_field_without_a_name_gets_one_in_a_geoparquet(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    output = converted(collection(("POINT (9 48)", {"": 1, "Field": 2})), format="geoparquet")
    assert parquet_rows(output, 'SELECT field_2, "Field" FROM read_parquet($1)', tmp_path) == [(1, 2)]
    assert "'field_2'" in told(output, "without a name")


def test_a_field_without_a_name_gets_one_in_a_kml(tmp_path: Path) -> None:
    output = converted(collection((POINT, {"": 1})), format="kml")
    data = kml_of(file_of(output, tmp_path / "out.kml")).findall(".//k:SimpleData", KML)
    assert [(one.get("name"), one.text) for one in data] == [("field", "1")]
    assert "'field'" in told(output, "without a name")


def test_a_geoparquet_holds_heights_and_tells_the_types(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    output = converted(collection(("POINT Z (9 48 300)", {}), ("LINESTRING (1 2, 3 4)", {})), format="geoparquet")
    ((shapes,),) = parquet_rows(output, "SELECT list(geometry::VARCHAR) FROM read_parquet($1)", tmp_path)
    assert [shapely.from_wkt(text) for text in shapes] == list(
        shapely.from_wkt(["POINT Z (9 48 300)", "LINESTRING (1 2, 3 4)"])
    )
    ((about,),) = parquet_rows(output, "SELECT value FROM parquet_kv_metadata($1) WHERE key::VARCHAR = 'geo'", tmp_path)
    assert json.loads(about)["columns"]["geometry"]["geometry_types"] == ["LineString", "Point Z"]


@pytest.mark.parametrize("form", ["geopackage", "flatgeobuf", "shapefile", "kml", "geoparquet", "csv"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("POINT (9 48)", "POINT EMPTY"),
        ("LINESTRING Z (9 48 1, 10 49 1)", "LINESTRING EMPTY"),
        ("POINT (9 48)", "GEOMETRYCOLLECTION EMPTY"),
    ],
)
def test_an_empty_geometry_is_none_in_a_file_and_it_is_told(form: str, first: str, second: str, tmp_path: Path) -> None:
    if form == "geoparquet":
        pytest.importorskip("duckdb")
    output = converted(collection((first, {"n": 1}), (second, {"n": 2})), format=form)
    assert "1 empty geometries" in told(output, "empty")
    if form == "csv":
        assert list(csv.DictReader(io.StringIO(output.value)))[1] in [
            {"n": "2", "longitude": "", "latitude": ""},
            {"n": "2", "wkt": ""},
        ]
    elif form == "geoparquet":
        query = "SELECT n, geometry IS NULL FROM read_parquet($1)"
        assert parquet_rows(output, query, tmp_path) == [(1, False), (2, True)]
    else:
        frame = frame_of(output, form, tmp_path)
        missing = {int(n): geometry is None for n, geometry in zip(frame["n"], frame.geometry, strict=True)}
        assert missing == {1: False, 2: True}
        assert frame.geometry.dropna().iloc[0].equals(shapely.from_wkt(first))
        assert b"nan" not in output.encode() or form != "kml"


def test_an_empty_geometry_stays_one_in_geojson() -> None:
    output = converted(collection(("POINT (9 48)", {}), ("LINESTRING EMPTY", {})), format="geojson")
    document = json.loads(output.encode())
    assert not any("empty geometries are none" in warning for warning in document.get("warnings", []))


def test_a_kml_is_well_formed_whatever_its_fields_are_called(tmp_path: Path) -> None:
    row = {"a & b < \"c\" > 'd'": 1, "&amp;": "two", "x\x01y": "three"}
    output = converted(collection((POINT, row)), format="kml")
    tree = kml_of(file_of(output, tmp_path / "out.kml"))
    values = {one.get("name"): one.text for one in tree.iterfind(".//k:SimpleData", KML)}
    assert values == {"a & b < \"c\" > 'd'": "1", "&amp;": "two", "xy": "three"}
    fields = [one.get("name") for one in tree.iterfind(".//k:SimpleField", KML)]
    assert fields == list(values)
    assert "'xy'" in told(output, "Control characters")
    assert set(summarise(output.value, output.media_type)["fields"]) == set(values)


FLAT = [
    "LINESTRING (9 48, 10 49)",
    "POLYGON ((0 0, 4 0, 4 4, 0 0), (2 1, 3 1, 3 2, 2 1))",
    "MULTILINESTRING ((0 0, 1 1), (2 2, 3 3))",
    "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)), ((10 0, 14 0, 14 4, 10 0), (12 1, 13 1, 13 2, 12 1)))",
    "GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4), POLYGON ((0 0, 4 0, 4 4, 0 0)))",
]


def test_what_has_no_heights_lies_on_the_ground_in_a_kml_and_gets_none(tmp_path: Path) -> None:
    output = converted(collection(*[(text, {}) for text in FLAT]), format="kml")
    assert b"altitudeMode" not in output.encode()
    high: list[str] = shapely.to_wkt(shapely.force_3d(shapely.from_wkt(FLAT), z=7)).tolist()
    output = converted(collection(*[(text, {}) for text in (*FLAT, *high)]), format="kml")
    tree = kml_of(file_of(output, tmp_path / "out.kml"))
    placemarks = tree.findall(".//k:Placemark", KML)
    counts = [len(one.findall(".//k:altitudeMode", KML)) for one in placemarks]
    assert counts[: len(FLAT)] == [0] * len(FLAT)
    assert all(counts[len(FLAT) :])
    for one in placemarks:
        for line in (*one.iterfind(".//k:LineString", KML), *one.iterfind(".//k:LinearRing", KML)):
            text = line.findtext("k:coordinates", namespaces=KML)
            assert text is not None
            assert (line.find("k:altitudeMode", KML) is not None) == (text.split()[0].count(",") == 2)
    frame = geopandas.read_file(tmp_path / "out.kml")
    assert frame.has_z.tolist() == [False] * len(FLAT) + [True] * len(FLAT)
    assert warnings_of(output) == []


def test_numbers_keep_their_digits_in_a_kml(tmp_path: Path) -> None:
    rows = [{"sum": 0.1 + 0.2, "half": 0.5, "large": 2**64 + 1}, {"sum": None, "half": 1, "large": 5}]
    output = converted(collection(*[(POINT, row) for row in rows]), format="kml")
    tree = kml_of(file_of(output, tmp_path / "out.kml"))
    values = [(one.get("name"), one.text) for one in tree.iterfind(".//k:SimpleData", KML)]
    assert values[:3] == [("sum", "0.30000000000000004"), ("half", "0.5"), ("large", "18446744073709551617")]
    kinds = {one.get("name"): one.get("type") for one in tree.iterfind(".//k:SimpleField", KML)}
    assert kinds == {"sum": "string", "half": "float", "large": "string"}


def test_whole_numbers_are_such_in_a_kml_where_its_type_holds_them(tmp_path: Path) -> None:
    rows = [{"small": 2**31 - 1, "none": None, "large": 2**31}, {"small": -(2**31), "none": 7, "large": 0}]
    tree = kml_of(file_of(converted(collection(*[(POINT, row) for row in rows]), format="kml"), tmp_path / "out.kml"))
    kinds = {one.get("name"): one.get("type") for one in tree.iterfind(".//k:SimpleField", KML)}
    assert kinds == {"small": "int", "none": "int", "large": "string"}
    values = [(one.get("name"), one.text) for one in tree.iterfind(".//k:SimpleData", KML)]
    assert values == [
        ("small", "2147483647"),
        ("large", "2147483648"),
        ("small", "-2147483648"),
        ("none", "7"),
        ("large", "0"),
    ]


FORMS = ["geopackage", "flatgeobuf", "shapefile"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "value",
    [
        "0000-01-01",
        "0000-01-01T00:00:00",
        "2020-01-01T00:00:00+14:15",
        "2020-01-01T00:00:00-23:45",
        "2020-01-01T12:00:00+18:00",
    ],
)
def test_moments_that_gdal_does_not_hold_are_texts(form: str, value: str, tmp_path: Path) -> None:
    output = converted(collection((POINT, {"when": value})), format=form)
    path = file_of(output, tmp_path / f"out{SUFFIXES[form]}")
    assert pyogrio.raw.read(path, read_geometry=False)[3][-1].tolist() == [value]


@pytest.mark.parametrize("value", ["2020-01-01T00:00:00+14:00", "2020-01-01T00:00:00-14:00", "0001-01-01T00:00:00"])
def test_moments_at_the_ends_of_what_gdal_holds_are_moments(value: str, tmp_path: Path) -> None:
    path = file_of(converted(collection((POINT, {"when": value})), format="geopackage"), tmp_path / "out.gpkg")
    assert pyogrio.read_info(path)["dtypes"].tolist() == ["datetime64[ms]"]
    found = pyogrio.raw.read(path, read_geometry=False, datetime_as_string=True)[3][0]
    assert datetime.fromisoformat(found[0]) == datetime.fromisoformat(value)


@pytest.mark.parametrize("form", [*FORMS, "kml", "geoparquet", "csv"])
def test_characters_that_no_file_holds_are_left_out_or_replaced_and_told(form: str, tmp_path: Path) -> None:
    rows = [{"a": "one\0two", "b": "x\ud800y", "c": ["\udfffz"], "d\0": "😀", "e": 1}]
    output = converted(collection(*[(POINT, row) for row in rows]), format=form)
    expected = {"a": "onetwo", "b": "x\ufffdy", "c": '["\ufffdz"]', "d": "😀"}
    if form == "csv":
        (found,) = csv.DictReader(io.StringIO(output.value))
    elif form == "geoparquet":
        (row,) = parquet_rows(output, "SELECT a, b, c, d FROM read_parquet($1)", tmp_path)
        found = dict(zip("abcd", row, strict=True))
    else:
        found = frame_of(output, form, tmp_path).iloc[0]
    assert {name: found[name] for name in expected} == expected
    assert "'a', 'd'" in told(output, "NUL")
    assert "'b', 'c'" in told(output, "U+FFFD")


def zipped(output: OutputValue) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(output.encode())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_zipped_shapefile_tells_all_new_names_in_a_table(tmp_path: Path) -> None:
    names = [f"a rather long name, {at}" for at in range(30)]
    row = {"kept": -1, **{name: at for at, name in enumerate(names)}}
    output = converted(collection((POINT, row)), format="shapefile")
    table = list(csv.reader(io.StringIO(zipped(output)["features_fields.csv"].decode())))
    assert table[0] == ["shapefile_name", "original_name"]
    assert [original for _, original in table[1:]] == names
    (found,) = frame_of(output, "shapefile", tmp_path).drop(columns="geometry").to_dict("records")
    assert found == {"kept": -1, **{short: at for at, (short, _) in enumerate(table[1:])}}
    assert "30 fields" in told(output, "features_fields.csv")


def test_names_that_differ_in_case_alone_are_told_as_such(tmp_path: Path) -> None:
    output = converted(collection((POINT, {"a": 1, "A": 2})), format="shapefile")
    assert list(csv.reader(io.StringIO(zipped(output)["features_fields.csv"].decode())))[1:] == [["A_1", "A"]]
    (warning,) = warnings_of(output)
    assert "'A' is 'A_1'" in warning
    assert "cut" not in warning


def test_a_zipped_shapefile_is_the_same_on_another_day(monkeypatch: pytest.MonkeyPatch) -> None:
    data = collection((POINT, {"a": 1, "a name that is too long": 2}))
    first = converted(data, format="shapefile").encode()
    monkeypatch.setattr("time.time", lambda: 86_400.0 * 365 * 60)
    second = converted(data, format="shapefile").encode()
    assert first == second
    # The day of the table, which GDAL takes from a clock that Python does not change.
    assert zipped(converted(data, format="shapefile"))["features.dbf"][1:4] == bytes([80, 1, 1])


def test_geojson_tells_that_it_was_reprojected() -> None:
    data = collection((POINT, {}))
    assert json.loads(converted(data, format="geojson").encode())["method"] == "as they are"
    flat = json.loads(converted(data, format="geojson", crs="EPSG:25832").encode())
    assert flat["method"] == "reprojected from OGC:CRS84"
    for crs, method in (("EPSG:25832", "as they are"), ("EPSG:3857", "reprojected from EPSG:25832")):
        assert json.loads(converted(flat, format="geojson", crs=crs).encode())["method"] == method
    back = json.loads(converted(flat, format="geojson", crs="OGC:CRS84").encode())
    assert back["method"] == "reprojected from EPSG:25832"


def test_warnings_that_list_fields_are_bounded() -> None:
    row: dict[str, Any] = {f"a field with a long name {at}": 2**64 + 1 for at in range(500)}
    assert max(map(len, warnings_of(converted(collection((POINT, row)), format="geopackage")))) < 1500
    with pytest.raises(ProcessRefusedError) as refused:
        converted(collection((POINT, {**row, **{name.upper(): 1 for name in row}})), format="geopackage")
    assert len(str(refused.value)) < 1500
