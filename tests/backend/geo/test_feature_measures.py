"""Areas and lengths of many geometries at once, by closed forms."""

import numpy as np
import pytest
import shapely
from pyproj import CRS

from backend.geo.geodesy.shapes import batches, in_batches, shapes_of
from backend.geo.vector.feature_measures import areas, flat, lengths, overlapping, planar_lengths
from backend.geo.vector.features import Features

EQUATORIAL_DEGREE = 111_319.490_793_273_57
EARTH = 510_065_621_724_088.4
"""Area of the ellipsoid of WGS 84 in m² (GeographicLib)."""


def test_the_globe_has_its_area_whatever_it_is_cut_into() -> None:
    world = shapely.box(-180, -90, 180, 90)
    halves = shapely.MultiPolygon([shapely.box(-180, -90, 0, 90), shapely.box(0, -90, 180, 90)])
    nested = shapely.GeometryCollection([shapely.GeometryCollection([halves]), shapely.Point(1, 1)])
    found = areas(Features(shapes_of([world, halves, nested, None, shapely.Point(1, 1)])))
    assert found == pytest.approx([EARTH, EARTH, EARTH, 0, 0], rel=1e-9)


def test_lines_along_the_equator_have_its_length() -> None:
    line = shapely.LineString([(0, 0), (1, 0), (3, 0)])
    found = lengths(Features(shapes_of([line, shapely.box(0, 0, 1, 1), None, shapely.MultiLineString([line, line])])))
    assert found == pytest.approx([3 * EQUATORIAL_DEGREE, 0, 0, 6 * EQUATORIAL_DEGREE], rel=1e-9)


def test_planar_lengths_are_of_lines_only_and_in_metres() -> None:
    shapes = shapes_of([shapely.LineString([(0, 0), (300, 400)]), shapely.box(0, 0, 1000, 1000)])
    feet = Features(shapes, crs=CRS.from_authority("EPSG", 6539))
    assert planar_lengths(feet) == pytest.approx([500 * 1200 / 3937, 0])


def test_polygons_that_touch_do_not_overlap() -> None:
    shapes = shapes_of(
        [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(1.5, 0.5, 3, 3), None, shapely.Point(0.5, 0.5)]
    )
    assert overlapping(shapes).tolist() == [False, True, True, False, False]
    assert overlapping(shapes_of([])).tolist() == []


def test_nested_collections_are_flattened_with_their_owners() -> None:
    inner = shapely.GeometryCollection([shapely.MultiPoint([(0, 0), (1, 1)]), shapely.box(0, 0, 1, 1)])
    parts, owners = flat(shapes_of([shapely.Point(5, 5), shapely.GeometryCollection([inner, inner])]))
    assert np.bincount(owners).tolist() == [1, 6]
    assert len(parts) == 7


def test_geometries_that_come_some_after_others_are_in_the_batches_of_all_together() -> None:
    random = np.random.default_rng(3)
    lines = [shapely.LineString(random.random((count, 2))) for count in random.integers(2, 40, 500).tolist()]
    shapes = shapes_of([None, *lines, shapely.Polygon(), shapely.LineString(random.random((900, 2))), *lines[:50]])
    for cuts in ([], [1], [0, 0, 7, 300, 500], range(0, len(shapes), 3)):
        made = list(in_batches(np.split(shapes, cuts), 100))
        assert [some.tolist() for some in made] == [some.tolist() for some in batches(shapes, 100)]
