"""Ends and corners that are not round, against closed forms and geodesics."""

import math
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.buffers.boundary import Boundary, boundary
from backend.geo.buffers.buffer import buffer, error_bound
from backend.geo.buffers.sides import Side
from backend.geo.buffers.strips import Cap, Join, Style, check_style, style_of
from backend.geo.geodesy.antimeridian import flat_parts
from backend.geo.vector.reading import read_geometry

GEOD: Any = Geod(ellps="WGS84")
LINES = {
    "along the equator": "LINESTRING (10 0, 11 0)",
    "slanted, in the north": "LINESTRING (10 50, 11 50.5)",
    "along a meridian, in the far north": "LINESTRING (20 78, 20 79)",
    "across the antimeridian": "LINESTRING (179.9 60, 180.3 60.2)",
}


def source(wkt: str) -> Boundary:
    return boundary(read_geometry(wkt).shape)


def made(wkt: str, distance: float, cap: Cap = "round", join: Join = "round") -> BaseGeometry:
    result = buffer(source(wkt), distance, 32, style=Style(cap, join))
    assert result.is_valid
    return result


def area(shape: BaseGeometry) -> float:
    """On the ellipsoid, edges cut so short that geodesics stand for them."""
    return sum(abs(GEOD.geometry_area_perimeter(shapely.segmentize(part, 0.001))[0]) for part in flat_parts(shape))


@pytest.mark.parametrize("distance", [10, 500, 10_000])
@pytest.mark.parametrize("wkt", LINES.values(), ids=LINES)
def test_a_line_with_flat_ends_covers_twice_its_length_times_the_distance(wkt: str, distance: float) -> None:
    length = GEOD.geometry_length(shapely.segmentize(shapely.from_wkt(wkt), 0.001))
    assert area(made(wkt, distance, "flat")) == pytest.approx(2 * distance * length, rel=1e-4)
    assert area(made(wkt, distance, "square")) == pytest.approx(2 * distance * (length + 2 * distance), rel=1e-4)
    with_round_ends = 2 * distance * length + math.pi * distance**2
    assert area(made(wkt, distance, "round", "bevel")) == pytest.approx(with_round_ends, rel=3e-4)


@pytest.mark.parametrize(("join", "corner"), [("round", math.pi / 4), ("bevel", 0.5), ("mitre", 1.0)])
@pytest.mark.parametrize("wkt", ["LINESTRING (0 0, 0.1 0, 0.1 0.1)", "LINESTRING (0.1 0.1, 0.1 0, 0 0)"])
def test_the_outside_of_a_right_angle_is_a_quarter_disc_a_triangle_or_a_square(
    wkt: str, join: Join, corner: float
) -> None:
    distance, legs = 1000.0, GEOD.geometry_length(shapely.from_wkt(wkt))
    outside = area(made(wkt, distance, "flat", join)) - 2 * distance * legs + distance**2
    assert outside / distance**2 == pytest.approx(corner, abs=2e-3)


@pytest.mark.parametrize("join", ["mitre", "bevel"])
def test_the_sides_are_at_the_distance_and_the_reported_error_is_not_below_theirs(
    join: Join, distance_to_lines
) -> None:
    """Of a line with bends, all over the boundary; ends and corners, which are elsewhere on purpose, are left out."""
    wkt = "LINESTRING (20 60, 20.3 60.1, 20.5 60, 20.9 60.3)"
    line = np.array(shapely.from_wkt(wkt).coords)
    distance = 2000.0
    result = made(wkt, distance, "flat", join)
    ring = shapely.get_coordinates(shapely.segmentize(flat_parts(result)[0].exterior, 0.005))
    away = np.min([GEOD.inv(np.full(len(ring), x), np.full(len(ring), y), *ring.T)[2] for x, y in line], axis=0)
    sides = ring[away > 2.5 * distance]
    reach = distance_to_lines(sides, [line])
    assert len(sides) > 50
    told = error_bound(False, 32)
    assert np.abs(reach / distance - 1).max() <= told < 5e-4


def test_corners_sharper_than_the_limit_are_bevelled() -> None:
    sharp = "LINESTRING (0 0, 1 0, 0 0.05)"
    mitred, bevelled = (made(sharp, 100, "flat", join) for join in ("mitre", "bevel"))
    assert area(mitred) == pytest.approx(area(bevelled), rel=1e-9)


def test_polygons_grow_with_square_corners_and_shrink_around_reflex_ones() -> None:
    box = "POLYGON ((0 0, 0.1 0, 0.1 0.1, 0 0.1, 0 0))"
    perimeter, ground = GEOD.geometry_length(shapely.from_wkt(box).exterior), area(shapely.from_wkt(box))
    assert area(made(box, 1000, join="mitre")) == pytest.approx(ground + 1000 * perimeter + 4 * 1000**2, rel=2e-5)
    angle = "POLYGON ((0 0, 0.2 0, 0.2 0.1, 0.1 0.1, 0.1 0.2, 0 0.2, 0 0))"
    shrunk = {join: area(made(angle, -1000, join=join)) for join in ("round", "mitre", "bevel")}
    assert (shrunk["round"] - shrunk["mitre"]) / 1000**2 == pytest.approx(1 - math.pi / 4, abs=2e-3)
    assert (shrunk["bevel"] - shrunk["mitre"]) / 1000**2 == pytest.approx(0.5, abs=2e-3)


def test_a_line_of_many_pieces_has_no_cracks() -> None:
    x = np.linspace(0, 20, 400)
    wave = shapely.LineString(np.column_stack([x, np.sin(x / 2) + 60]))
    for cap, join in (("flat", "mitre"), ("square", "bevel"), ("round", "mitre")):
        result = made(wave.wkt, 500, cap, join)
        assert result.geom_type == "Polygon"
        assert shapely.get_num_interior_rings(result) == 0


def test_closed_lines_and_cuts_at_the_antimeridian_have_no_ends() -> None:
    ring = "LINESTRING (0 0, 0.1 0, 0.1 0.1, 0 0.1, 0 0)"
    assert area(made(ring, 100, "square", "mitre")) == pytest.approx(area(made(ring, 100, "flat", "mitre")), rel=1e-12)
    across = made(LINES["across the antimeridian"], 500, "square")
    assert len(flat_parts(across)) == 2


def test_words_name_a_cap_and_a_join() -> None:
    assert style_of([]) == Style("round", "round")
    assert style_of(["mitre", "flat"]) == Style("flat", "mitre")
    with pytest.raises(ProcessRefusedError, match="flat and square at once"):
        style_of(["flat", "square"])


@pytest.mark.parametrize(
    ("style", "kinds", "reason"),
    [
        (Style("flat"), {"Point"}, "how lines end, and there are none"),
        (Style("square", "mitre"), {"Polygon"}, "how lines end, and there are none"),
        (Style("round", "bevel"), {"Point"}, "points have none"),
    ],
)
def test_what_has_no_meaning_is_refused(style: Style, kinds: set[str], reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        check_style(style, frozenset(kinds))


def test_points_among_lines_become_discs_with_a_warning() -> None:
    assert check_style(Style("flat"), frozenset({"Point", "LineString"})) == (
        "Points have neither ends nor corners: they became discs.",
    )
    assert check_style(Style("flat", "mitre"), frozenset({"LineString", "Polygon"})) == ()


def test_what_depends_on_the_map_is_refused() -> None:
    with pytest.raises(ProcessRefusedError, match="beyond 50 km"):
        made(LINES["along the equator"], 60_000, "flat")
    with pytest.raises(ProcessRefusedError, match="near a pole"):
        made("LINESTRING (0 89.99, 90 89.99)", 50_000, "flat")


def one_sided(wkt: str, distance: float, side: Side, join: Join = "round") -> BaseGeometry:
    result = buffer(source(wkt), distance, 32, style=Style("flat", join, side))
    assert result.is_valid
    return result


@pytest.mark.parametrize("distance", [10, 500, 10_000])
@pytest.mark.parametrize("wkt", LINES.values(), ids=LINES)
def test_the_two_sides_of_a_line_make_up_its_buffer_with_flat_ends(wkt: str, distance: float) -> None:
    both = made(wkt, distance, "flat")
    left, right = (one_sided(wkt, distance, side) for side in ("left", "right"))
    assert area(left) == pytest.approx(area(both) / 2, rel=2e-3)
    assert area(left) + area(right) == pytest.approx(area(both), rel=1e-4)
    assert area(shapely.union(left, right)) == pytest.approx(area(both), rel=1e-4)


def test_left_is_left_in_the_direction_of_the_line() -> None:
    left = one_sided("LINESTRING (10 50, 11 50)", 1000, "left")
    assert left.bounds[1] == pytest.approx(50, abs=1e-5)
    assert left.bounds[3] > 50.008
    back = one_sided("LINESTRING (11 50, 10 50)", 1000, "left")
    assert back.bounds[3] == pytest.approx(50, abs=1e-4)
    assert shapely.symmetric_difference(back, one_sided("LINESTRING (10 50, 11 50)", 1000, "right")).area < 1e-6


@pytest.mark.parametrize(
    ("side", "join", "corner"),
    [("left", "round", -1.0), ("right", "round", math.pi / 4), ("right", "mitre", 1.0), ("right", "bevel", 0.5)],
)
def test_a_corner_adds_on_its_outside_and_takes_away_on_its_inside(side: Side, join: Join, corner: float) -> None:
    wkt, distance = "LINESTRING (0 0, 0.1 0, 0.1 0.1)", 1000.0
    legs = GEOD.geometry_length(shapely.from_wkt(wkt))
    more = area(one_sided(wkt, distance, side, join)) - distance * legs
    assert more / distance**2 == pytest.approx(corner, abs=5e-3)


def test_a_winding_line_has_on_each_side_what_a_plane_has_there() -> None:
    """The plane is UTM, of which the lines are near the central meridian; GEOS alone makes the other one."""
    way = np.array([(x, 4_000 * math.sin(x / 3_000)) for x in np.arange(0, 40_000, 400.0)])
    to_utm = Transformer.from_crs("OGC:CRS84", "EPSG:32632", always_xy=True).transform
    to_degrees = Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True).transform
    line = shapely.LineString(way + np.array([480_000, 5_300_000]))
    wkt = shapely.transform(line, lambda at: np.column_stack(to_degrees(at[:, 0], at[:, 1]))).wkt
    for side, sign in (("left", 1), ("right", -1)):
        here = shapely.transform(one_sided(wkt, 1_500, side), lambda at: np.column_stack(to_utm(at[:, 0], at[:, 1])))
        there = line.buffer(sign * 1_500 * 0.9996, cap_style="flat", single_sided=True, quad_segs=32)
        assert shapely.symmetric_difference(here, there).area < 0.002 * there.area


@pytest.mark.parametrize(
    ("words", "told"),
    [(["left", "right"], "both sides are what there is"), (["left", "square"], "ends flat where the line does")],
)
def test_words_of_sides_that_contradict_others_are_refused(words: Any, told: str) -> None:
    with pytest.raises(ProcessRefusedError, match=told):
        style_of(words)


@pytest.mark.parametrize("kinds", [{"Polygon"}, {"LineString", "Point"}])
def test_sides_are_those_of_lines_alone(kinds: set[str]) -> None:
    assert check_style(style_of(["left"]), frozenset({"LineString"})) == ()
    with pytest.raises(ProcessRefusedError, match="left is a side of lines, and there are others"):
        check_style(style_of(["left"]), frozenset(kinds))


def test_another_line_does_not_end_what_lies_beside_one() -> None:
    line, other = "10 50, 11 50", "10.5 50.002, 10.4 50.002"
    alone = one_sided(f"LINESTRING ({line})", 1000, "left")
    together = one_sided(f"MULTILINESTRING (({line}), ({other}))", 1000, "left")
    assert shapely.difference(alone, together).area < 1e-9
    # The other one runs back: its left is in the south, beyond the first one.
    width, length = 1000 - GEOD.inv(10, 50, 10, 50.002)[2], GEOD.inv(10.4, 50.002, 10.5, 50.002)[2]
    assert area(together) - area(alone) == pytest.approx(width * length, rel=2e-3)


def test_a_sharp_bend_does_not_reach_over_the_line() -> None:
    """By hand: at a bend back by 150 degrees the left sides of both legs share what lies between them."""
    wkt = "LINESTRING (0 0, 0.1 0, 0.0134 0.05)"
    left, right = (one_sided(wkt, 2000, side) for side in ("left", "right"))
    far = shapely.from_wkt("POLYGON ((0.0567 0.026, 0.1 0.001, 0.11 0.02, 0.06 0.05, 0.0567 0.026))")
    assert shapely.intersection(left, far).area < 1e-7
    assert shapely.intersection(left, right).area < 1e-7
    assert area(left) + area(right) == pytest.approx(area(made(wkt, 2000, "flat")), rel=1e-3)
