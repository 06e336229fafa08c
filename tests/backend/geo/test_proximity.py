"""Nearest points against closed forms, and against an oracle that searches edge by edge with Vincenty's formula."""

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely

from backend.geo.geodesy.geodesics import geodesic
from backend.geo.geometry import proximity
from backend.geo.geometry.proximity import nearest_points
from backend.geo.vector.reading import read_geometry

E2 = 0.00669437999014
EQUATORIAL = 6378137.0


@pytest.fixture(params=[0, proximity.FEW_PAIRS], ids=["by trees", "all at once"], autouse=True)
def _few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proximity, "FEW_PAIRS", request.param)


def metres(first: str, second: str) -> float:
    nearest = nearest_points(read_geometry(first).shape, read_geometry(second).shape)
    return geodesic(nearest.start, nearest.end).metres


def random_lines(seed: int, spread: float, centre: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    source = np.random.default_rng(seed)
    low, high = np.array(centre) - spread, np.array(centre) + spread
    places = np.clip(source.uniform(low, high, (8, 2)), [-180, -90], [180, 90])
    return places[:4], np.add(places[4:], (2.5 * spread, 0))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("spread", "centre"), [(0.001, (13, 52)), (1, (-60, -80)), (15, (20, 60)), (40, (-100, 10)), (3, (-100, 87))]
)
def test_lines_are_as_far_apart_as_an_exhaustive_search_finds(
    seed, spread, centre, distance_to_lines, geodesic_distance
) -> None:
    first, second = random_lines(seed, spread, centre)
    lines = shapely.LineString(first), shapely.LineString(second)
    nearest = nearest_points(*lines)
    assert max(map(shapely.distance, lines, map(shapely.Point, (nearest.start, nearest.end)))) < 1e-12
    found = geodesic(nearest.start, nearest.end).metres
    assert found == pytest.approx(float(geodesic_distance(*nearest.start, *nearest.end)), rel=1e-9)
    # Both ends are on the lines, so the way cannot be too short; it is not too long if no search finds a shorter one.
    shares = np.linspace(0, 1, 41)[:, np.newaxis]
    stations = np.vstack([a + (b - a) * shares for a, b in pairwise(first)])
    assert found <= float(distance_to_lines(stations, [second]).min()) * (1 + 1e-9)
    assert found <= float(distance_to_lines(np.array([nearest.start]), [second])[0]) * (1 + 1e-8)
    assert found <= float(distance_to_lines(np.array([nearest.end]), [first])[0]) * (1 + 1e-8)


def test_the_distance_to_a_parallel_is_counted_along_the_meridian(geodesic_distance) -> None:
    assert metres("POINT (7 9)", "LINESTRING (0 10, 20 10)") == pytest.approx(
        float(geodesic_distance(7, 9, 7, 10)), rel=1e-9
    )


def test_from_the_equator_to_a_meridian_it_is_an_arc_of_the_equator() -> None:
    expected = EQUATORIAL * math.radians(3)
    assert metres("POINT (4 0)", "LINESTRING (7 -5, 7 6)") == pytest.approx(expected, rel=1e-9)


def test_the_antimeridian_is_no_barrier() -> None:
    expected = EQUATORIAL * math.radians(1)
    assert metres("POLYGON ((170 -9, 180 -9, 180 9, 170 9, 170 -9))", "POINT (-179 0)") == pytest.approx(expected)
    assert metres("POINT (180 3)", "POINT (-180 3)") == 0


def test_the_pole_is_near_to_all_longitudes(geodesic_distance) -> None:
    expected = float(geodesic_distance(0, 90, 0, 89))
    assert metres("POINT (50 90)", "LINESTRING (-180 89, 180 89)") == pytest.approx(expected, rel=1e-9)


def test_the_far_side_of_the_earth_is_reached_at_the_corner_nearest_to_it(geodesic_distance) -> None:
    box = "POLYGON ((-10 -10, 10 -10, 10 10, -10 10, -10 -10))"
    assert metres(box, "POINT (175 3)") == pytest.approx(float(geodesic_distance(10, 10, 175, 3)), rel=1e-9)


@pytest.mark.parametrize("gap", [1e-5, 1e-3, 1])
def test_lines_side_by_side_are_as_far_apart_as_their_parallels(gap: float) -> None:
    meridian = EQUATORIAL * (1 - E2) / (1 - E2 * math.sin(math.radians(60 + gap / 2)) ** 2) ** 1.5
    found = metres("LINESTRING (0 60, 2 60)", f"LINESTRING (0 {60 + gap}, 2 {60 + gap})")
    assert found == pytest.approx(meridian * math.radians(gap), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))", "POINT (1 1)", (1, 1)),
        ("LINESTRING (0 0, 2 2)", "LINESTRING (0 2, 2 0)", (1, 1)),
        ("GEOMETRYCOLLECTION (POINT (9 9), LINESTRING (0 0, 1 0))", "MULTIPOINT (5 5, 9 9)", (9, 9)),
    ],
)
def test_what_touches_shares_a_point(first: str, second: str, shared: tuple[float, float]) -> None:
    nearest = nearest_points(shapely.from_wkt(first), shapely.from_wkt(second))
    assert nearest.touching
    assert nearest.start == nearest.end == pytest.approx(shared)


def test_a_hole_is_outside() -> None:
    ring = "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (1 1, 8 1, 8 8, 1 8, 1 1))"
    assert metres(ring, "POINT (1.5 4)") == pytest.approx(metres("LINESTRING (1 1, 1 8)", "POINT (1.5 4)"), rel=1e-12)


def test_many_points_are_compared_all_with_all(geodesic_distance) -> None:
    source = np.random.default_rng(7)
    first, second = (source.uniform([-180, -80], [180, 80], (200, 2)) for _ in range(2))
    nearest = nearest_points(shapely.MultiPoint(first), shapely.MultiPoint(second))
    every = geodesic_distance(first[:, :1], first[:, 1:], second[:, 0], second[:, 1])
    assert geodesic(nearest.start, nearest.end).metres == pytest.approx(float(every.min()), rel=1e-9)
