"""`validate-geometry` as a caller sees it: each kind of fault is found where it is, and mended if that is no guess."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import shape

from backend.errors import ProcessRefusedError
from backend.geo.geometry import validity
from backend.geo.vector.datasets import DatasetFile
from backend.processes.running import run_processor
from backend.processes.validate_geometry import validate_geometry

BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
GOOD = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answers(**inputs: Any) -> dict[str, Any]:
    outputs = run_processor(validate_geometry({"name": "here"}), inputs, None, quiet)
    return {output.id: json.loads(output.encode()) for output in outputs}


def report(value: Any) -> Any:
    return answers(features=value)["report"]


def collection(*geometries: Any, crs: str | None = None) -> dict[str, Any]:
    members = [
        {"type": "Feature", "properties": {"id": index}, "geometry": geometry}
        for index, geometry in enumerate(geometries)
    ]
    declared = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return {"type": "FeatureCollection", "features": members, **declared}


def point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [x, y]}


def line(*positions: list[float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": list(positions)}


def polygon(*ring: list[float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [list(ring)]}


def test_a_valid_geometry_has_no_problems() -> None:
    told = answers(features=collection(GOOD, point(1, 2), line([0, 0], [1, 1])))
    assert set(told) == {"report"}
    assert told["report"]["valid"]
    assert told["report"]["problems"] == []
    assert told["report"]["features"] == 3


def test_a_self_intersection_is_told_with_its_place() -> None:
    told = report(collection(GOOD, BOW_TIE))
    assert not told["valid"]
    assert told["invalid_features"] == 1
    assert told["counts"]["invalid"] == 1
    finding = next(item for item in told["problems"] if item["problem"] == "invalid")
    assert finding["feature"] == 1
    assert finding["reason"] == "Self-intersection"
    assert finding["place"] == [1, 1]
    assert finding["serious"]


@pytest.mark.parametrize(
    ("geometry", "problem", "serious"),
    [
        (polygon([0, 0], [0, 1], [1, 1], [1, 0], [0, 0]), "clockwise", False),
        (polygon([0, 0], [1, 0], [1, 1], [0, 1]), "unclosed-ring", True),
        (polygon([0, 0], [1, 0], [1, 0], [1, 1], [0, 0]), "repeated-vertices", False),
        (line([0, 0], [0, 0]), "invalid", True),
        (line([170, 0], [-170, 5]), "long-edge", False),
        (polygon([170, 0], [-170, 0], [-170, 5], [170, 5], [170, 0]), "long-edge", False),
        (line([170, 0], [190, 5]), "beyond-180", False),
        (point(52.5, 113.4), "outside-crs", True),
        (point(500_000, 5_700_000), "outside-crs", True),
        ({"type": "LineString", "coordinates": [[0, 0]]}, "unreadable", True),
        ({"type": "Circle", "coordinates": [0, 0]}, "unreadable", True),
        (None, "no-geometry", False),
        ({"type": "Point", "coordinates": []}, "no-geometry", False),
    ],
)
def test_each_kind_of_problem_is_found(geometry: Any, problem: str, serious: bool) -> None:
    told = report(collection(GOOD, geometry))
    found = {item["problem"]: item for item in told["problems"] if item["feature"] == 1}
    assert found[problem]["serious"] is serious
    assert told["valid"] is not serious
    assert all(item["feature"] == 1 for item in told["problems"])


def test_swapped_axes_are_suspected_where_a_latitude_is_none() -> None:
    (finding,) = report(point(52.5, 113.4))["problems"]
    assert "may be swapped" in finding["reason"]
    assert "looks projected" in report(point(500_000, 5_700_000))["problems"][0]["reason"]


def test_coordinates_that_are_not_finite_are_found() -> None:
    told = report('wkt\nPOINT (1 2)\nPOINT (NaN 2)\n"LINESTRING (0 0, inf 1)"\n')
    assert [(item["feature"], item["problem"]) for item in told["problems"]] == [(1, "not-finite"), (2, "not-finite")]


@pytest.mark.parametrize("size", [1e60, 1e200, 1.7976931348623157e308])
@pytest.mark.parametrize("crs", [{}, {"crs": {"type": "name", "properties": {"name": "EPSG:25832"}}}])
def test_coordinates_of_which_nothing_can_be_computed_are_found(size: float, crs: dict[str, Any]) -> None:
    """Their products are infinite, and so were the places of faults."""
    huge = polygon([-size, 0], [size, size], [size, 0], [-size, size / 3], [-size, 0])
    told = report({**collection(GOOD, huge), **crs})
    assert [(item["feature"], item["problem"]) for item in told["problems"] if item["feature"]] == [(1, "not-finite")]


def test_duplicates_are_found_whatever_vertex_they_begin_with() -> None:
    turned = polygon([1, 1], [0, 1], [0, 0], [1, 0], [1, 1])
    told = report(collection(GOOD, point(5, 5), turned, point(5, 5)))
    assert [(item["feature"], item["problem"]) for item in told["problems"]] == [(2, "duplicate"), (3, "duplicate")]
    assert "feature 0" in told["problems"][0]["reason"]
    assert told["valid"]


def test_degrees_in_a_projected_crs_are_suspected() -> None:
    told = report(collection(point(13.4, 52.5), crs="EPSG:25833"))
    assert told["counts"] == {"looks-like-degrees": 1}
    assert told["crs"] == "EPSG:25833"
    assert report(collection(point(400_000, 5_800_000), crs="EPSG:25833"))["problems"] == []


def test_what_can_be_repaired_is_and_the_rest_is_left_out_and_named() -> None:
    clockwise = polygon([0, 0], [0, 1], [1, 1], [1, 1], [1, 0], [0, 0])
    told = answers(features=collection(BOW_TIE, clockwise, point(52.5, 113.4)), repair=True)
    made = told["features"]
    assert made["left_out"] == [2]
    bow_tie, square = (shape(member["geometry"]) for member in made["features"])
    assert bow_tie.is_valid
    assert bow_tie.area == pytest.approx(2)
    assert isinstance(square, shapely.Polygon)
    assert square.exterior.is_ccw
    assert len(square.exterior.coords) == 5
    assert [member["properties"]["id"] for member in made["features"]] == [0, 1]
    assert "left out" in made["warnings"][-1]
    assert report(made)["valid"]


def test_what_cannot_be_repaired_at_all_is_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="without guessing"):
        answers(features=point(52.5, 113.4), repair=True)


def test_a_file_is_examined_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "parcels.geojson"
    file.write_text(json.dumps(collection(BOW_TIE, GOOD)))
    told = report(DatasetFile("parcels", file, "vector"))
    assert told["counts"]["invalid"] == 1


def test_long_lists_of_problems_are_cut_with_a_warning_and_counted_in_full() -> None:
    told = report(collection(*([BOW_TIE] * 150)))
    assert told["counts"]["invalid"] == 150
    assert told["counts"]["duplicate"] == 149
    assert len(told["problems"]) == 200
    assert "first 200 of" in told["warnings"][0]


def test_no_features_are_said_to_be_none() -> None:
    assert report(collection())["warnings"] == ["There are no features."]


@pytest.mark.parametrize("value", [5, "x" * 50, '{"type": ', "[" * 100_000, {"type": "FeatureCollection"}])
def test_what_holds_no_features_is_refused(value: Any) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        report(value)
    assert refused.value.path == "$.inputs.features"


def test_geometries_of_equal_boxes_are_no_duplicates_and_zero_has_no_sign() -> None:
    one, other = polygon([0, 0], [2, 0], [2, 2], [0, 0]), polygon([0, 0], [2, 0], [0, 2], [0, 0])
    slope, fall = line([0, 0], [1, 1]), line([0, 1], [1, 0])
    assert report(collection(one, other, slope, fall))["problems"] == []
    # As numbers these are equal; as bits they are not.
    assert report(collection(line([-0.0, 0], [1, 1]), line([5, 5], [6, 6]), slope))["valid"]


def test_parts_that_meet_repeat_no_vertex() -> None:
    meeting = {"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], [[1, 1], [2, 0]]]}
    points = {"type": "MultiPoint", "coordinates": [[0, 0], [0, 0]]}
    assert "repeated-vertices" not in report(collection(meeting, points))["counts"]
    told = report(collection(meeting, line([0, 0], [1, 1], [1, 1], [1, 1], [2, 0])))
    assert [(item["feature"], item["problem"]) for item in told["problems"]] == [(1, "repeated-vertices")]
    assert "2 vertices" in told["problems"][0]["reason"]


def test_rings_of_the_wrong_direction_are_found_in_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validity, "_BATCH", 2)
    turned = {"type": "Polygon", "coordinates": [GOOD["coordinates"][0][::-1]]}
    both = {
        "type": "MultiPolygon",
        "coordinates": [[[[5, 5], [6, 5], [6, 6], [5, 5]]], [[[8, 8], [9, 9], [9, 8], [8, 8]]]],
    }
    found = report(collection(turned, GOOD, {"type": "Point", "coordinates": [0, 0]}, GOOD, both, turned))["problems"]
    assert [one["feature"] for one in found if one["problem"] == "clockwise"] == [0, 4, 5]


def test_features_of_a_plane_that_have_no_coordinates_look_like_nothing() -> None:
    told = report(collection({"type": "Polygon", "coordinates": []}, None, crs="EPSG:32632"))
    assert told["counts"] == {"no-geometry": 2}


def test_an_edge_around_the_whole_globe_is_no_crossing_of_the_antimeridian() -> None:
    assert report(polygon([-180, 60], [180, 60], [180, 70], [-180, 70], [-180, 60]))["counts"] == {}
    assert report(polygon([-100, 60], [100, 60], [100, 70], [-100, 70], [-100, 60]))["counts"] == {"long-edge": 1}
