"""Unions of many discs, made some at a time: the same as all of them at once."""

import numpy as np
import pytest
import shapely

from backend.geo.buffers.capsules import OUTWARD
from backend.geo.buffers.disc_unions import disc_union, half_widths
from backend.geo.buffers.discs import fits
from backend.geo.buffers.zones import plain_discs
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.geodesy.shapes import Shapes

RESOLUTION = 4


def places(positions: Array) -> Shapes:
    return np.array(shapely.points(positions), dtype=object)


def all_at_once(points: Shapes, distance: float) -> Shapes:
    discs = plain_discs(points, np.full(len(points), distance), RESOLUTION)
    return shapely.get_parts(shapely.disjoint_subset_union_all(discs))


def alike(parts: Shapes) -> list[bytes]:
    return sorted(shapely.to_wkb(shapely.normalize(parts)).tolist())


@pytest.mark.parametrize(
    ("count", "width", "distance"),
    [(25_000, 6.0, 500.0), (3_000, 0.3, 500.0), (2_000, 0.02, 500.0), (500, 6.0, 5.0), (1, 1.0, 500.0)],
    ids=["many small groups", "some hang together", "all hang together", "none meets another", "one alone"],
)
def test_discs_united_in_groups_are_what_all_of_them_at_once_are(count: int, width: float, distance: float) -> None:
    random = np.random.default_rng(count)
    points = places(random.uniform((7, 50), (7 + width, 50 + width), (count, 2)))
    assert alike(disc_union(points, distance, RESOLUTION)) == alike(all_at_once(points, distance))


def test_they_cover_the_ground_of_the_union_of_all_by_another_way() -> None:
    points = places(np.random.default_rng(2).uniform((7, 50), (7.6, 50.6), (3_000, 2)))
    discs = plain_discs(points, np.full(len(points), 500.0), RESOLUTION)
    whole, parts = shapely.union_all(discs), disc_union(points, 500.0, RESOLUTION)
    made = shapely.multipolygons(parts)
    assert made.is_valid
    assert len(parts) == shapely.get_num_geometries(whole)
    assert made.symmetric_difference(whole).area < 1e-12 * whole.area


def test_a_chain_longer_than_any_group_is_one_area_with_the_hole_that_it_goes_around() -> None:
    # 12,000 discs around a ring, each meeting the next, in no order; others within and beside it.
    angle = np.random.default_rng(3).permutation(12_000) * 2 * np.pi / 12_000
    ring = np.column_stack([10 + 2 * np.cos(angle), 40 + 1.5 * np.sin(angle)])
    points = places(np.vstack([ring, [(10, 40), (10, 40), (13, 42)]]))
    parts = disc_union(points, 200.0, RESOLUTION)
    assert len(parts) == 3
    assert alike(parts) == alike(all_at_once(points, 200.0))
    assert max(shapely.get_num_interior_rings(parts)) == 1


def test_exterior_rings_run_counterclockwise() -> None:
    points = places(np.random.default_rng(4).uniform((7, 50), (8, 51), (2_000, 2)))
    assert shapely.is_ccw(shapely.get_exterior_ring(disc_union(points, 500.0, RESOLUTION))).all()


def test_discs_are_nowhere_wider_than_is_said_of_them() -> None:
    random = np.random.default_rng(5)
    for distance in (0.5, 500.0, 50_000.0, 300_000.0):
        positions: Array = random.uniform((-150, -85), (150, 85), (2_000, 2))
        positions = positions[fits(positions, np.full(2_000, distance), RESOLUTION * 16, OUTWARD)]
        points = places(positions)
        discs = plain_discs(points, np.full(len(points), distance), RESOLUTION * 16)
        west, south, east, north = shapely.bounds(discs).T
        across = np.maximum(east - positions[:, 0], positions[:, 0] - west)
        along = np.maximum(north - positions[:, 1], positions[:, 1] - south)
        assert len(points) > 100
        assert (np.column_stack([across, along]) <= half_widths(positions, distance)).all()
