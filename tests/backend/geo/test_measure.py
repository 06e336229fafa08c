"""Measures against closed forms and against geodesics along dense points."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from backend.geo.vector.reading import read_geometry
from tests.backend.measured import measure

E2 = 0.00669437999014
B = 6356752.314245179
EARTH = 510_065_621_724_089
"""Surface of the WGS 84 ellipsoid, m² (published: 510 065 621.724 km²)."""


def zone(latitude: float) -> float:
    """Area in m² from the equator to a parallel, all round (closed form)."""
    e, sine = math.sqrt(E2), math.sin(math.radians(latitude))
    return math.pi * B * B * (sine / (1 - E2 * sine * sine) + math.atanh(e * sine) / e)


def test_the_whole_earth_has_its_published_area_and_no_border() -> None:
    earth = measure(shapely.box(-180, -90, 180, 90))
    assert earth.area == pytest.approx(EARTH, rel=1e-12)
    assert earth.perimeter == 0


@pytest.mark.parametrize(
    "bounds", [(0, 0, 1, 1), (-30, -60, 120, 75), (10, 89, 11, 90), (-180, -90, 180, -60), (5, 48, 6, 48.0001)]
)
def test_a_box_has_the_area_between_its_parallels(bounds: tuple[float, float, float, float]) -> None:
    west, south, east, north = bounds
    expected = (zone(north) - zone(south)) * (east - west) / 360
    assert measure(shapely.box(*bounds)).area == pytest.approx(expected, rel=1e-9)


def test_the_49th_parallel_is_a_border_and_no_great_circle() -> None:
    border = shapely.LineString([(-123, 49), (-95, 49)])
    n = 6378137 / math.sqrt(1 - E2 * math.sin(math.radians(49)) ** 2)
    arc = n * math.cos(math.radians(49)) * math.radians(28)
    assert measure(border).length == pytest.approx(arc, rel=1e-12)
    shorter = Geod(ellps="WGS84").inv(-123, 49, -95, 49)[2]
    assert measure(border, "geodesic").length == pytest.approx(shorter, rel=1e-12)
    assert shorter < arc * 0.995


def test_a_meridian_is_measured_by_its_published_quarter() -> None:
    assert measure(shapely.LineString([(7, -90), (7, 90)])).length == pytest.approx(2 * 10_001_965.729, abs=0.01)


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-89, 89)), min_size=3, max_size=6, unique=True))
def test_measures_agree_with_geodesics_between_dense_points(corners: list[tuple[float, float]]) -> None:
    polygon = shapely.convex_hull(shapely.MultiPoint(corners))
    if polygon.geom_type != "Polygon" or polygon.area < 1e-3:
        return
    found = measure(polygon)
    area, perimeter = Geod(ellps="WGS84").geometry_area_perimeter(
        shapely.orient_polygons(shapely.segmentize(polygon, 0.02))
    )
    # Geod goes around the other way, and so measures the rest of the Earth, where a polygon is more than half of it.
    assert found.area == pytest.approx(area if area > 0 else area + EARTH, rel=1e-5, abs=1e5)
    assert found.perimeter == pytest.approx(perimeter, rel=1e-6)


def test_a_polygon_cut_at_the_antimeridian_measures_like_the_whole() -> None:
    cut = measure(read_geometry("POLYGON ((170 0, 190 0, 190 10, 170 10, 170 0))").shape)
    whole = measure(shapely.box(-10, 0, 10, 10))
    assert cut.area == pytest.approx(whole.area, rel=1e-12)
    assert cut.perimeter == pytest.approx(whole.perimeter, rel=1e-12)


def test_a_border_on_one_side_of_the_antimeridian_counts() -> None:
    assert measure(shapely.box(170, 0, 180, 10)).perimeter == pytest.approx(
        measure(shapely.box(0, 0, 10, 10)).perimeter, rel=1e-12
    )


def test_a_pole_is_no_border_of_a_cap() -> None:
    cap = measure(shapely.box(-180, -90, 180, -60))
    parallel = measure(shapely.LineString([(-180, -60), (180, -60)]))
    assert cap.perimeter == pytest.approx(parallel.length, rel=1e-12)


def test_holes_are_taken_from_the_area_and_added_to_the_perimeter() -> None:
    outer, inner = shapely.box(0, 0, 9, 9), shapely.box(2, 2, 3, 3)
    found = measure(shapely.Polygon(outer.exterior, [inner.exterior]))
    assert found.area == pytest.approx(measure(outer).area - measure(inner).area, rel=1e-12)
    assert found.perimeter == pytest.approx(measure(outer).perimeter + measure(inner).perimeter, rel=1e-12)


def test_geodesic_edges_enclose_another_area() -> None:
    box = shapely.box(0, 55, 30, 65)
    ratio = measure(box, "geodesic").area / measure(box).area
    assert 1.0005 < abs(ratio - 1) + 1 < 1.05
    area, perimeter = Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(box))
    assert measure(box, "geodesic").area == pytest.approx(abs(area), rel=1e-12)
    assert measure(box, "geodesic").perimeter == pytest.approx(perimeter, rel=1e-12)


def test_a_collections_members_are_measured_by_their_kind() -> None:
    box, line = shapely.box(0, 0, 1, 1), shapely.LineString([(5, 5), (6, 6)])
    found = measure(shapely.GeometryCollection([box, shapely.GeometryCollection([line]), shapely.Point(0, 0)]))
    assert (found.area, found.length) == (measure(box).area, measure(line).length)
    assert measure(shapely.Point(0, 0)) == type(found)(0, 0, 0)


def test_the_direction_of_a_ring_does_not_matter() -> None:
    box = shapely.box(0, 0, 1, 1)
    assert measure(box.reverse()).area == pytest.approx(measure(box).area, rel=1e-14)
    assert np.sign(measure(box.reverse()).area) == 1


def test_holes_are_taken_away_whichever_way_rings_run_and_whatever_they_stand_beside() -> None:
    outer, hole, other = shapely.box(0, 40, 4, 44), shapely.box(1, 41, 2, 42), shapely.box(5, 40, 6, 41)
    expected = measure(outer).area - measure(hole).area
    for turned in (False, True):
        ring, inner = (shapely.reverse(one.exterior) if turned else one.exterior for one in (outer, hole))
        # Of some directions an area would not tell: a hole that runs as its polygon does.
        for way in (inner, shapely.reverse(inner)):
            pierced = shapely.Polygon(ring, [way])
            assert measure(pierced).area == pytest.approx(expected, rel=1e-12)
            assert measure(pierced).perimeter == pytest.approx(measure(outer).perimeter + measure(hole).perimeter)
            both = shapely.MultiPolygon([pierced, other])
            assert measure(both).area == pytest.approx(expected + measure(other).area, rel=1e-12)


def test_heights_change_no_measure() -> None:
    box = shapely.box(0, 40, 4, 44)
    assert measure(shapely.force_3d(box, 100.0)) == measure(box)
    assert measure(shapely.force_3d(box.exterior, 100.0)) == measure(box.exterior)
