"""`overlay` as a caller sees it."""

import json
import math
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.processes.overlay import overlay
from backend.processes.running import run_processor

E2, POLAR, SINE = 0.00669437999014, 6_356_752.314245179, math.sin(math.radians(1))
LEFT = "POLYGON ((0 0, 2 0, 2 1, 0 1, 0 0))"
ONE_DEGREE = (
    math.radians(1) * POLAR**2 / 2 * (SINE / (1 - E2 * SINE**2) + math.atanh(math.sqrt(E2) * SINE) / math.sqrt(E2))
)
"""Area in m² between the equator, its parallel and two meridians, each a degree apart (closed form)."""
RIGHT = "POLYGON ((1 0, 3 0, 3 1, 1 1, 1 0))"


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(overlay({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def projected(*rings: list[list[float]]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}},
        "features": [
            {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
            for ring in rings
        ],
    }


def square(x: float, size: float) -> list[list[float]]:
    corners = [(0, 0), (size, 0), (size, size), (0, size), (0, 0)]
    return [[500_000 + x + east, 5_000_000 + north] for east, north in corners]


def test_the_example_is_answered() -> None:
    told = answer(**overlay.description["example"]["inputs"])
    assert told["counts"]["pieces"] == 1
    assert told["totals"]["length_m"] > 0


def test_an_answer_tells_pieces_areas_meaning_and_counts() -> None:
    told = answer(features=LEFT, other=RIGHT, operation="difference")
    (piece,) = told["features"]
    assert piece["properties"]["area_m2"] == pytest.approx(ONE_DEGREE, rel=1e-9)
    assert told["totals"]["area_m2"] == piece["properties"]["area_m2"]
    assert told["meaning"] == "features minus other: the parts of features outside other"
    assert told["counts"] == {
        "pieces": 1,
        "pairs": 1,
        "features": 1,
        "other": 1,
        "features_without_partner": 0,
        "slivers_dropped": 0,
    }
    assert "RFC 7946" in told["crs_decision"]
    assert "ellipsoid" in told["method"]
    assert told["warnings"] == []


def test_pairs_that_only_touch_are_counted_where_something_shared_is_asked_for() -> None:
    beside = projected(square(100, 100))
    counts = answer(features=projected(square(0, 100)), other=beside)["counts"]
    assert (counts["pairs"], counts["pairs_that_only_touch"]) == (0, 1)
    counts = answer(features=projected(square(0, 100)), other=beside, operation="difference")["counts"]
    assert "pairs_that_only_touch" not in counts


def test_nothing_in_one_only_of_two_that_are_alike_is_told_as_that() -> None:
    same = projected(square(0, 100))
    told = answer(features=same, other=same, operation="symmetric-difference")
    assert told["warnings"] == ["Nothing is left: the two cover the same ground."]


def test_planar_areas_stay_exact_through_a_chain() -> None:
    first = answer(features=projected(square(0, 100)), other=projected(square(60, 100)), operation="union")
    again = answer(features=first, other=projected(square(0, 1000)), operation="intersection")
    assert again["totals"]["planar_area_m2"] == pytest.approx(16_000, abs=1e-3)
    assert "EPSG:32632" in again["crs_decision"]


def test_pieces_that_overlap_are_not_taken_for_ground() -> None:
    told = answer(features=projected(square(0, 100), square(60, 100)), other=projected(square(0, 1000)))
    assert told["totals"]["planar_area_m2"] == pytest.approx(20_000, abs=1e-3)
    assert told["totals"]["covered_planar_area_m2"] == pytest.approx(16_000, abs=1e-3)
    assert "more than the ground they cover" in told["warnings"][0]


def test_a_line_that_goes_back_the_same_way_is_told_to_count_once() -> None:
    there_and_back = "LINESTRING (1 0.5, 3 0.5, 0.5 0.5)"
    told = answer(features=there_and_back, other=LEFT, operation="intersection")
    assert told["warnings"][0] == "1 lines go along the same way twice, which counts once here."
    crossing = answer(features="LINESTRING (0 0, 2 1, 2 0, 0 1)", other=LEFT, operation="intersection")
    assert crossing["warnings"] == []


def test_features_without_a_geometry_are_told_and_left_out() -> None:
    nothing = {"type": "Feature", "properties": {}, "geometry": None}
    some = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1.5, 0.5]}}
    told = answer(features={"type": "FeatureCollection", "features": [nothing, some]}, other=RIGHT, operation="clip")
    assert told["counts"]["pieces"] == 1
    assert "1 of 2 features have no geometry." in told["warnings"]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"features": LEFT, "other": "POINT (1 1)", "operation": "clip"}, "$.inputs.other"),
        ({"features": LEFT, "other": RIGHT, "operation": "cut"}, "$.inputs.operation"),
        ({"features": LEFT, "other": RIGHT, "sliver_width": -1}, "$.inputs.sliver_width"),
        ({"features": {"type": "FeatureCollection", "features": []}, "other": RIGHT}, "$.inputs.features"),
    ],
)
def test_a_refusal_names_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**inputs)
    assert refused.value.path == path
