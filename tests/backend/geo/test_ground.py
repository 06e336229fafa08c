"""How planes lie on the ground, against lengths of the oracle's geodesics."""

from typing import Any

import numpy as np
import pytest
from affine import Affine
from pyproj import Proj

from backend.geo.geodesy.crs import CRS84, parse_crs
from backend.geo.geodesy.ground import ground_of, steps_of


@pytest.mark.parametrize(
    ("code", "bounds", "planar"),
    [
        ("EPSG:25832", (400_000, 5_500_000, 600_000, 5_700_000), True),
        ("EPSG:3857", (1_000_000, 6_000_000, 1_100_000, 6_100_000), False),
        ("EPSG:3857", (0, 0, 10_000, 10_000), True),
        ("EPSG:2263", (980_000, 190_000, 1_000_000, 210_000), True),
        ("EPSG:6933", (1_000_000, 6_000_000, 1_100_000, 6_100_000), False),
        ("OGC:CRS84", (9, 50, 10, 51), False),
    ],
)
def test_a_plane_is_good_for_lengths_where_it_is_true_to_one_percent(
    code: str, bounds: tuple[float, float, float, float], planar: bool
) -> None:
    ground = ground_of(parse_crs(code), bounds)
    assert ground.planar is planar
    assert ("planar in" if planar else "ellipsoid") in ground.decision


def test_a_plane_whose_lengths_have_no_figure_is_called_so() -> None:
    ground = ground_of(parse_crs("EPSG:6933"), (-2e7, -9e6, 2e7, 9e6))
    assert not ground.planar
    assert "off by more than 1000 %" in ground.decision
    assert 0 < ground.smallest_scale < 1


@pytest.mark.parametrize(("code", "pole"), [("EPSG:3413", 90.0), ("EPSG:3031", -90.0), ("EPSG:5041", 90.0)])
def test_lengths_at_a_pole_are_off_by_what_the_scale_of_the_plane_says(code: str, pole: float) -> None:
    crs = parse_crs(code)
    x, y = Proj(crs)(0, pole)
    found = ground_of(crs, (x - 1000, y - 1000, x + 1000, y + 1000)).largest_error
    scale = Proj(crs).get_factors(0, pole * (1 - 1e-6)).meridional_scale
    assert found == pytest.approx(max(1 - scale, 1 / scale - 1), rel=0.05)


@pytest.mark.parametrize("turned", [False, True], ids=["upright", "turned"])
@pytest.mark.parametrize("latitude", [-75.0, 0.0, 60.0])
def test_steps_in_degrees_are_as_long_as_on_the_ground(latitude: float, turned: bool, geodesic_distance: Any) -> None:
    grid = Affine(0.001, 0.0004, 10, 0.0003, -0.001, latitude) if turned else Affine(0.001, 0, 10, 0, -0.001, latitude)
    steps = steps_of(ground_of(CRS84, (10, latitude, 11, latitude + 1)), grid, 100, 80)(slice(40, 41))
    centre = np.array([grid.a * 50.5 + grid.b * 40.5 + grid.c, grid.d * 50.5 + grid.e * 40.5 + grid.f])
    for east, north, way in (
        (steps.column_east, steps.column_north, np.array([grid.a, grid.d])),
        (steps.row_east, steps.row_north, np.array([grid.b, grid.e])),
    ):
        column = min(50, east.shape[1] - 1)
        here, there = centre - way / 2, centre + way / 2
        length = np.hypot(np.broadcast_to(east, (1, 100))[0, column], np.broadcast_to(north, (1, 100))[0, column])
        assert length == pytest.approx(float(geodesic_distance(*here, *there)), rel=1e-5)


def test_steps_in_web_mercator_are_shorter_than_its_metres() -> None:
    grid = Affine(100, 0, 1_000_000, 0, -100, 8_399_737.89)
    ground = ground_of(parse_crs("EPSG:3857"), (1_000_000, 8_390_000, 1_010_000, 8_399_737))
    steps = steps_of(ground, grid, 100, 97)(slice(0, 1))
    # The scale at 60 degrees north is 2, but for the ellipsoid's 0.3 %.
    assert steps.column_east[0, 0] == pytest.approx(50, rel=4e-3)
    assert steps.row_north[0, 0] == pytest.approx(-50, rel=4e-3)
    assert ground.largest_error == pytest.approx(1, abs=0.02)
