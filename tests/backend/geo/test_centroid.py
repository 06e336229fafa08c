"""Centres of gravity against symmetry and against sums over small cells of known size."""

import math

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.centroid import centroid
from backend.geo.vector.reading import read_geometry

E2 = 0.00669437999014


def cell_weights(latitudes: np.ndarray) -> np.ndarray:
    """Areas of cells of equal size in degrees, up to a factor: product of the radii of curvature."""
    sine = np.sin(np.radians(latitudes))
    return np.cos(np.radians(latitudes)) / (1 - E2 * sine**2) ** 2


@pytest.mark.parametrize(("south", "north"), [(0, 60), (50, 70), (-89, -40)])
def test_a_sliver_has_its_centre_where_its_area_has_and_not_at_mid_latitude(south: float, north: float) -> None:
    longitude, latitude = centroid(shapely.box(7, south, 7.001, north)).position
    cells = south + (np.arange(200_000) + 0.5) * (north - south) / 200_000
    assert longitude == pytest.approx(7.0005, abs=1e-6)
    # Distances along the meridian are not quite proportional to degrees of latitude, nor are those of the projection.
    assert latitude == pytest.approx(np.average(cells, weights=cell_weights(cells)), abs=0.35)
    assert abs(latitude - (south + north) / 2) > 0.4


@pytest.mark.parametrize("at", [(0, 0), (30, 55), (-100, -70)])
def test_a_small_box_has_the_centre_of_gravity_of_its_cells(at: tuple[float, float]) -> None:
    (x, y), size = at, 0.2
    cells = y - size / 2 + (np.arange(1000) + 0.5) * size / 1000
    box = shapely.box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
    longitude, latitude = centroid(box).position
    assert longitude == pytest.approx(x, abs=1e-9)
    # Seen from the middle, a parallel bends towards the pole.
    bend = math.degrees(math.radians(size) ** 2 / 24 * math.sin(math.radians(y)) * math.cos(math.radians(y)))
    assert latitude == pytest.approx(np.average(cells, weights=cell_weights(cells)) + bend, abs=2e-6)


@pytest.mark.parametrize(
    ("geometry", "centre"),
    [
        ("POLYGON ((-10 -5, 10 -5, 10 5, -10 5, -10 -5))", (0, 0)),
        ("POLYGON ((170 -5, 190 -5, 190 5, 170 5, 170 -5))", (180, 0)),
        ("MULTIPOINT (-179 10, 179 -10)", (180, 0)),
        ("LINESTRING (-3 0, 5 0)", (1, 0)),
        ("LINESTRING (20 -30, 20 30)", (20, 0)),
    ],
)
def test_what_is_symmetrical_has_its_centre_in_the_middle(geometry: str, centre: tuple[float, float]) -> None:
    longitude, latitude = centroid(read_geometry(geometry).shape).position
    assert (longitude - centre[0] + 180) % 360 - 180 == pytest.approx(0, abs=1e-8)
    assert latitude == pytest.approx(centre[1], abs=1e-8)


def test_a_polar_cap_has_its_centre_at_the_pole() -> None:
    found = centroid(shapely.box(-180, 60, 180, 90))
    assert found.position[1] == pytest.approx(90, abs=1e-6)
    assert "centred on the result" in found.crs_decision


def test_only_what_has_the_highest_dimension_counts() -> None:
    box = shapely.box(0, -1, 2, 1)
    found = centroid(shapely.GeometryCollection([box, shapely.Point(50, 50)]))
    assert found.position == pytest.approx((1, 0), abs=1e-8)
    assert found.warnings == ("Only its 1 parts of type Polygon count.",)


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(-180, -90, 180, 90),
        shapely.MultiPoint([(0, 90), (0, -90)]),
        shapely.MultiPoint([(10, 20), (-170, -20)]),
        shapely.MultiPoint([(0, 0), (90, 0), (180, 0), (-90, 0)]),
    ],
)
def test_what_is_spread_around_the_earth_has_no_centre(shape: BaseGeometry) -> None:
    with pytest.raises(ProcessRefusedError, match="no centre"):
        centroid(shape)


def test_a_narrow_polygon_that_rounding_lets_cross_itself_has_its_centre() -> None:
    x, y = -69.99166666666666, -32.998333333333335
    narrow = shapely.Polygon([(-69.995, -32.995), (-69.99333333333334, -32.99666666666667), (-70, -32.995), (x, y)])
    both = shapely.GeometryCollection([narrow, shapely.box(-69.9983, -32.995, -69.9951, -32.99)])
    assert centroid(both).position == pytest.approx(shapely.get_coordinates(both.centroid)[0].tolist(), abs=1e-6)
