"""Features burnt some rows at a time, beside rasterio's burning of the whole grid at once."""

# rasterio has no types.
# pyright: reportUnknownMemberType=false

from typing import Any

import numpy as np
import pytest
import rasterio.features
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.enums import MergeAlg
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.shapes import Shapes, shapes_of
from backend.geo.raster import burning
from backend.geo.raster.burning import strips
from backend.geo.raster.rasters import Grid, places

PLANE = CRS.from_epsg(25832)
WIDTH, HEIGHT = 60, 90
GRIDS = {
    "metres": Affine(10, 0, 500_000, 0, -10, 5_600_000),
    "tenths": Affine(0.1, 0, 6.3, 0, -0.1, 55.7),
    "thirds": Affine(1 / 3, 0, 0.1, 0, -1 / 3, 0.7),
    "south up": Affine(0.1, 0, 6.3, 0, 0.1, 45.1),
    "turned": Affine(0.3, 0.4, 100.0, 0.4, -0.3, 200.0),
}


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burning, "_AT_ONCE", 17 * WIDTH)


def _scattered(transform: Affine, rng: np.random.Generator) -> Shapes:
    """Shapes that reach over strips and over the grid's edges, many with edges through the centres of cells."""
    made: list[BaseGeometry] = []
    for _ in range(60):
        column, row = (rng.integers(-10, 100, 2) + 0.5).tolist()
        width, height = rng.integers(1, 25, 2).tolist()
        ring = np.array([(column, row), (column + width, row), (column + width, row + height), (column, row + height)])
        if rng.random() < 0.5:
            ring = ring + rng.uniform(-0.5, 0.5, ring.shape)
        made.append(shapely.Polygon(places(transform, ring)))
    made += [shapely.LineString(places(transform, line)) for line in rng.uniform(-5, 95, (20, 3, 2))]
    made += [shapely.Point(place) for place in places(transform, rng.uniform(0, 60, (20, 2)))]
    return shapes_of(made)


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("all_touched", [False, True])
def test_strips_have_the_sums_and_the_last_features_of_the_whole_grid(name: str, all_touched: bool) -> None:
    transform = GRIDS[name]
    grid = Grid(WIDTH, HEIGHT, transform, PLANE)
    shapes = _scattered(transform, np.random.default_rng(7))
    values = np.arange(1, len(shapes) + 1)
    sums, last = np.zeros((HEIGHT, WIDTH)), np.zeros((HEIGHT, WIDTH), dtype=np.int32)

    found = list(strips(shapes, grid, all_touched=all_touched))
    for strip in found:
        sums[strip.rows] = strip.summed(values[strip.chosen].astype(np.float64))
        if len(strip.chosen):
            last[strip.rows] = values[strip.chosen][strip.last()]

    assert len(found) == 6
    expected: list[Any] = [
        rasterio.features.rasterize(
            list(zip(shapes.tolist(), values.tolist(), strict=True)),
            out=np.zeros((HEIGHT, WIDTH), dtype=kind),
            transform=transform,
            all_touched=all_touched,
            merge_alg=merge,
        )
        for kind, merge in (("float64", MergeAlg.add), ("int32", MergeAlg.replace))
    ]
    np.testing.assert_array_equal(sums, expected[0])
    covered = expected[1] > 0
    np.testing.assert_array_equal(last[covered], expected[1][covered])


def test_a_collection_counts_once_in_each_cell_that_one_of_its_parts_has() -> None:
    grid = Grid(WIDTH, HEIGHT, GRIDS["metres"], PLANE)
    west, north = 500_100.0, 5_599_900.0
    parts = [shapely.box(west, north - 400, west + 100, north), shapely.Point(west + 5, north - 5)]
    shapes = shapes_of([shapely.GeometryCollection(parts)])

    found = np.concatenate(
        [strip.summed(np.ones(len(strip.chosen))) for strip in strips(shapes, grid, all_touched=False)]
    )

    assert (found[10:50, 10:20] == 1).all()
    assert found.sum() == 400


def test_a_multipoint_with_points_on_the_edge_of_a_cell_counts_once_in_it() -> None:
    transform = Affine(10, 0, 500_000, 0, -10, 5_000_000) @ Affine.rotation(30)
    grid, rng = Grid(WIDTH, HEIGHT, transform, PLANE), np.random.default_rng(3)
    at = [np.concatenate([np.rint(rng.uniform(0, 50, (400, 2))), rng.uniform(0, 50, (400, 2))]) for _ in range(5)]
    shapes = shapes_of([shapely.MultiPoint(places(transform, some)) for some in at])
    for strip in strips(shapes, grid, all_touched=False):
        alone = [strip.summed(np.where(strip.chosen == index, 1.0, 0.0)) for index in strip.chosen.tolist()]
        assert all(set(np.unique(counts).tolist()) <= {0.0, 1.0} for counts in alone)
