"""`spatial-join` as a caller sees it."""

import json
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.processes.running import run_processor
from backend.processes.spatial_join import spatial_join

DISTRICTS = """name,wkt
west,"POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"
east,"POLYGON ((1 0, 2 0, 2 1, 1 1, 1 0))"
"""
WELLS = "lon,lat,depth\n0.5,0.5,10\n1,0.5,20\n1.5,0.5,30\n5,5,40\n"


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(spatial_join({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def test_the_example_is_answered() -> None:
    (zone,) = answer(**spatial_join.description["example"]["inputs"])["features"]
    assert zone["properties"] == {"match_count": 2, "staff_sum": 13}


def test_wells_are_counted_by_district_with_statistics() -> None:
    told = answer(features=DISTRICTS, other=WELLS, mode="count", statistics=["sum:depth", "mean:depth"])
    rows = [one["properties"] for one in told["features"]]
    assert [{name: value for name, value in row.items() if name != "wkt"} for row in rows] == [
        {"name": "west", "match_count": 2, "depth_sum": 30, "depth_mean": 15},
        {"name": "east", "match_count": 1, "depth_sum": 30, "depth_mean": 30},
    ]
    assert told["relation"] == "feature intersects other"
    assert "stdev" not in told["method"]
    told_too = answer(features=DISTRICTS, other=WELLS, statistics=["stdev:depth"])
    assert told_too["method"].endswith("stdev: of a sample (n - 1)")
    assert "counts for the first of these only" in told["method"]
    assert told["counts"] == {
        "features": 2,
        "other": 4,
        "pairs": 3,
        "features_matched": 2,
        "features_unmatched": 0,
        "other_matched": 3,
        "other_unmatched": 1,
    }
    assert "RFC 7946" in told["crs_decision"]
    assert ["boundary of several polygons" in warning for warning in told["warnings"]] == [True]


def test_each_well_gets_its_districts_and_one_outside_gets_none() -> None:
    told = answer(features=WELLS, other=DISTRICTS)
    names = [one["properties"]["name"] for one in told["features"]]
    assert names == ["west", "west", "east", "east", None]
    assert told["features"][4]["geometry"] == {"type": "Point", "coordinates": [5, 5]}
    assert "first" not in told["method"]


def test_an_inner_join_has_only_features_with_a_partner() -> None:
    told = answer(features=WELLS, other=DISTRICTS, inner=True)
    assert [one["properties"]["name"] for one in told["features"]] == ["west", "west", "east", "east"]
    assert told["counts"]["features_unmatched"] == 1


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"predicate": "near"}, "$.inputs.predicate"),
        ({"statistics": ["sum:dept"]}, "$.inputs.statistics"),
        ({"statistics": ["sum"]}, "$.inputs.statistics[0]"),
        ({"statistics": ["sum:depth"], "mode": "largest"}, "$.inputs.statistics"),
    ],
)
def test_a_refusal_names_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(features=DISTRICTS, other=WELLS, **inputs)
    assert refused.value.path == path


def test_who_asks_for_the_length_of_lines_in_each_polygon_is_told_what_measures_it() -> None:
    roads = 'name,wkt\na,"LINESTRING (0.5 0.5, 1.5 0.5)"\n'
    with pytest.raises(ProcessRefusedError, match="overlay measures the parts that lie in each, and summarize adds"):
        answer(features=DISTRICTS, other=roads, statistics=["sum:length_m"])
