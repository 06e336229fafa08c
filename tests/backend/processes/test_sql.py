"""`sql` as a caller sees it: queries answered, and everything that is more than a query refused."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.analysis import sql_running
from backend.geo.geodesy.crs import parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.features import Features
from backend.processes.running import run_processor
from backend.processes.sql import sql
from backend.processes.transform_coordinates import transform_coordinates

EAST, NORTH = 500_000, 5_600_000


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(query: str, **inputs: Any) -> Any:
    (output,) = run_processor(sql({"name": "here"}), {"features": PARCELS, **inputs, "query": query}, None, quiet)
    return json.loads(output.encode())


def rows(query: str, **inputs: Any) -> list[dict[str, Any]]:
    return answer(query, **inputs)["rows"]


def layer(shapes: list[Any], crs: str = "EPSG:25832", **fields: list[Any]) -> Mapping[str, Any]:
    return feature_collection(Features(shapes_of(shapes), fields, parse_crs(crs)), method="", crs_decision="")


def box(west: float, size: float) -> Any:
    return shapely.box(EAST + west, NORTH, EAST + west + size, NORTH + size)


PARCELS = layer(
    [box(0, 10), box(20, 20), None],
    name=["a", "b", "ü"],
    count=[1, None, 3],
    share=[0.5, 2, None],
    open=[True, False, None],
    mixed=[1, "x", 2.5],
)
DEGREES = layer([shapely.box(0, 0, 90, 90)], "OGC:CRS84", name=["octant"])


def test_fields_keep_their_types_and_gaps() -> None:
    assert rows("SELECT * EXCLUDE geometry FROM features") == [
        {"name": "a", "count": 1, "share": 0.5, "open": True, "mixed": "1"},
        {"name": "b", "count": None, "share": 2, "open": False, "mixed": "x"},
        {"name": "ü", "count": 3, "share": None, "open": None, "mixed": "2.5"},
    ]


def test_geometries_come_back_as_features_in_their_exact_plane() -> None:
    told = answer("SELECT name, ST_Centroid(geometry) AS middle FROM features WHERE geometry IS NOT NULL ORDER BY name")
    assert [one["properties"] for one in told["features"]] == [{"name": "a"}, {"name": "b"}]
    assert told["source_crs"] == "EPSG:25832"
    assert "EPSG:25832" in told["crs_decision"]


def test_areas_in_a_plane_are_planar() -> None:
    assert rows("SELECT sum(ST_Area(geometry)) AS area FROM features") == [{"area": pytest.approx(500, abs=1e-3)}]


def test_areas_of_longitudes_and_latitudes_are_those_on_the_ellipsoid_in_that_order() -> None:
    (row,) = rows("SELECT ST_Area_Spheroid(ST_MakeEnvelope(0, 50, 1, 51)) AS area FROM features", features=DEGREES)
    # Between the parallels of 50 and 51 degrees; with the order mistaken it would be 12.3e9.
    assert row["area"] == pytest.approx(7.892e9, rel=1e-3)


@pytest.mark.parametrize("function", ["ST_Area(geometry)", "ST_Buffer(geometry, 5)", "ST_Distance(geometry, geometry)"])
def test_degrees_are_never_taken_for_metres(function: str) -> None:
    with pytest.raises(ProcessRefusedError, match="counts in degrees"):
        answer(f"SELECT {function} FROM features", features=DEGREES)  # noqa: S608


def test_a_date_that_is_compared_with_a_text_is_told_how_to_be() -> None:
    built = layer([box(0, 1), box(2, 1)], built=["1999-05-05", "2001-05-05"])
    with pytest.raises(ProcessRefusedError, match=r"are texts: write CAST\(name AS DATE\)"):
        answer("SELECT built FROM features WHERE built > DATE '2000-01-01'", features=built)
    found = rows("SELECT built FROM features WHERE CAST(built AS DATE) > DATE '2000-01-01'", features=built)
    assert found == [{"built": "2001-05-05"}]


def test_functions_for_degrees_are_refused_in_a_plane() -> None:
    with pytest.raises(ProcessRefusedError, match="in a plane"):
        answer("SELECT ST_Area_Spheroid(geometry) FROM features")


def test_two_tables_are_joined_in_one_crs() -> None:
    zones = layer([shapely.box(8.9, 50, 9.1, 51)], "OGC:CRS84", zone=["z"])
    query = "SELECT f.name, o.zone FROM features f JOIN other o ON ST_Intersects(f.geometry, o.geometry) ORDER BY 1"
    assert rows(query, other=zones) == [{"name": "a", "zone": "z"}, {"name": "b", "zone": "z"}]


def test_with_queries_ranges_and_dates_are_read() -> None:
    query = (
        "WITH big AS (SELECT * FROM features WHERE ST_Area(geometry) > 200) SELECT name, DATE '2026-01-02' AS d, "
        "1.50::DECIMAL(4,2) AS n, [1, 2] AS l, 'nan'::DOUBLE AS f FROM big, range(1)"
    )
    told = answer(query)
    assert told["rows"] == [{"name": "b", "d": "2026-01-02", "n": 1.5, "l": [1, 2], "f": None}]
    assert "1 values that are no numbers (NaN, infinity) are null." in told["warnings"]


def test_names_that_sql_cannot_tell_apart_are_renamed_and_told() -> None:
    twins = layer([box(0, 1)], Name=["x"], name=["y"], geometry=["z"], **{'sp "ace': ["w"]})
    told = answer("SELECT * EXCLUDE geometry FROM features", features=twins)
    assert told["rows"] == [{"Name": "x", "name_2": "y", "geometry_2": "z", 'sp "ace': "w"}]
    assert len([warning for warning in told["warnings"] if "is called" in warning]) == 2


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM st_read('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM (SELECT * FROM features WHERE name IN (SELECT content FROM read_text('/etc/hostname')))",
        "WITH a AS (SELECT * FROM read_text('x')) SELECT * FROM a",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM information_schema.tables",
        "SELECT current_setting('memory_limit')",
        "SELECT ST_Transform(geometry, 'EPSG:4326', '+proj=longlat +nadgrids=/etc/passwd') FROM features",
        "SELECT geometry.st_transform('EPSG:4326', 'EPSG:3857') FROM features",
        "COPY features TO '/tmp/x'",
        "ATTACH '/tmp/x.db'",
        "SET memory_limit = '99GB'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "CREATE TABLE x AS SELECT 1",
        "DELETE FROM features",
        "SELECT 1; SELECT 2",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "CALL pragma_version()",
        "SELECT nothing FROM features",
        "SELECT * FROM other",
        "SELECT",
        "",
    ],
)
def test_what_is_no_query_over_the_inputs_is_refused(query: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(query)
    assert refused.value.path == "$.inputs.query"


@pytest.mark.parametrize("query", ["DROP TABLE features", "SELECT 1; DELETE FROM features", "EXPLAIN SELECT 1"])
def test_what_is_more_than_a_select_is_refused_in_words_that_say_so(query: str) -> None:
    with pytest.raises(ProcessRefusedError, match="only SELECT is run, one at a time"):
        answer(query)


def test_the_kind_of_a_geometry_is_a_text_and_lists_of_geometries_are_no_geometry() -> None:
    told = rows("SELECT ST_GeometryType(geometry) AS kind, [geometry] AS all FROM features WHERE name = 'a'")
    assert told[0]["kind"] == "POLYGON"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ("ST_GeomFromText('POLYGON((0 0))')", "a geometry that is none: "),
        ("'\\x00'::BLOB::WKB_BLOB", "a geometry that is none: Unexpected EOF"),
        ("ST_Point('nan'::DOUBLE, 1)", "no finite numbers"),
    ],
)
def test_a_geometry_that_cannot_be_is_refused(made: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        answer(f"SELECT {made} AS g FROM features")  # noqa: S608
    assert refused.value.path == "$.inputs.query"


def test_degrees_that_were_transformed_are_measured_in_their_plane() -> None:
    outputs = run_processor(
        transform_coordinates({"name": "there"}), {"coordinates": DEGREES, "target_crs": "EPSG:6933"}, None, quiet
    )
    (plane,) = [json.loads(output.encode()) for output in outputs if output.id == "features"]
    (row,) = rows("SELECT ST_Area(geometry) AS area FROM features", features=plane)
    # An eighth of the ellipsoid: the projection keeps areas.
    assert row["area"] == pytest.approx(510_065_621_724_088 / 8, rel=1e-6)


def test_a_query_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_running, "SECONDS", 0.2)
    with pytest.raises(ProcessRefusedError, match=r"longer than 0\.2 s"):
        answer("WITH RECURSIVE a(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM a) SELECT count(*) FROM a")


def test_too_many_rows_and_too_much_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ProcessRefusedError, match="LIMIT"):
        answer("SELECT range FROM range(1000000)")
    monkeypatch.setitem(sql_running._SETTINGS, "memory_limit", "50MB")
    with pytest.raises(ProcessRefusedError, match="memory"):
        answer("SELECT list(range) FROM range(20000000)")


def test_the_example_succeeds() -> None:
    assert rows(**sql.description["example"]["inputs"]) == [{"lon": 13}]


@pytest.mark.parametrize(("crs", "warned"), [("EPSG:3857", True), ("EPSG:25832", False)])
def test_lengths_in_a_plane_that_is_not_true_to_the_ground_are_told(crs: str, *, warned: bool) -> None:
    parcel = layer([box(0, 10)], crs)
    told = answer("SELECT St_Area(geometry) AS a FROM features", features=parcel)
    assert any("off by up to" in one and crs in one for one in told["warnings"]) is warned
    assert answer("SELECT ST_X(ST_Centroid(geometry)) AS x FROM features", features=parcel)["warnings"] == []


def test_whoever_asks_for_the_ellipsoid_in_a_plane_is_not_sent_to_untrue_areas() -> None:
    with pytest.raises(
        ProcessRefusedError, match="true in a CRS made for the place; else bring the features to OGC:CRS84"
    ):
        answer("SELECT ST_Area_Spheroid(geometry) AS a FROM features")


@pytest.mark.parametrize("note", ["x", ""])
def test_a_long_table_may_have_a_text_in_its_first_row_or_in_none(note: str) -> None:
    text = "i,note,lon,lat\n" + "".join(f"{at},{'' if at else note},{9 if at else ''},48\n" for at in range(2001))
    query = "SELECT count(note) AS notes, count(geometry) AS places, count(*) AS all_rows FROM features"
    expected = {"notes": int(bool(note)), "places": 2000, "all_rows": 2001}
    assert rows(query, features=text) == [expected]


def test_a_long_table_may_have_no_geometries() -> None:
    text = "i,wkt\n" + "".join(f"{at},\n" for at in range(2001))
    query = "SELECT count(geometry) AS places, max(i) AS last FROM features"
    assert rows(query, features=text) == [{"places": 0, "last": 2000}]


def test_half_a_surrogate_pair_is_replaced_and_told() -> None:
    made = answer("SELECT name FROM features", features=layer([box(0, 10)], name=["a\ud800b"]))
    assert made["rows"] == [{"name": "a\ufffdb"}]
    assert any("U+FFFD" in warning for warning in made["warnings"])


def test_whole_numbers_up_to_the_largest_of_64_bits_are_exact() -> None:
    ids = [9_263_763_445_276_221_441, 9_263_763_445_276_221_440, None]
    points = layer([shapely.Point(EAST + at, NORTH) for at in range(3)], id=ids)
    assert rows("SELECT id FROM features WHERE id <> 9263763445276221440", features=points) == [{"id": ids[0]}]
