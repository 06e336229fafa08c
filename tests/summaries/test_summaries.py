"""Summaries tell the truth about a result, in little room, whatever the result is."""

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries import summarise

GEOJSON = "application/geo+json"
JSON = "application/json"


def feature(geometry: object, **properties: object) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features: object, **members: object) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def point(*position: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(position)}


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def size(summary: dict[str, Any]) -> int:
    return len(json.dumps(summary, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))


def test_a_feature_collection_tells_count_types_crs_bbox_vertices_and_fields() -> None:
    summary = summarise(
        collection(
            feature(point(13.4, 52.5), name="Berlin", people=3_700_000, capital=True, area=891.7),
            feature(box(2.2, 48.8, 2.4, 48.9), name="Paris", people=2_100_000, capital=True, area=None),
        ),
        GEOJSON,
    )
    assert summary["kind"] == "FeatureCollection"
    assert summary["count"] == 2
    assert summary["geometry_types"] == {"Point": 1, "Polygon": 1}
    assert summary["crs"] == "OGC:CRS84"
    assert summary["bbox"] == [2.2, 48.8, 13.4, 52.5]
    assert summary["vertices"] == 6
    assert summary["fields"] == {
        "name": {"type": "string", "values": ["Berlin", "Paris"]},
        "people": {"type": "integer", "min": 2_100_000, "max": 3_700_000},
        "capital": {"type": "boolean", "values": [True]},
        "area": {"type": "number", "min": 891.7, "max": 891.7, "nulls": 1},
    }
    assert summary["rows"][0] == {"name": "Berlin", "people": 3_700_000, "capital": True, "area": 891.7}


def test_a_feature_tells_its_properties() -> None:
    summary = summarise(feature(box(0, 0, 1, 1), area=12308.8, method="geodesic"), GEOJSON)
    assert summary["kind"] == "Feature"
    assert summary["properties"] == {"area": 12308.8, "method": "geodesic"}
    assert summary["bbox"] == [0, 0, 1, 1]


def test_warnings_of_a_result_are_told_in_full_and_apart_from_its_other_members() -> None:
    warning = "the polygon crosses itself near 13.4, 52.5 and was repaired; its area changed by 0.3 %"
    inside = summarise(feature(point(1, 1), warnings=[warning], area=1), GEOJSON)
    assert inside["warnings"] == [warning]
    assert inside["properties"] == {"area": 1}
    assert summarise({"warnings": [warning], "area": 1}, JSON)["warnings"] == [warning]
    assert summarise(collection(warnings=[warning]), GEOJSON)["warnings"] == [warning]
    assert summarise(feature(point(1, 1), warnings=[], area=1), GEOJSON)["properties"] == {"area": 1}


@pytest.mark.parametrize(
    ("geometries", "bbox"),
    [
        pytest.param([box(170, -10, 180, 10), box(-180, -10, -170, 10)], [170, -10, -170, 10], id="cut at 180"),
        pytest.param([point(179, 0), point(-179, 1)], [179, 0, -179, 1], id="points on both sides"),
        pytest.param([box(-180, -90, 180, 90)], [-180, -90, 180, 90], id="whole globe"),
        pytest.param([box(-100, 0, 100, 10)], [-100, 0, 100, 10], id="wide polygon is covered inside"),
        pytest.param([point(10, 5)], [10, 5, 10, 5], id="one point"),
        pytest.param([point(0, 0), point(180, 0)], [0, 0, 180, 0], id="a tie does not cross"),
        pytest.param(
            [{"type": "MultiPoint", "coordinates": [[178, 1], [-178, 2]]}],
            [178, 1, -178, 2],
            id="apart in a MultiPoint",
        ),
        pytest.param([box(300, 0, 400, 10)], [300, 0, 400, 10], id="beyond the globe as it is"),
    ],
)
def test_the_bbox_is_the_shortest_span_of_longitudes(geometries: list[Any], bbox: list[float]) -> None:
    assert summarise(collection(*map(feature, geometries)), GEOJSON)["bbox"] == bbox


@given(st.lists(st.floats(-180, 180), min_size=1, max_size=8))
def test_a_bbox_holds_every_longitude_and_leaves_out_the_largest_gap(longitudes: list[float]) -> None:
    west, _, east, _ = summarise(collection(*(feature(point(x, 0)) for x in longitudes)), GEOJSON)["bbox"]
    span = (east - west) % 360 if west > east else east - west
    for x in longitudes:
        assert (x - west) % 360 <= span + 1e-6 or math.isclose((x - west) % 360, 360, abs_tol=1e-6)
    ordered = sorted(longitudes)
    gaps = [b - a for a, b in zip(ordered, [*ordered[1:], ordered[0] + 360], strict=True)]
    assert span == pytest.approx(360 - max(gaps), abs=1e-5)


def test_a_legacy_crs_member_is_told_and_its_coordinates_are_not_taken_for_degrees() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    summary = summarise(collection(feature(point(-170, 0)), feature(point(170, 5)), crs=crs), GEOJSON)
    assert summary["crs"] == "urn:ogc:def:crs:EPSG::3857"
    assert summary["bbox"] == [-170, 0, 170, 5]


def test_members_of_geometry_collections_count_as_what_they_are() -> None:
    nested: dict[str, Any] = {"type": "GeometryCollection", "geometries": [point(1, 2), box(0, 0, 5, 5)]}
    summary = summarise({"type": "GeometryCollection", "geometries": [nested]}, GEOJSON)
    assert (summary["kind"], summary["geometry_types"]) == ("Geometry", {"Point": 1, "Polygon": 1})


def test_empty_null_and_broken_geometries_are_counted_apart() -> None:
    summary = summarise(
        collection(
            feature(None),
            feature({"type": "Polygon", "coordinates": []}),
            feature({"type": "Polygon", "coordinates": [[["x", "y"], [1, 2]]]}),
            feature({"type": "Circle", "coordinates": [0, 0]}),
            feature(point(float("nan"), 0)),
            feature("POINT (0 0)"),
            "not a feature",
        ),
        GEOJSON,
    )
    assert summary["count"] == 7
    assert summary["null_geometries"] == 1
    assert summary["unreadable_geometries"] == 4
    assert "bbox" not in summary


@pytest.mark.parametrize(
    ("value", "media_type", "expected"),
    [
        (42, JSON, {"kind": "number", "value": 42}),
        (True, JSON, {"kind": "boolean", "value": True}),
        (None, JSON, {"kind": "null"}),
        ("hello", JSON, {"kind": "string", "length": 5, "start": "hello"}),
        ("a,b\n1,2", "text/csv", {"kind": "text", "length": 7, "start": "a,b\n1,2"}),
        ("é".encode(), "text/plain", {"kind": "text", "length": 1, "start": "é"}),
        (b"\x89PNG", "image/png", {"kind": "binary", "length": 4}),
        ([1, 2, 6], JSON, {"kind": "array", "length": 3, "min": 1, "max": 6, "mean": 3, "members": [1, 2, 6]}),
        ({"area": {"value": 3, "unit": "m2"}}, JSON, {"kind": "object", "count": 1}),
        ({"type": "Feature"}, JSON, {"kind": "object"}),
        ({"type": ["odd"]}, JSON, {"kind": "object"}),
        ({"type": "Robot", "coordinates": [1, 2]}, JSON, {"kind": "object", "count": 2}),
    ],
)
def test_every_kind_of_value_is_told_apart(value: Any, media_type: str, expected: dict[str, Any]) -> None:
    assert expected.items() <= summarise(value, media_type).items()


def test_small_nested_members_of_an_object_are_shown_whole() -> None:
    summary = summarise({"area": {"value": 3.5, "unit": "m2"}, "method": "geodesic"}, JSON)
    assert summary["members"] == {"area": {"value": 3.5, "unit": "m2"}, "method": "geodesic"}


def test_a_list_within_an_object_is_cut_only_where_it_is_longer_than_is_shown() -> None:
    summary = summarise({"four": [1, 2, 3, 4], "five": [1, 2, 3, 4, 5]}, JSON)
    assert summary["members"] == {"four": [1, 2, 3, 4], "five": [1, 2, 3, 4, "1 more"]}


def test_fields_without_room_for_their_values_are_told_by_their_types() -> None:
    row = {f"field {n}": f"{n} {'é' * 50}" for n in range(20)}
    fields = summarise([row, {**row, "field 0": "other"}], JSON)["fields"]
    assert len(fields) == 20
    assert fields["field 19"] == {"type": "string"}


def test_an_array_of_objects_reads_as_a_table() -> None:
    summary = summarise([{"id": i, "code": f"c{i}"} for i in range(50)], JSON)
    assert summary["length"] == 50
    assert summary["fields"]["id"] == {"type": "integer", "min": 0, "max": 49}
    assert summary["fields"]["code"] == {"type": "string", "distinct": 50, "examples": ["c0", "c1", "c2"]}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children)
        | st.dictionaries(st.text(), children)
        | st.dictionaries(
            st.sampled_from(["type", "features", "geometry", "coordinates", "properties", "crs"]), children
        )
        | st.builds(lambda g: {"type": "FeatureCollection", "features": g}, st.lists(children))
        | st.builds(lambda c: {"type": "Polygon", "coordinates": c}, children)
    ),
    max_leaves=40,
)


@given(JSON_VALUES, st.sampled_from([JSON, GEOJSON, "text/plain", "image/png", ""]))
def test_any_value_has_a_small_summary_that_is_json(value: Any, media_type: str) -> None:
    summary = summarise(value, media_type)
    assert summary["kind"]
    assert size(summary) <= 2100
    json.dumps(summary, allow_nan=False)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([{f"field {i}": "x" * 500 for i in range(400)}] * 3, id="many long fields"),
        pytest.param({f"k{i}": {f"j{j}": "y" * 300 for j in range(30)} for i in range(300)}, id="wide object"),
        pytest.param([["z" * 10_000] * 30, {"z" * 10_000: ["z" * 10_000] * 10_000}], id="long texts"),
        pytest.param(
            collection(*(feature(point(0, 0), **{f"f{i}": "é" * 90 for i in range(99)}) for _ in range(9))), id="fc"
        ),
    ],
)
def test_a_summary_stays_small_and_says_what_it_left_out(value: Any) -> None:
    summary = summarise(value, JSON)
    assert size(summary) <= 2100
    assert "more" in json.dumps(summary)


def test_a_deeply_nested_value_is_no_trouble() -> None:
    value: Any = []
    for _ in range(10_000):
        value = {"geometries": [value], "type": "GeometryCollection"}
    assert summarise(value, JSON)["kind"] == "Geometry"


def test_six_megabytes_of_features_are_summarised_at_once() -> None:
    features = [
        feature(
            box(x / 100, y / 100, x / 100 + 0.009, y / 100 + 0.009), id=x * 300 + y, name=f"cell {x} {y}", use="field"
        )
        for x in range(150)
        for y in range(180)
    ]
    document = collection(*features)
    assert len(json.dumps(document)) > 6_000_000
    started = time.thread_time()
    summary = summarise(document, GEOJSON)
    assert time.thread_time() - started < 3
    assert summary["count"] == 27_000
    assert summary["fields"]["use"] == {"type": "string", "values": ["field"]}
    assert size(summary) <= 2000


def test_a_collection_tells_how_it_was_made_beside_its_rows() -> None:
    document = {
        "type": "FeatureCollection",
        "features": [],
        "links": [],
        "method": "exact",
        "matched": 3,
        "warnings": ["x"],
    }
    summary = summarise(document, "application/geo+json")
    assert summary["members"] == {"method": "exact", "matched": 3}
    assert summary["warnings"] == ["x"]


class Described(bytes):
    """A file that tells what is in it."""

    about: dict[str, Any]


def test_a_file_that_tells_what_is_in_it_is_summarised_by_that_within_the_bound() -> None:
    file = Described(b"abc")
    warnings = [f"{at} " + "w" * 300 for at in range(20)]
    fields = {f"field {at}": {"type": "string", "examples": ["x" * 60] * 3} for at in range(24)}
    file.about = {"format": "X", "count": 3, "warnings": warnings, "fields": fields}
    summary = summarise(file, "application/octet-stream")
    assert (summary["kind"], summary["length"], summary["format"], summary["count"]) == ("binary", 3, "X", 3)
    assert [warning[:2] for warning in summary["warnings"]] == [f"{at} " for at in range(8)]
    assert size(summary) <= 2000
    assert len(summary["fields"]) + summary["more_fields"] == 24
    assert (len(file.about["fields"]), len(file.about["warnings"])) == (24, 20)
    assert len(file.about["fields"]["field 23"]["examples"]) == 3


def test_a_text_file_tells_its_beginning_beside_what_it_says_of_itself() -> None:
    file = Described(b"a,b\n1,2\n")
    file.about = {"count": 1, "crs": "EPSG:25832"}
    summary = summarise(file, "text/csv")
    assert summary == {"kind": "text", "length": 8, "start": "a,b\n1,2\n", "count": 1, "crs": "EPSG:25832"}
