"""Buffers against geodesics, over the whole globe."""

from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import ProcessRefusedError
from backend.geo.buffers.boundary import boundary
from backend.geo.buffers.buffer import MAX_DISTANCE, buffer
from backend.geo.geodesy.antimeridian import flat_parts
from backend.geo.vector.reading import read_geometry
from tests.backend.measured import measure

BAR = 5e-4
"""0.05 % of the distance."""
SHARES = np.array([0, 0.25, 0.5, 0.75])

SHAPES = {
    "a line along the equator": ("LINESTRING (0 0, 8 0)", 20_000),
    "a metre around a long edge on a parallel": ("LINESTRING (0 60, 30 60)", 1),
    "a sloped line": ("LINESTRING (0 0, 10 10)", 1000),
    "the 49th parallel, far away": ("LINESTRING (-123 49, -95 49)", 1_000_000),
    "a line across the antimeridian": ("LINESTRING (170 -10, 190 10, 195 0)", 500_000),
    "a line with shallow bends": ("LINESTRING (0 0, 0.01 0.0003, 0.02 0, 0.03 0.0003, 0.04 0)", 3000),
    "a line around the north pole": ("LINESTRING (0 88, 90 89, 180 88, -90 89)", 150_000),
    "a metre around a meridian up to the pole": ("LINESTRING (0 -38.209694149751144, 0 90)", 1),
    "a triangle whose buffer ends near the pole": (
        "POLYGON ((-150.344 -87.291, -166.969 -85.205, -176.820 -86.059, -150.344 -87.291))",
        307_154,
    ),
    "a line from Arctic to Antarctic": ("LINESTRING (0 -80, 0 80)", 4_000_000),
    "a short line, very far": ("LINESTRING (10 10, 10.001 10)", 5_000_000),
    "a line that crosses itself": ("LINESTRING (0 0, 20 20, 20.5 0, 0 1)", 50_000),
    "a box": ("POLYGON ((0 40, 10 40, 10 50, 0 50, 0 40))", 50_000),
    "a box, shrunk": ("POLYGON ((0 40, 10 40, 10 50, 0 50, 0 40))", -50_000),
    "a box with a hole": ("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 7 2, 7 7, 2 7, 2 2))", 100_000),
    "a box with a hole, shrunk": ("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 7 2, 7 7, 2 7, 2 2))", -50_000),
    "a box across the antimeridian, shrunk": ("POLYGON ((170 -5, 190 -5, 190 5, 170 5, 170 -5))", -300_000),
    "Antarctica as a cap": ("POLYGON ((-180 -90, 180 -90, 180 -60, -180 -60, -180 -90))", 1_000_000),
    "Antarctica as a cap, shrunk": ("POLYGON ((-180 -90, 180 -90, 180 -60, -180 -60, -180 -90))", -1_000_000),
    "points and a line": ("GEOMETRYCOLLECTION (MULTIPOINT (0 0, 1 1), LINESTRING (2 0, 2 1))", 40_000),
}


def wkt(text: str) -> shapely.Geometry:
    return read_geometry(text).shape


@cache
def buffered(name: str) -> shapely.Geometry:
    """The buffer of one of the shapes, made once for all that is asked of it."""
    text, distance = SHAPES[name]
    return buffer(boundary(wkt(text)), distance, 32)


def source_lines(text: str) -> list[np.ndarray]:
    """The lines that a distance is counted from, as they were written."""
    shape = shapely.from_wkt(text)
    rings = [shapely.get_rings(part).tolist() if part.geom_type == "Polygon" else [part] for part in flat_parts(shape)]
    lines = [np.array(line.coords) for group in rings for line in group]
    # An edge along a pole, and a pair of edges along the antimeridian, are no boundary on the globe.
    return [np.array([[-180.0, -60.0], [180.0, -60.0]])] if "180 -90" in text else lines


def edge_points(result: shapely.Geometry) -> np.ndarray:
    """Vertices and points between them, without edges along a pole or the antimeridian."""
    found = []
    for ring in shapely.get_rings(flat_parts(result)):
        corners = np.array(ring.coords)
        start, end = corners[:-1], corners[1:]
        seam = (start[:, 0] == end[:, 0]) & (np.abs(start[:, 0]) == 180)
        seam |= (start[:, 1] == end[:, 1]) & (np.abs(start[:, 1]) == 90)
        found += [start[~seam] + (end - start)[~seam] * share for share in SHARES]
    return np.vstack(found)


@pytest.mark.parametrize("distance", [1, 500, 50_000, 1_000_000, 5_000_000, MAX_DISTANCE])
def test_a_point_is_buffered_to_the_right_distance_all_over_the_globe(distance: float, geodesic_distance) -> None:
    for latitude in (-90, -89.9999, -66, -23.4, 0, 45, 80, 89.9, 90):
        for longitude in (-180, -179.9999, 0, 13.4, 180):
            result = buffer(boundary(shapely.Point(longitude, latitude)), distance, 32)
            edges = edge_points(result)
            error = geodesic_distance(longitude, latitude, edges[:, 0], edges[:, 1]) / distance - 1
            assert np.abs(error).max() < BAR, (longitude, latitude)
            assert result.is_valid
            west, south, east, north = result.bounds
            assert min(west + 180, south + 90, 180 - east, 90 - north) >= 0


@pytest.mark.parametrize("name", SHAPES)
def test_a_buffers_edge_is_at_the_right_distance(name: str, distance_to_lines) -> None:
    text, distance = SHAPES[name]
    edges = edge_points(buffered(name))
    edges = edges[:: max(1, len(edges) // 150)]
    error = distance_to_lines(edges, source_lines(text)) / abs(distance) - 1
    assert np.abs(error).max() < BAR


@pytest.mark.parametrize("name", SHAPES)
def test_a_buffer_holds_what_is_near_and_nothing_else(name: str, distance_to_lines) -> None:
    text, distance = SHAPES[name]
    shape, result, random = wkt(text), buffered(name), np.random.default_rng(7)
    west, south, east, north = shapely.union_all([shape, result]).bounds
    points = np.column_stack(
        [
            random.uniform(max(-180, west - 0.3 * (east - west)), min(180, east + 0.3 * (east - west)), 250),
            random.uniform(max(-90, south - 0.3 * (north - south)), min(90, north + 0.3 * (north - south)), 250),
        ]
    )
    share = distance_to_lines(points, source_lines(text)) / abs(distance)
    inside = shapely.contains_xy(shape, points[:, 0], points[:, 1])
    expected = inside | (share < 1) if distance > 0 else inside & (share > 1)
    clear = np.abs(share - 1) > 1e-3
    found = shapely.contains_xy(result, points[:, 0], points[:, 1])
    assert clear.sum() > 100
    assert (found == expected)[clear].all()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    positions=st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=2, max_size=4),
    exponent=st.floats(0, 6.9),
)
def test_any_line_is_buffered_within_the_bar(positions: list[tuple[float, float]], exponent, distance_to_lines) -> None:
    distance, line = 10**exponent, shapely.LineString(positions)
    result = buffer(boundary(wkt(line.wkt)), distance, 32)
    assert result.is_valid
    edges = edge_points(result)
    edges = edges[:: max(1, len(edges) // 60)]
    assert np.abs(distance_to_lines(edges, [np.array(line.coords)]) / distance - 1).max() < BAR


def test_a_cap_around_a_pole_has_the_area_of_its_zone(geodesic_distance) -> None:
    distance = float(geodesic_distance(0, 90, 0, 60))
    cap = buffer(boundary(shapely.Point(0, 90)), distance, 32)
    e = np.sqrt(6.69437999014e-3)

    def zone(sine: float) -> float:
        return np.pi * 6356752.314245179**2 * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)

    assert measure(cap).area == pytest.approx(zone(1) - zone(np.sin(np.radians(60))), rel=1e-6)
    assert cap.bounds == (-180, pytest.approx(60, abs=1e-6), 180, 90)


def test_a_small_discs_area_is_that_of_its_polygon() -> None:
    disc = buffer(boundary(shapely.Point(13.4, 52.5)), 500, 32)
    polygon = np.pi * 500**2 * np.sin(2 * np.pi / 128) / (2 * np.pi / 128)
    assert measure(disc).area == pytest.approx(polygon, rel=1e-6)


def test_a_finer_resolution_comes_closer_to_the_circle() -> None:
    areas = [measure(buffer(boundary(shapely.Point(-70, -33)), 1000, q)).area for q in (8, 32, 128)]
    assert areas == sorted(areas)
    assert areas[-1] == pytest.approx(np.pi * 1e6, rel=1e-4)


def test_a_line_once_round_the_equator_leaves_the_two_caps() -> None:
    belt = buffer(boundary(shapely.LineString([(-180, 0), (180, 0)])), 5_000_000, 32)
    assert belt.bounds[0::2] == (-180, 180)
    assert not shapely.contains_xy(belt, 0, 46)
    assert shapely.contains_xy(belt, 179.99, 44.5)


def test_a_buffer_may_cover_the_whole_earth() -> None:
    everything = buffer(boundary(wkt("MULTIPOINT (0 0, 90 0, 180 0, -90 0, 0 90, 0 -90)")), 9_000_000, 32)
    assert measure(everything).area == pytest.approx(510065621724089, rel=1e-9)


@pytest.mark.parametrize("distance", [1000, -1000])
def test_the_whole_earth_has_no_edge_and_stays_as_it_is(distance: float) -> None:
    whole = buffer(boundary(shapely.box(-180, -90, 180, 90)), distance, 8)
    assert measure(whole).area == pytest.approx(510065621724089, rel=1e-9)


def test_polygons_that_touch_are_buffered_as_one() -> None:
    halves = "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0)), ((1 0, 2 0, 2 1, 1 1, 1 0)))"
    whole = "POLYGON ((0 0, 2 0, 2 1, 0 1, 0 0))"
    shrunk = [buffer(boundary(shapely.from_wkt(text)), -1000, 32) for text in (halves, whole)]
    assert measure(shrunk[0]).area == pytest.approx(measure(shrunk[1]).area, rel=1e-9)


def test_exterior_rings_run_counterclockwise() -> None:
    result = buffer(boundary(wkt("POLYGON ((0 0, 0 9, 9 9, 9 0, 0 0), (3 3, 6 3, 6 6, 3 6, 3 3))")), 10_000, 32)
    assert shapely.is_ccw(result.exterior)
    assert not any(shapely.is_ccw(ring) for ring in result.interiors)


def test_the_share_done_is_told() -> None:
    told: list[float] = []
    line = shapely.LineString(np.column_stack([np.linspace(0, 5, 2501), np.sin(np.linspace(0, 2500, 2501))]))
    buffer(boundary(line), 10, 4, told.append)
    assert told == sorted(told)
    assert len(told) == 2
    assert told[-1] == 1


@pytest.mark.parametrize(
    ("text", "distance", "reason"),
    [
        ("POINT (0 0)", 0, "must not be 0"),
        ("POINT (0 0)", 1e9, "at most 9000 km"),
        ("POINT (0 0)", float("nan"), "at most 9000 km"),
        ("POINT (0 0)", 1e-9, "at least"),
        ("POINT (0 0)", -1, "nothing to shrink"),
        ("LINESTRING (0 0, 1 1)", -1, "nothing to shrink"),
        ("GEOMETRYCOLLECTION (POINT (5 5), POLYGON ((0 0, 1 0, 1 1, 0 0)))", -1, "nothing to shrink"),
        ("POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))", -100_000, "nothing is left"),
    ],
)
def test_what_has_no_buffer_is_refused_with_the_reason(text: str, distance: float, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason) as refused:
        buffer(boundary(wkt(text)), distance, 32)
    assert refused.value.path == "$.inputs.distance"


def test_points_far_from_each_other_keep_their_discs_and_those_that_meet_become_one() -> None:
    positions = np.array([(10, 50), (10.01, 50), (10.3, 50), (11, 51)])
    made = buffer(boundary(shapely.MultiPoint(positions)), 500.0, 16)
    assert len(flat_parts(made)) == 3
    each = [buffer(boundary(shapely.Point(at)), 500.0, 16) for at in positions]
    assert made.symmetric_difference(shapely.union_all(each)).area < 1e-15
    assert shapely.get_rings(flat_parts(made)).tolist() == [part.exterior for part in flat_parts(made)]
    assert shapely.is_ccw(shapely.get_rings(flat_parts(made))).all()
