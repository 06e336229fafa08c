"""`distance` and `destination-point` as a caller sees them."""

import json
from typing import Any

import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import mapping

from backend.errors import ProcessRefusedError
from backend.processes.base import TypedProcess
from backend.processes.destination_point import destination_point
from backend.processes.distance import distance
from backend.processes.running import run_processor

EQUATORIAL_DEGREE = 111_319.490_793_273_57
"""Metres: a degree of the equator of WGS 84, its radius times pi / 180."""


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(made: type[TypedProcess], **inputs: Any) -> Any:
    (output,) = run_processor(made({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def test_a_distance_tells_bearings_nearest_points_and_method() -> None:
    told = answer(distance, geometry="POINT (3 0)", other="LINESTRING (5 -1, 5 1)")
    assert told["distance"] == {"value": pytest.approx(2 * EQUATORIAL_DEGREE, rel=1e-9), "units": "metre"}
    assert (told["initial_bearing"], told["final_bearing"]) == pytest.approx((90, 90))
    assert told["nearest_points"]["geometry"] == {"type": "Point", "coordinates": [3, 0]}
    assert told["nearest_points"]["other"]["coordinates"] == pytest.approx([5, 0], abs=1e-7)
    assert "geodesic" in told["method"]
    assert "no projection" in told["crs_decision"]
    assert told["warnings"] == []


def test_a_distance_between_points_is_the_published_one_in_its_units() -> None:
    told = answer(distance, geometry="POINT (174.81 -41.32)", other="POINT (-5.5 40.96)", units="kilometre")
    assert told["distance"] == {"value": pytest.approx(19_959.679_267_353_82, rel=1e-12), "units": "kilometre"}


def test_long_edges_of_projected_features_are_straight_in_their_plane() -> None:
    member = {"type": "Feature", "properties": {}, "geometry": mapping(shapely.box(5e5, 54e5, 6e5, 55e5))}
    declared = {"type": "name", "properties": {"name": "EPSG:32632"}}
    square = {"type": "FeatureCollection", "features": [member], "crs": declared}
    way: Any = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True)
    beside = way.transform(550_000, 55e5 + 300)
    told = answer(distance, geometry=json.loads(json.dumps(square)), other=f"POINT ({beside[0]!r} {beside[1]!r})")
    # The scale of UTM at 50 km from the central meridian: 0.9996 · (1 + 50² / (2 · 6380²)).
    assert told["distance"]["value"] == pytest.approx(300 / (0.9996 * (1 + 50**2 / (2 * 6380**2))), abs=0.05)
    assert "plane of EPSG:32632" in told["crs_decision"]
    assert "RFC 7946" in told["crs_decision"]


def test_a_distance_in_the_plane_of_a_common_projected_crs_is_told_beside_the_true_one() -> None:
    declared = {"type": "name", "properties": {"name": "EPSG:3857"}}
    first, second = (
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": place}]}
        | {"crs": declared}
        for place in (mapping(shapely.Point(0, 8_399_738)), mapping(shapely.Point(3000, 8_403_738)))
    )
    told = answer(distance, geometry=first, other=second, units="kilometre")
    assert told["planar_distance"] == {"value": pytest.approx(5, rel=1e-12), "units": "kilometre", "crs": "EPSG:3857"}
    # At 60° of latitude Mercator's lengths are twice the true ones.
    assert told["distance"]["value"] == pytest.approx(2.5, rel=0.01)
    assert "planar_distance" not in answer(distance, geometry=first, other="POINT (0 60)")


def test_geometries_that_touch_are_at_no_distance_and_in_no_direction() -> None:
    told = answer(distance, geometry="POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0))", other="POINT (1 1)")
    assert told["distance"]["value"] == 0
    assert told["initial_bearing"] is told["final_bearing"] is None
    assert "touch or overlap" in told["warnings"][0]


def test_warnings_of_both_geometries_are_told() -> None:
    told = answer(distance, geometry="POINT Z (1 1 5)", other="POINT (181 1)")
    assert told["warnings"][0] == "Heights were ignored."
    assert "brought back" in told["warnings"][1]


def test_a_destination_is_a_feature_that_says_how_it_was_found() -> None:
    feature = answer(destination_point, geometry="POINT (0 0)", bearing=90, distance=EQUATORIAL_DEGREE)
    assert feature["type"] == "Feature"
    assert feature["geometry"] == {"type": "Point", "coordinates": pytest.approx([1, 0], abs=1e-12)}
    assert feature["properties"]["distance_m"] == EQUATORIAL_DEGREE
    assert feature["properties"]["final_bearing"] == pytest.approx(90)
    assert feature["properties"]["warnings"] == []


def test_a_destination_beyond_the_antimeridian_has_a_longitude_in_range() -> None:
    there = {"bearing": 90, "distance": EQUATORIAL_DEGREE / 1000, "units": "kilometre"}
    feature = answer(destination_point, geometry="POINT (179.5 0)", **there)
    assert feature["geometry"]["coordinates"] == pytest.approx([-179.5, 0], abs=1e-9)


@pytest.mark.parametrize(
    ("process", "inputs", "path"),
    [
        (distance, {"geometry": "POINT EMPTY", "other": "POINT (1 1)"}, "$.inputs.geometry"),
        (distance, {"geometry": "POINT (1 1)", "other": "POINT (52 113)"}, "$.inputs.other"),
        (distance, {"geometry": "POINT (1 1)", "other": "POINT (NaN 1)"}, "$.inputs.other"),
        (distance, {"geometry": "POINT (1 1)"}, "$.inputs.other"),
        (destination_point, {"geometry": "LINESTRING (0 0, 1 1)", "bearing": 0, "distance": 1}, "$.inputs.geometry"),
        (destination_point, {"geometry": "POINT (0 0)", "bearing": 361, "distance": 1}, "$.inputs.bearing"),
        (destination_point, {"geometry": "POINT (0 0)", "bearing": float("nan"), "distance": 1}, "$.inputs.bearing"),
        (destination_point, {"geometry": "POINT (0 0)", "bearing": 0, "distance": -1}, "$.inputs.distance"),
        (destination_point, {"geometry": "POINT (0 0)", "bearing": 0, "distance": 5e7}, "$.inputs.distance"),
    ],
)
def test_a_refusal_names_the_input_at_fault(process: type[TypedProcess], inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(process, **inputs)
    assert refused.value.path == path
