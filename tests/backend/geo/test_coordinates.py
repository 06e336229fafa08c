"""Transforming coordinates: the order of axes, what lies outside an area, and the way back."""

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.places.coordinates import axes, is_y_first, points, rounded, swapped, transform
from backend.geo.vector.features import Features


@pytest.mark.parametrize(
    ("code", "longitude", "latitude"),
    [
        ("EPSG:4326", 9, 48), ("OGC:CRS84", 9, 48), ("EPSG:3035", 9, 48), ("EPSG:31467", 9, 48), ("EPSG:25832", 9, 48),
        ("EPSG:3857", 9, 48), ("EPSG:2193", 173, -41), ("EPSG:32661", 30, 85), ("EPSG:5041", 30, 85),
        ("EPSG:5042", 30, -85), ("EPSG:3031", 30, -85), ("EPSG:5514", 15, 49.5), ("EPSG:2053", 29, -26),
        ("EPSG:4807", 2.3, 48),
    ],
)  # fmt: skip
def test_the_order_of_axes_is_that_of_proj(code: str, longitude: float, latitude: float) -> None:
    crs = parse_crs(code)
    x_first = Transformer.from_crs(CRS84, crs, always_xy=True).transform(longitude, latitude)
    as_defined = Transformer.from_crs(CRS84, crs).transform(longitude, latitude)
    assert is_y_first(crs) == (as_defined == pytest.approx(x_first[::-1]))
    assert axes(crs, authority=True)[:: -1 if is_y_first(crs) else 1] == axes(crs, authority=False)


def test_exchanging_coordinates_keeps_heights() -> None:
    assert swapped(points(np.array([[1.0, 2.0, 3.0]])))[0].wkt == "POINT Z (2 1 3)"
    assert rounded(points(np.array([[1.0000000000001, 2.0]])), CRS84) == [[1, 2]]


def test_the_way_back_is_tried_at_the_outermost_of_many_vertices() -> None:
    longitudes = np.linspace(3, 15, 5000)
    lonlat = Features(points(np.column_stack([longitudes, np.full(5000, 50)])))
    assert transform(lonlat, parse_crs("EPSG:32632")).return_error < 1e-6


def test_what_is_far_from_its_zone_is_told_and_what_has_no_place_in_it_is_refused() -> None:
    zone = parse_crs("EPSG:32632")
    far = transform(Features(points(np.array([[60.0, 40.0]]))), zone)
    assert any("outside the area" in warning for warning in far.warnings)
    with pytest.raises(ProcessRefusedError, match="has no place in EPSG:32632"):
        transform(Features(points(np.array([[9.0, 0.0], [98.0, 1.0]]))), zone)


def test_a_line_keeps_its_vertices_and_a_missing_geometry_its_place() -> None:
    shapes = np.array([shapely.LineString([(9, 0), (9, 1), (9.5, 1)]), None], dtype=object)
    made = transform(Features(shapes), parse_crs("EPSG:32632"))
    assert shapely.get_num_coordinates(made.shapes).tolist() == [3, 0]
    assert made.shapes[1] is None
    assert made.accuracy == 0


def test_areas_across_the_antimeridian_hold_both_their_sides() -> None:
    for longitude in (179.9, -179.9):
        made = transform(Features(points(np.array([[longitude, -17.0]]))), parse_crs("EPSG:3460"))
        assert not [warning for warning in made.warnings if "outside" in warning]


@pytest.mark.parametrize("code", ["EPSG:3413", "EPSG:5041", "EPSG:32661", "EPSG:3995"])
def test_the_north_pole_whose_longitude_means_nothing_has_its_place_in_polar_systems(code: str) -> None:
    pole = Features(points(np.array([[0.0, 90.0], [120.0, 89.9999999]])))
    made = transform(pole, parse_crs(code))
    x, y = Transformer.from_crs(CRS84, code, always_xy=True).transform(0, 90)
    assert shapely.get_coordinates(made.shapes)[0] == pytest.approx([x, y], abs=1e-6)
    assert made.return_error < 1e-3


def test_the_way_back_to_grads_is_told_in_metres() -> None:
    paris = Features(points(np.array([[0.0, 54.0]])), crs=parse_crs("EPSG:4807"))
    assert transform(paris, parse_crs("EPSG:27572")).return_error < 1e-3
