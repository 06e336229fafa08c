"""`shortest-path` as a caller sees it: ways through small networks whose lengths are known."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, Transformation, parse_crs
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.vector.collections import feature_collection
from backend.geo.vector.features import Features
from backend.processes.running import run_processor
from backend.processes.shortest_path import shortest_path

UTM = parse_crs("EPSG:25832")
EAST, NORTH = 500_000.0, 5_600_000.0
TO_LONLAT = Transformation.between(UTM, CRS84)
EQUATORIAL_DEGREE = 111_319.490_793_273_57

Way = list[tuple[float, float]]
SQUARE: list[Way] = [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(0, 0), (0, 100)], [(0, 100), (100, 100)]]


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(**inputs: Any) -> Any:
    (output,) = run_processor(shortest_path({"name": "here"}), inputs, None, quiet)
    return json.loads(output.encode())


def network(ways: list[Way], **fields: list[Any]) -> Mapping[str, Any]:
    lines = shapes_of(shapely.LineString(np.add(way, (EAST, NORTH))) for way in ways)
    return feature_collection(Features(lines, fields, UTM), method="", crs_decision="")


def at(x: float, y: float) -> str:
    lon, lat = TO_LONLAT.positions(np.array([[EAST + x, NORTH + y]]))[0].tolist()
    return f"POINT ({lon!r} {lat!r})"


def run(told: Any) -> list[list[float]]:
    """The vertices of the way in metres."""
    (feature,) = told["features"]
    lonlat = np.array(feature["geometry"]["coordinates"])
    plane = Transformation.between(CRS84, UTM).positions(lonlat) - (EAST, NORTH)
    return np.round(plane, 3).tolist()


def test_the_shorter_way_is_taken_and_measured() -> None:
    ways = [*SQUARE, [(0, 0), (60, 50), (100, 100)]]
    told = answer(features=network(ways), start=at(0, 0), end=at(100, 100))
    assert told["cost"] == pytest.approx(np.hypot(60, 50) + np.hypot(40, 50), abs=1e-6)
    assert told["cost_units"] == "metre"
    assert told["planar_length_m"] == pytest.approx(told["cost"])
    # In the plane everything is 0.04 % shorter than on the ground.
    assert told["length_m"] == pytest.approx(told["cost"] / 0.9996, rel=1e-4)
    assert "planar in EPSG:25832" in told["crs_decision"]
    assert told["warnings"] == []


@pytest.mark.parametrize(("start", "end"), [((0, 0), (100, 100)), ((100, 100), (0, 0)), ((30, 0), (100, 40))], ids=str)
def test_a_way_has_each_vertex_once_where_lines_meet(start: tuple[float, float], end: tuple[float, float]) -> None:
    way = run(answer(features=network(SQUARE[:2]), start=at(*start), end=at(*end)))
    assert way == [[*start], [100, 0], [*end]]


def test_a_way_to_where_it_begins_is_a_line_of_no_length() -> None:
    assert run(answer(features=network(SQUARE), start=at(30, 0), end=at(30, 0))) == [[30, 0], [30, 0]]


def test_a_way_begins_and_ends_within_lines_and_the_snapping_is_told() -> None:
    told = answer(features=network(SQUARE), start=at(30, -7), end=at(103, 40))
    assert told["cost"] == pytest.approx(70 + 40, abs=1e-6)
    assert told["start_snap_m"] == pytest.approx(7, abs=1e-6)
    assert told["end_snap_m"] == pytest.approx(3, abs=1e-6)
    assert run(told)[0] == [30, 0]
    assert run(told)[-1] == [100, 40]


@pytest.mark.parametrize(("first", "last"), [(20, 70), (70, 20)])
def test_a_way_within_one_line_does_not_leave_it(first: int, last: int) -> None:
    told = answer(features=network(SQUARE), start=at(first, 0), end=at(last, 0))
    assert told["cost"] == pytest.approx(50, abs=1e-6)
    assert run(told)[0] == [first, 0]
    assert run(told)[-1] == [last, 0]


def test_lines_meet_at_vertices_within_them_but_not_where_they_only_cross() -> None:
    cross = [[(0, 0), (50, 0), (100, 0)], [(50, -50), (50, 0), (50, 50)]]
    told = answer(features=network(cross), start=at(0, 0), end=at(50, 50))
    assert told["cost"] == pytest.approx(100, abs=1e-6)
    bridge = [[(0, 0), (100, 0)], [(50, -50), (50, 50)]]
    with pytest.raises(ProcessRefusedError, match="do not meet"):
        answer(features=network(bridge), start=at(0, 0), end=at(50, 50))


def test_loose_ends_are_joined_within_the_tolerance() -> None:
    gap = [[(0, 0), (100, 0)], [(40, 0.4), (40, 50)], [(70, 50), (70, -0.3)]]
    for start, end in ((at(40, 50), at(100, 0)), (at(70, 50), at(0, 0))):
        with pytest.raises(ProcessRefusedError, match="tolerance"):
            answer(features=network(gap), start=start, end=end)
    told = answer(features=network(gap), start=at(40, 50), end=at(70, 50), tolerance=0.5)
    assert told["joined_ends"] == 2
    assert told["cost"] == pytest.approx(49.6 + 30 + 50.3, abs=1e-3)


def test_costs_are_those_of_a_field() -> None:
    told = answer(features=network(SQUARE, c=[9, 9, 1, 2.5]), start=at(0, 0), end=at(100, 100), cost_field="c")
    assert (told["cost"], told["cost_units"]) == (pytest.approx(3.5), "c")
    half = answer(features=network(SQUARE, c=[9, 9, 1, 2.5]), start=at(0, 50), end=at(100, 100), cost_field="c")
    assert half["cost"] == pytest.approx(3)


def test_speeds_make_minutes_and_lines_without_one_are_closed() -> None:
    speeds = network(SQUARE, kmh=[60, 60, 30, 30])
    told = answer(features=speeds, start=at(0, 0), end=at(100, 100), speed_field="kmh")
    assert (told["cost"], told["cost_units"]) == (pytest.approx(0.2), "minute")
    closed = network(SQUARE, kmh=[60, None, 30, 0])
    with pytest.raises(ProcessRefusedError, match="along lines with a value in 'kmh': lines without one and of speed"):
        answer(features=closed, start=at(0, 0), end=at(100, 100), speed_field="kmh")


@pytest.mark.parametrize("field", ["cost_field", "speed_field"])
def test_lines_without_a_cost_or_speed_are_told(field: str) -> None:
    ways = network([*SQUARE, [(0, 0), (100, 100)]], v=[10, 10, 10, 10, None])
    told = answer(features=ways, start=at(0, 0), end=at(100, 100), **{field: "v"})
    assert told["planar_length_m"] == pytest.approx(200, abs=1e-6)
    assert told["warnings"] == ["1 of 5 lines have no value in 'v': they are not used."]


@pytest.mark.parametrize(
    ("start", "more", "path"),
    [
        (at(50, 50), {"end": at(100, 0)}, "start"),
        (at(100, 0), {"end": at(50, 50)}, "end"),
        (at(50, 50), {"max_cost": 100}, "start"),
    ],
)
@pytest.mark.parametrize(("speed", "held"), [(None, "no value"), (0, "the value 0")])
def test_a_point_on_a_line_that_is_not_used_is_refused_for_that(
    start: str, more: dict[str, Any], path: str, speed: float | None, held: str
) -> None:
    ways = network([*SQUARE, [(0, 0), (100, 100)]], v=[10, 10, 10, 10, speed])
    with pytest.raises(ProcessRefusedError, match=f"the {path} is nearest to a line that has {held} in 'v'") as refused:
        answer(features=ways, start=start, speed_field="v", **more)
    assert refused.value.path == f"$.inputs.{path}"


@pytest.mark.parametrize("against", ["-1", -1, "TF"])
def test_lines_that_go_one_way_only_are_not_gone_against(against: Any) -> None:
    ways = network(SQUARE, o=["yes", against, None, 0])
    told = answer(features=ways, start=at(100, 100), end=at(100, 0), oneway_field="o")
    assert told["cost"] == pytest.approx(100, abs=1e-6)
    with pytest.raises(ProcessRefusedError, match="directions"):
        answer(features=ways, start=at(100, 0), end=at(100, 100), oneway_field="o")
    around = network(SQUARE, o=["-1", "no", None, "FT"])
    told = answer(features=around, start=at(0, 0), end=at(90, 0), oneway_field="o")
    assert told["cost"] == pytest.approx(310, abs=1e-6)


@pytest.mark.parametrize(
    ("ways", "length"), [(["F", "T", "B", None], 100), (["B", "F", "B", "B"], 300), (["N", "Y", "N", "N"], 300)]
)
def test_letters_for_directions_are_those_of_extracts_of_openstreetmap(ways: list[Any], length: float) -> None:
    told = answer(features=network(SQUARE, o=ways), start=at(100, 100), end=at(100, 0), oneway_field="o")
    assert told["cost"] == pytest.approx(length, abs=1e-6)


def test_letters_that_may_be_truth_values_are_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="F, T and B"):
        answer(features=network(SQUARE, o=["F", "T", "F", "T"]), start=at(0, 0), end=at(90, 0), oneway_field="o")


def test_what_is_reached_is_cut_where_the_cost_ends() -> None:
    told = answer(features=network(SQUARE), start=at(0, 0), max_cost=130)
    assert told["planar_length_m"] == pytest.approx(260, abs=1e-6)
    assert {feature["properties"]["line"] for feature in told["features"]} == {0, 1, 2, 3}
    assert answer(features=network(SQUARE), start=at(50, 0), max_cost=20)["planar_length_m"] == pytest.approx(40)
    everything = answer(features=network(SQUARE), start=at(0, 0), max_cost=1e6)
    covered = shapely.union_all([shapely.from_geojson(json.dumps(one["geometry"])) for one in everything["features"]])
    whole = shapely.union_all(
        shapely.from_geojson([json.dumps(one["geometry"]) for one in network(SQUARE)["features"]])
    )
    assert covered.length == pytest.approx(whole.length, rel=1e-6)


def test_degrees_are_measured_on_the_ellipsoid_anywhere() -> None:
    told = answer(features="MULTILINESTRING ((0 0, 30 0), (30 0, 60 0))", start="POINT (1 0)", end="POINT (41 0)")
    assert told["cost"] == pytest.approx(40 * EQUATORIAL_DEGREE, rel=1e-9)
    assert "ellipsoid" in told["crs_decision"]


def test_a_network_goes_on_across_the_antimeridian() -> None:
    told = answer(features="LINESTRING (179 0, 181 0)", start="POINT (179.5 0)", end="POINT (-179.5 0)")
    assert told["cost"] == pytest.approx(EQUATORIAL_DEGREE, rel=1e-9)


def test_a_way_across_the_antimeridian_is_split_there_and_as_long_as_it_costs() -> None:
    told = answer(features="LINESTRING (179 10, 181 12)", start="POINT (179 10)", end="POINT (-179 12)")
    (feature,) = told["features"]
    halves = [[[179, 10], [180, 11]], [[-180, 11], [-179, 12]]]
    assert feature["geometry"] == {"type": "MultiLineString", "coordinates": halves}
    lon, lat = np.linspace(179, 181, 20_001), np.linspace(10, 12, 20_001)
    assert told["length_m"] == pytest.approx(Geod(ellps="WGS84").line_length(lon, lat), rel=1e-9)
    assert told["length_m"] == pytest.approx(told["cost"], rel=1e-9)


@pytest.mark.parametrize(("start", "end", "west"), [(180, -179, -180), (-180, 179, 179), (179, -180, 179)])
def test_a_way_that_ends_on_the_antimeridian_stays_on_its_side(start: float, end: float, west: float) -> None:
    told = answer(features="LINESTRING (179 0, 181 0)", start=f"POINT ({start} 0)", end=f"POINT ({end} 0)")
    line = shapely.from_geojson(json.dumps(told["features"][0]["geometry"]))
    assert line.geom_type == "LineString"
    assert line.bounds == (west, 0, west + 1, 0)


def test_points_are_brought_to_lines_across_the_antimeridian() -> None:
    line = "LINESTRING (179.5 0, 179.9995 0)"
    told = answer(features=line, start="POINT (-179.9995 0)", end="POINT (179.5 0)")
    assert told["start_snap_m"] == pytest.approx(0.001 * EQUATORIAL_DEGREE, rel=1e-6)
    assert told["cost"] == pytest.approx(0.4995 * EQUATORIAL_DEGREE, rel=1e-9)


def test_loose_ends_are_joined_across_the_antimeridian() -> None:
    gap = "MULTILINESTRING ((179.5 0, 179.9999 0), (-179.9999 -1, -179.9999 1))"
    told = answer(features=gap, start="POINT (179.5 0)", end="POINT (-179.9999 1)", tolerance=25)
    assert told["joined_ends"] == 1
    meridian = Geod(ellps="WGS84").line_length([0, 0], [0, 1])
    assert told["cost"] == pytest.approx(0.4999 * EQUATORIAL_DEGREE + meridian, rel=1e-9)
    assert told["features"][0]["geometry"]["type"] == "MultiLineString"


def test_a_network_across_the_antimeridian_is_no_wider_than_it_is() -> None:
    with pytest.raises(ProcessRefusedError, match="farther than the network is wide"):
        answer(features="LINESTRING (179.9 0, 180.1 0)", start="POINT (0 0)", end="POINT (180 0)")


def test_random_networks_have_the_ways_that_trying_all_finds() -> None:
    random = np.random.default_rng(5)
    places = random.random((25, 2)) * 1000
    pairs = [(a, b) for a, b in random.integers(0, 25, (60, 2)).tolist() if a != b]
    ways = network([[tuple(places[a]), tuple(places[b])] for a, b in pairs])
    cost = np.full((25, 25), np.inf)
    np.fill_diagonal(cost, 0)
    for a, b in pairs:
        cost[a, b] = cost[b, a] = np.hypot(*(places[a] - places[b]))
    for middle in range(25):
        cost = np.minimum(cost, cost[:, [middle]] + cost[[middle]])
    for a, b in [(0, 7), (3, 21), (12, 5), (24, 1)]:
        if np.isfinite(cost[a, b]):
            told = answer(features=ways, start=at(*places[a]), end=at(*places[b]))
            assert told["cost"] == pytest.approx(cost[a, b], abs=1e-5)


def test_far_points_and_unconnected_parts_are_told() -> None:
    told = answer(features=network([*SQUARE, [(900, 0), (900, 10)]]), start=at(-300, 0), end=at(100, 0))
    assert "The start is 300 m away from the nearest line." in told["warnings"]
    assert any("2 parts" in warning for warning in told["warnings"])


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({}, "end"),
        ({"end": at(1, 1), "max_cost": 3}, "end"),
        ({"end": "LINESTRING (1 1, 2 2)"}, "end"),
        ({"end": at(1, 1), "features": "POINT (1 1)"}, "features"),
        ({"end": at(1, 1), "cost_field": "cots"}, "cost_field"),
        ({"end": at(1, 1), "features": network(SQUARE, c=[1, 1, 1, -1]), "cost_field": "c"}, "cost_field"),
        ({"end": at(1, 1), "features": network(SQUARE, o=["x", 1, 1, 1]), "oneway_field": "o"}, "oneway_field"),
    ],
)
def test_what_has_no_way_is_refused_with_the_input_at_fault(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        answer(**{"features": network(SQUARE), "start": at(0, 0)} | inputs)
    assert refused.value.path == f"$.inputs.{path}"


def test_the_example_succeeds() -> None:
    told = answer(**shortest_path.description["example"]["inputs"])
    corner = Geod(ellps="WGS84").line_length([13.42, 13.41, 13.41], [52.50, 52.50, 52.51])
    assert told["cost"] == pytest.approx(corner, rel=1e-6)


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"start": "POINT (0 0)", "end": at(100, 100)}, "start"),
        ({"start": at(0, 0), "end": at(0, 1_500)}, "end"),
        ({"start": "POINT (50.5 9)", "max_cost": 100}, "start"),
    ],
)
def test_a_point_farther_away_than_the_network_is_wide_is_refused(inputs: dict[str, Any], path: str) -> None:
    with pytest.raises(ProcessRefusedError, match=f"the {path} is .* km away from the nearest line") as refused:
        answer(features=network(SQUARE), **inputs)
    assert refused.value.path == f"$.inputs.{path}"


def test_a_point_beside_a_small_network_is_brought_to_it_with_a_warning() -> None:
    told = answer(features=network(SQUARE), start=at(0, 0), end=at(0, 900))
    assert told["end_snap_m"] == pytest.approx(800, abs=0.01)
    assert "The end is 800 m away from the nearest line." in told["warnings"]


def test_a_network_in_degrees_reaches_as_far_as_it_is_wide() -> None:
    line = shapely.to_geojson(shapely.LineString([(0, 0), (1, 0)]))
    assert answer(features=line, start="POINT (1.9 0)", end="POINT (0 0)")["start_snap_m"] > 90_000
    with pytest.raises(ProcessRefusedError, match="122 km away"):
        answer(features=line, start="POINT (2.1 0)", end="POINT (0 0)")


@pytest.mark.parametrize("line", ["LINESTRING (0 40, 10 60)", "LINESTRING (13 52, 13.1 52.05)"])
def test_a_way_that_begins_within_an_edge_of_degrees_costs_the_metres_that_it_is_long(line: str) -> None:
    first, last = shapely.from_wkt(line).coords
    middle = f"POINT ({(first[0] + last[0]) / 2} {(first[1] + last[1]) / 2})"
    for end in (first, last):
        told = answer(features=line, start=middle, end=f"POINT ({end[0]} {end[1]})")
        assert told["cost"] == pytest.approx(told["length_m"], rel=1e-9)


def test_a_service_area_ends_within_an_edge_of_degrees_at_the_cost_that_was_asked_for() -> None:
    told = answer(features="LINESTRING (0 40, 10 60)", start="POINT (0 40)", max_cost=1_000_000)
    assert told["length_m"] == pytest.approx(1_000_000, rel=1e-9)
