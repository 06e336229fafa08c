"""Many discs at once, against single geodesics."""

from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import Geod

from backend.geo.buffers.capsules import OUTWARD
from backend.geo.buffers.discs import NEAR, discs, fits


@pytest.mark.parametrize("distance", [1, 500, 20_000, 200_000])
def test_every_vertex_is_the_end_of_a_geodesic_of_that_length(distance: float) -> None:
    random = np.random.default_rng(3)
    positions = np.column_stack([random.uniform(-175, 175, 400), random.uniform(-89, 89, 400)])
    distances = np.full(len(positions), float(distance))
    chosen = fits(positions, distances, 32, OUTWARD)
    assert chosen.sum() > 100
    made = discs(positions[chosen], distances[chosen], 32, 13)
    corners = shapely.get_coordinates(made)
    centres = np.repeat(positions[chosen], 129, axis=0)
    geod: Any = Geod(ellps="WGS84")
    lengths = np.array(geod.inv(centres[:, 0], centres[:, 1], corners[:, 0], corners[:, 1])[2])
    assert np.abs(lengths / distance - 1).max() < 1e-6
    assert all(polygon.exterior.is_ccw for polygon in made)


def test_discs_at_the_edges_of_the_plane_and_too_large_ones_are_left_to_others() -> None:
    positions = np.array([[0.0, 0.0], [179.999, 0.0], [0.0, 89.99], [0.0, 0.0], [0.0, -90.0]])
    distances = np.array([1000.0, 1000.0, 50_000.0, 1.01 * NEAR * 6_378_137, 1.0])
    assert fits(positions, distances, 32, OUTWARD).tolist() == [True, False, False, False, False]
    assert discs(np.empty((0, 2)), np.empty(0), 32, 6).shape == (0,)
