"""`select-by-location` and `nearest-features` as a caller sees them."""

import json
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.processes.base import TypedProcess
from backend.processes.nearest_features import nearest_features
from backend.processes.running import run_processor
from backend.processes.select_by_location import select_by_location

DEGREE = 111_319.490_793_273_57
"""Metres: a degree of the equator of WGS 84, its radius times pi / 180."""
DISTRICT = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
WELLS = "id,lon,lat\na,0.5,0.5\nb,1,0.5\nc,2,0\nd,-179.5,0\n"


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(made: type[TypedProcess], **inputs: Any) -> Any:
    (output,) = run_processor(made({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def ids(told: Any, name: str = "id") -> list[str]:
    return [one["properties"][name] for one in told["features"]]


@pytest.mark.parametrize(("made", "found"), [(select_by_location, 3), (nearest_features, 1)])
def test_the_example_is_answered(made: type[TypedProcess], found: int) -> None:
    assert len(answer(made, **made.description["example"]["inputs"])["features"]) == found


def test_features_are_selected_with_their_boundary_unless_asked_otherwise() -> None:
    told = answer(select_by_location, features=WELLS, other=DISTRICT)
    assert (ids(told), told["matched"], told["total"]) == (["a", "b"], 2, 4)
    assert told["relation"] == "feature intersects other, for any of other"
    strict = answer(select_by_location, features=WELLS, other=DISTRICT, predicate="within")
    assert ids(strict) == ["a"]
    assert "leaves out 1 features" in strict["warnings"][0]
    assert ids(answer(select_by_location, features=WELLS, other=DISTRICT, invert=True)) == ["c", "d"]


@pytest.mark.parametrize(("kilometres", "expected"), [(0, "ab"), (111, "ab"), (112, "abc"), (20_100, "abcd")])
def test_features_within_a_true_distance_are_selected(kilometres: float, expected: str) -> None:
    near = {"distance": kilometres, "units": "kilometre"}
    assert ids(answer(select_by_location, features=WELLS, other=DISTRICT, **near)) == list(expected)


def test_distances_reach_over_the_antimeridian() -> None:
    told = answer(select_by_location, features=WELLS, other="POINT (179.5 0)", distance=DEGREE + 1)
    assert ids(told) == ["d"]
    assert "ellipsoid" in told["method"]
    assert "ellipsoid" in told["crs_decision"]


def test_where_a_plane_would_decide_otherwise_is_told() -> None:
    points = [[500_000, 5_000_000], [500_000, 5_001_000]]
    layers = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Point", "coordinates": place},
        }
        for place in points
    ]
    crs = {"type": "name", "properties": {"name": "EPSG:32632"}}
    first, second = ({"type": "FeatureCollection", "crs": crs, "features": [layer]} for layer in layers)
    told = answer(select_by_location, features=first, other=second, distance=1000)
    assert told["matched"] == 0
    assert "In the plane of EPSG:32632" in told["warnings"][0]


@pytest.mark.parametrize("nothing", [[], [{"type": "Feature", "properties": {}, "geometry": None}]])
def test_a_layer_with_nothing_in_it_is_told(nothing: list[Any]) -> None:
    empty = {"type": "FeatureCollection", "features": nothing}
    for told in (
        answer(nearest_features, features=WELLS, other=empty),
        answer(select_by_location, features=WELLS, other=empty),
        answer(select_by_location, features=WELLS, other=empty, distance=5),
    ):
        assert any(warning.startswith("other is empty: it has no features") for warning in told["warnings"])


def test_the_nearest_come_with_distance_bearing_rank_and_the_fields_of_both() -> None:
    told = answer(nearest_features, features="id,lon,lat\nx,3,0\n", other=WELLS, count=2)
    rows = [one["properties"] for one in told["features"]]
    assert [(row["id_1"], row["id_2"], row["rank"]) for row in rows] == [("x", "c", 1), ("x", "b", 2)]
    assert rows[0]["distance_m"] == pytest.approx(DEGREE, rel=1e-9)
    assert rows[0]["bearing"] == pytest.approx(270)
    assert told["counts"] == {
        "features": 1,
        "other": 4,
        "neighbours": 2,
        "features_without_neighbour": 0,
        "features_with_ties": 0,
    }
    assert told["farthest_m"] == rows[1]["distance_m"]


def test_a_feature_without_a_neighbour_in_reach_stays_with_nulls() -> None:
    told = answer(nearest_features, features=WELLS, other="POINT (2 0.5)", distance=100, units="kilometre")
    assert [one["properties"]["distance_m"] is None for one in told["features"]] == [True, True, False, True]
    assert told["counts"]["features_without_neighbour"] == 3


@pytest.mark.parametrize(
    ("made", "inputs", "path"),
    [
        (select_by_location, {"predicate": "touches", "distance": 5}, "$.inputs.predicate"),
        (select_by_location, {"distance": -1}, "$.inputs.distance"),
        (select_by_location, {"distance": float("nan")}, "$.inputs.distance"),
        (nearest_features, {"count": 0}, "$.inputs.count"),
        (nearest_features, {"units": "degree"}, "$.inputs.units"),
    ],
)
def test_a_refusal_names_the_input_at_fault(made: type[TypedProcess], inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(made, features=WELLS, other=DISTRICT, **inputs)
    assert refused.value.path == path


def test_of_many_features_those_are_counted_that_a_plane_would_decide_otherwise() -> None:
    crs = {"type": "name", "properties": {"name": "EPSG:32632"}}
    members = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [500_000 + way, 5e6]}}
        for way in (0, 400, 1000, 1000, 1500)
    ]
    layer = {"type": "FeatureCollection", "crs": crs, "features": members}
    told = answer(select_by_location, features=layer, other=layer | {"features": members[:1]}, distance=1000)
    assert told["matched"] == 2
    assert "differ from true ones, 2 features fall otherwise" in told["warnings"][0]
