"""Filters, sums, joins, calculated fields and classes as a caller sees them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.vector.datasets import DatasetFile
from backend.processes.base import TypedProcess
from backend.processes.calculate_field import calculate_field
from backend.processes.classify import classify
from backend.processes.filter_features import filter_features
from backend.processes.join_table import join_table
from backend.processes.running import run_processor
from backend.processes.summarize import summarize

PROCESSES = (filter_features, summarize, join_table, calculate_field, classify)
TOWNS = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": at}, "properties": properties}
        for at, properties in (
            ([13.4, 52.5], {"name": "Berlin", "people": 3_700_000, "land": "BE"}),
            ([7.1, 50.7], {"name": "Bonn", "people": 330_000, "land": "NW"}),
            ([6.96, 50.94], {"name": "Köln", "people": None, "land": "NW"}),
        )
    ],
}


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(made: type[TypedProcess], **inputs: Any) -> Any:
    (output,) = run_processor(made({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def names(collection: Any) -> list[str]:
    return [member["properties"]["name"] for member in collection["features"]]


@pytest.mark.parametrize("made", PROCESSES)
def test_the_example_succeeds_and_tells_its_method(made: type[TypedProcess]) -> None:
    told = answer(made, **made.description["example"]["inputs"])
    assert told["method"]
    assert told["crs_decision"]
    assert told["warnings"] == []


def test_a_filter_tells_how_many_match_and_of_how_many_it_is_not_known() -> None:
    told = answer(filter_features, features=TOWNS, filter="people > 1000000 OR name = 'Bonn'")
    assert names(told) == ["Berlin", "Bonn"]
    assert (told["matched"], told["total"], told["unknown"]) == (2, 3, 1)
    assert "not known" in told["warnings"][0]


def test_a_filter_in_json_may_be_spatial() -> None:
    near = {"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [6, 50, 8, 52]}]}
    told = answer(filter_features, features=TOWNS, filter=near)
    assert names(told) == ["Bonn", "Köln"]
    assert "longitude and latitude" in told["crs_decision"]


def test_what_matches_nothing_is_an_empty_collection_that_can_be_filtered_again() -> None:
    none = answer(filter_features, features=TOWNS, filter="people < 0")
    assert none["features"] == []
    assert answer(filter_features, features=none, filter="people < 0")["total"] == 0


def test_a_calculated_field_is_added_and_its_gaps_are_told() -> None:
    told = answer(calculate_field, features=TOWNS, field="thousands", expression="round(people / 1000)")
    assert [member["properties"]["thousands"] for member in told["features"]] == [3700, 330, None]
    assert told["nulls"] == 1
    replaced = answer(calculate_field, features=TOWNS, field="land", expression="'DE-' + land")
    assert replaced["features"][0]["properties"]["land"] == "DE-BE"
    assert "replaced" in replaced["warnings"][0]


def test_a_field_without_values_is_told_by_its_name_and_with_every_reason_that_there_may_be() -> None:
    told = answer(calculate_field, features=TOWNS, field="new", expression="people / 0")
    assert "3 of 3 features have no 'new'" in told["warnings"][-1]
    assert "or the expression gives none" in told["warnings"][-1]


def test_a_summary_has_a_group_for_each_value() -> None:
    told = answer(summarize, features=TOWNS, fields=["people"], group_by=["land"])
    assert [(group["by"]["land"], group["fields"]["people"]["sum"]) for group in told["groups"]] == [
        ("BE", 3_700_000),
        ("NW", 330_000),
    ]
    assert told["groups"][1]["fields"]["people"]["nulls"] == 1


def test_groups_can_be_counted_alone() -> None:
    told = answer(summarize, features=TOWNS, group_by=["land"])
    assert [(group["by"]["land"], group["rows"]) for group in told["groups"]] == [("BE", 1), ("NW", 2)]


def test_a_join_tells_what_found_no_partner() -> None:
    told = answer(
        join_table, features=TOWNS, table="code,capital\nBE,Berlin\nBY,München", field="land", table_field="code"
    )
    assert [member["properties"]["capital"] for member in told["features"]] == ["Berlin", None, None]
    assert told["cardinality"] == "1:1"
    assert told["matched"] == {"features": 1, "rows": 1}
    assert told["unmatched"] == {"features": 2, "rows": 1}
    assert told["unmatched_keys"] == {"features": ["NW"], "rows": ["BY"]}


def test_classes_have_limits_and_counts() -> None:
    told = answer(classify, features=TOWNS, field="people", scheme="given-breaks", breaks=[1_000_000])
    assert [member["properties"]["class"] for member in told["features"]] == [2, 1, None]
    assert told["classes"] == [
        {"class": 1, "from": 330_000, "to": 1_000_000, "count": 1},
        {"class": 2, "from": 1_000_000, "to": 3_700_000, "count": 1},
    ]
    assert "their class is null" in told["warnings"][0]


def test_a_field_named_class_is_kept() -> None:
    told = answer(classify, features="class,v\na,1\nb,2", field="v", classes=2)
    assert told["class_field"] == "class_"
    assert told["features"][0]["properties"] == {"class": "a", "v": 1, "class_": 1}


def parcels(folder: Path) -> DatasetFile:
    """Three squares of a hectare in UTM 32N, with codes that begin with zeros."""
    path = folder / "parcels.gpkg"
    shapes = [shapely.box(500_000 + 200 * at, 5_000_000, 500_100 + 200 * at, 5_000_100) for at in range(3)]
    columns = {"code": ["001", "002", "010"], "use": ["farm", "farm", None]}
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(shapes),
        field_data=[np.array(column, dtype=object) for column in columns.values()],
        fields=list(columns),
        geometry_type="Polygon",
        crs="EPSG:32632",
        driver="GPKG",
    )
    return DatasetFile("parcels", path, "vector")


def test_a_projected_file_keeps_its_plane_through_a_chain(tmp_path: Path) -> None:
    owners = tmp_path / "owners.csv"
    owners.write_text("code,owner\n001,A\n001,B\n002,C\n", "utf-8")
    joined = answer(
        join_table,
        features=parcels(tmp_path),
        table=DatasetFile("owners", owners, "vector"),
        field="code",
        duplicates="first",
    )
    assert joined["cardinality"] == "1:n"
    measured = answer(calculate_field, features=joined, field="ha", expression="planar_area_m2 / 10000")
    assert [member["properties"]["ha"] for member in measured["features"]] == pytest.approx([1, 1, 1], abs=1e-9)
    assert "EPSG:32632" in measured["method"]
    here = "S_INTERSECTS(geometry, BBOX(500200, 5000000, 500300, 5000100))"
    chosen = answer(filter_features, features=measured, filter=here, filter_crs="EPSG:32632")
    assert [member["properties"]["owner"] for member in chosen["features"]] == ["C"]
    total = answer(summarize, features=measured, fields=["planar_area_m2", "area_m2"], group_by=["use"])
    assert total["groups"][0]["fields"]["planar_area_m2"]["sum"] == pytest.approx(20_000, abs=1e-4)
    assert total["groups"][0]["fields"]["area_m2"]["sum"] == pytest.approx(20_000 / 0.9996**2, rel=1e-4)


@pytest.mark.parametrize(
    ("made", "inputs", "path"),
    [
        (filter_features, {"filter": "peple > 1"}, "$.inputs.filter"),
        (filter_features, {"filter": "TRUE", "filter_crs": "+proj=utm"}, "$.inputs.filter_crs"),
        (calculate_field, {"field": "a", "expression": "open('x')"}, "$.inputs.expression"),
        (calculate_field, {"field": "", "expression": "1"}, "$.inputs.field"),
        (summarize, {"fields": ["nope"]}, "$.inputs.fields"),
        (join_table, {"table": "a\n1", "field": "nope"}, "$.inputs.field"),
        (join_table, {"table": "a\n1", "field": "land"}, "$.inputs.table_field"),
        (classify, {"field": "name"}, "$.inputs.field"),
        (classify, {"field": "people", "classes": 1}, "$.inputs.classes"),
        (classify, {"field": "people", "breaks": [1]}, "$.inputs.breaks"),
        (classify, {"field": "people", "scheme": "given-breaks"}, "$.inputs.breaks"),
    ],
)
def test_a_refusal_names_the_input_at_fault(made: type[TypedProcess], inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(made, features=TOWNS, **inputs)
    assert refused.value.path is not None
    assert refused.value.path.startswith(path)


@pytest.mark.parametrize("as_text", [False, True])
def test_a_summary_by_key_joins_as_the_table_that_a_refusal_recommends(*, as_text: bool) -> None:
    votes = "land,votes\nNW,2\nNW,5\nBE,4\n"
    with pytest.raises(ProcessRefusedError, match="summarize with group_by 'land'"):
        answer(join_table, features=TOWNS, table=votes, field="land")
    summary = answer(summarize, features=votes, fields=["votes"], group_by=["land"])
    table = json.dumps(summary) if as_text else summary
    told = answer(join_table, features=TOWNS, table=table, field="land", fields=["votes_sum"])
    assert [member["properties"]["votes_sum"] for member in told["features"]] == [4, 7, 7]


def test_a_table_may_be_an_array_of_objects() -> None:
    schema = join_table.description["inputs"]["table"]["schema"]
    assert {"type": "array", "items": {"type": "object"}} in schema["oneOf"]
    told = answer(join_table, features=TOWNS, table=[{"land": "BE", "seat": "Berlin"}], field="land")
    assert [member["properties"]["seat"] for member in told["features"]] == ["Berlin", None, None]


@pytest.mark.parametrize("row", [{"x": 1000, "y": 2000}, {"lon": 1, "lat": 99}])
@pytest.mark.parametrize("form", ["rows", "answer", "json", "csv"])
def test_positions_in_a_table_are_not_looked_at(row: dict[str, float], form: str) -> None:
    rows = [{"land": "BE", **row}]
    text = "\n".join(",".join(map(str, line)) for line in (rows[0], rows[0].values()))
    table = {"rows": rows, "answer": {"rows": rows}, "json": json.dumps(rows), "csv": text}[form]
    told = answer(join_table, features=TOWNS, table=table, field="land")
    for name, value in row.items():
        added = name if name in told["added"] else f"{name}_table"
        assert [member["properties"][added] for member in told["features"]] == [value, None, None]


@pytest.mark.parametrize("table", [[], {"rows": []}, "[]"])
def test_a_table_without_rows_is_refused_as_such(table: Any) -> None:
    with pytest.raises(ProcessRefusedError, match="the table has no rows") as refused:
        answer(join_table, features=TOWNS, table=table, field="land")
    assert refused.value.path == "$.inputs.table"


def ranked(**inputs: Any) -> list[str]:
    return names(answer(filter_features, features=TOWNS, **inputs))


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (["people"], ["Bonn", "Berlin", "Köln"]),
        (["-people"], ["Berlin", "Bonn", "Köln"]),
        (["-name"], ["Köln", "Bonn", "Berlin"]),
        (["-land", "-name"], ["Köln", "Bonn", "Berlin"]),
        (["-land"], ["Bonn", "Köln", "Berlin"]),
        (["x"], ["Köln", "Bonn", "Berlin"]),
        (["-y"], ["Berlin", "Köln", "Bonn"]),
    ],
)
def test_features_are_sorted_by_fields_or_measures_and_those_without_a_value_come_last(
    sort: list[str], expected: list[str]
) -> None:
    assert ranked(sort=sort) == expected


def test_the_first_of_those_that_match_are_kept_with_the_fields_that_are_asked_for() -> None:
    told = answer(
        filter_features, features=TOWNS, filter="people > 0", sort=["-people"], limit=1, fields=["people", "name"]
    )
    assert [one["properties"] for one in told["features"]] == [{"people": 3_700_000, "name": "Berlin"}]
    assert list(told["features"][0]["properties"]) == ["people", "name"]
    assert (told["matched"], told["total"]) == (2, 3)


def test_what_is_equal_to_the_last_of_the_first_is_told() -> None:
    table = "n,v\na,2\nb,1\nc,1\nd,1"
    told = answer(filter_features, features=table, sort=["-v"], limit=2)
    assert [one["properties"]["n"] for one in told["features"]] == ["a", "b"]
    assert "2 more features are equal to the last of these" in told["warnings"][0]
    assert answer(filter_features, features=table, sort=["-v"], limit=4)["warnings"] == []


@pytest.mark.parametrize("sort", ["-people", "people DESC", "people  descending", "-people desc"])
def test_the_order_may_be_turned_round_as_in_sql(sort: str) -> None:
    assert ranked(sort=[sort]) == ranked(sort=["-people"]) != ranked(sort=["people"])


@pytest.mark.parametrize("sort", ["+people", "people ASC", "people ascending"])
def test_that_nothing_turns_the_order_round_may_be_said(sort: str) -> None:
    assert ranked(sort=[sort]) == ranked(sort=["people"])


def test_a_field_may_be_called_what_looks_like_an_order() -> None:
    rows = [{"v desc": 2, "v": 1}, {"v desc": 1, "v": 2}]
    table = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": None, "properties": row} for row in rows
    ]}  # fmt: skip
    told = answer(filter_features, features=table, sort=["v desc"])
    assert [feature["properties"] for feature in told["features"]] == rows[::-1]


def test_whole_numbers_that_floating_point_ones_cannot_hold_are_sorted_exactly() -> None:
    table = json.dumps([{"id": 2**53 + 1}, {"id": 2**53}, {"id": 0.5}])
    told = answer(filter_features, features=table, sort=["-id"])
    assert [one["properties"]["id"] for one in told["features"]] == [2**53 + 1, 2**53, 0.5]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({}, "$.inputs.filter"),
        ({"sort": ["nope"]}, "$.inputs.sort[0]"),
        ({"fields": ["name", "nope"]}, "$.inputs.fields[1]"),
        ({"limit": 0}, "$.inputs.limit"),
    ],
)
def test_an_order_that_there_is_not_is_refused(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        ranked(**inputs)
    assert refused.value.path == path


def test_a_table_in_which_a_filter_found_nothing_goes_through_the_next_processes_whatever_its_fields_were() -> None:
    none = answer(filter_features, features=TOWNS, filter="people < 0")
    assert answer(filter_features, features=none, sort=["-people"], fields=["name"])["features"] == []
    assert answer(summarize, features=none, fields=["people"], group_by=["land"])["groups"] == []
    joined = answer(join_table, features=none, table="land,name\nBE,Berlin", field="land", table_field="land")
    assert joined["features"] == []
    with pytest.raises(ProcessRefusedError, match="no feature has a number"):
        answer(classify, features=none, field="people")


def test_a_field_that_measures_nothing_needs_no_crs_and_one_that_does_tells_the_plane() -> None:
    none = answer(calculate_field, features=TOWNS, field="double", expression="people * 2")
    assert (none["crs_decision"], none["method"]) == ("none was needed", "double = people * 2")
    measured = answer(calculate_field, features=TOWNS, field="lon", expression="x")
    assert measured["crs_decision"].startswith("features in the plane of longitude and latitude")


def test_a_table_with_geometries_is_told_to_have_been_joined_without_them() -> None:
    told = answer(join_table, features=TOWNS, table=TOWNS, field="name", fields=["land"])
    assert "The table has geometries, which were not used: spatial-join joins by them." in told["warnings"]
    plain = answer(join_table, features=TOWNS, table="name,x1\nBerlin,1\nBonn,2\nKöln,3", field="name")
    assert not any("has geometries" in warning for warning in plain["warnings"])


SHAPES = (
    'name,wkt\nsmall,"POLYGON ((0 0, 0.01 0, 0.01 0.01, 0 0.01, 0 0))"\n'
    'large,"POLYGON ((1 0, 1.1 0, 1.1 0.1, 1 0.1, 1 0))"'
)


def test_a_filter_by_area_measures_it_and_tells_how() -> None:
    told = answer(filter_features, features=SHAPES, filter="area_m2 / 10000 > 1000 AND perimeter_m > 1")
    assert names(told) == ["large"]
    assert "area_m2: square metres on the WGS 84 ellipsoid" in told["method"]
    assert "perimeter_m: metres around polygons" in told["method"]
    in_json = {"op": "<", "args": [{"property": "area_m2"}, 2_000_000]}
    assert names(answer(filter_features, features=SHAPES, filter=in_json)) == ["small"]


def test_a_filter_by_length_tells_of_how_many_it_is_zero_and_knows_none_without_a_geometry() -> None:
    mixed = 'name,wkt\nroad,"LINESTRING (0 0, 0.01 0)"\nplace,POINT (0 0)\nnowhere,\n'
    told = answer(filter_features, features=mixed, filter="length_m >= 0")
    assert names(told) == ["road", "place"]
    assert told["unknown"] == 1
    assert any("1 of 3 features are no lines: their length_m is 0" in warning for warning in told["warnings"])


def test_a_field_that_is_called_like_a_measure_is_what_a_filter_means() -> None:
    assert names(answer(filter_features, features="name,area_m2\na,5\nb,50", filter="area_m2 > 10")) == ["b"]


@pytest.mark.parametrize("filter_", ["$area > 5", "ST_Area(geometry) > 5", "area > 5", "shape_area > 5"])
def test_a_filter_that_names_the_area_as_other_programs_do_is_told_its_name_here(filter_: str) -> None:
    with pytest.raises(ProcessRefusedError, match="area_m2"):
        answer(filter_features, features=SHAPES, filter=filter_)


def test_a_table_joins_by_several_fields_and_tells_their_values() -> None:
    table = "land,name,seats\nBE,Berlin,3\nBY,Bonn,4"
    told = answer(join_table, features=TOWNS, table=table, field=["land", "name"])
    assert [member["properties"]["seats"] for member in told["features"]] == [3, None, None]
    assert told["unmatched_keys"] == {"features": [["NW", "Bonn"], ["NW", "Köln"]], "rows": [["BY", "Bonn"]]}
    assert told["added"] == ["seats"]


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("köl%", "ILIKE compares whatever the case: that finds 'Köln'."),
        ("*on*", "% stands for any text, not *: that finds 'Bonn'."),
        ("B*N", "ILIKE compares whatever the case, and % stands for any text, not *: that finds 'Berlin', 'Bonn'."),
    ],
)
def test_a_pattern_that_nothing_matches_is_told_with_what_may_have_been_meant(pattern: str, remedy: str) -> None:
    told = answer(filter_features, features=TOWNS, filter=f"name LIKE '{pattern}'")
    assert names(told) == []
    assert told["warnings"] == [f"No feature is LIKE '{pattern}'; {remedy}"]


def test_a_pattern_that_nothing_is_like_is_not_remarked_on() -> None:
    assert answer(filter_features, features=TOWNS, filter="name LIKE 'X%'")["warnings"] == []
