"""How large cells are on the ground at poles, on maps of the world and in grads, against areas of geodesic polygons."""

# pyproj's transformations are not typed.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS, Geod, Transformer

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.raster.cells import alike, cell_areas
from backend.geo.raster.rasters import Grid

EARTH = Geod(ellps="WGS84")


def areas(grid: Grid) -> Array:
    return np.broadcast_to(cell_areas(grid), (grid.height, grid.width))


def measured(grid: Grid, row: int, column: int) -> float:
    """The area of a square of 200 m in the middle of a cell, and so that of the cell."""
    x, y = grid.transform @ (column + 0.5, row + 0.5)
    ring = np.array([(x - 100, y - 100), (x + 100, y - 100), (x + 100, y + 100), (x - 100, y + 100)])
    longitude, latitude = Transformer.from_crs(grid.crs, "OGC:CRS84", always_xy=True).transform(*ring.T)
    return abs(EARTH.polygon_area_perimeter(longitude, latitude)[0]) / 200**2 * abs(grid.transform.determinant)


@pytest.mark.parametrize("side", [400, 401])
def test_the_area_around_a_pole_is_whole_whether_or_not_a_cell_is_centred_on_it(side: int) -> None:
    grid = Grid(side, side, Affine(1000, 0, -500 * side, 0, -1000, 500 * side), CRS("EPSG:3413"))
    found = areas(grid)
    some = [(at, other) for at in (0, side // 2 - 1, side // 2 + 1, side - 1) for other in (0, side // 2 + 1)]
    for row, column in some:
        assert found[row, column] == pytest.approx(measured(grid, row, column), rel=1e-5)
    assert found[side // 2, side // 2] == pytest.approx(found[side // 2 + 1, side // 2 + 1], rel=1e-5)


def test_cells_at_the_outline_of_a_map_of_the_world_are_as_large_as_amid_their_row() -> None:
    half_width, half_height, side = 17_005_833, 8_625_155, 400
    transform = Affine(2 * half_width / side, 0, -half_width, 0, -2 * half_height / side, half_height)
    grid = Grid(side, side, transform, CRS("ESRI:54030"))
    found = areas(grid)
    # Robinson's scale depends on the latitude alone; in these columns the places begin.
    for row, first in ((2, 89), (10, 78), (20, 66), (50, 42)):
        for column in (first, side // 2):
            assert found[row, column] == pytest.approx(measured(grid, row, side // 2), rel=0.012)


@pytest.mark.parametrize("shear", [0, 1e-9], ids=["upright", "turned"])
def test_cells_in_grads_are_smaller_than_in_degrees(shear: float) -> None:
    grid = Grid(30, 30, Affine(0.01, shear, 0, 0, -0.01, 50), CRS("EPSG:4807"))
    along = np.linspace(0, 0.3 * 0.9, 200)
    ring = [*along, *along[::-1]], [49.7 * 0.9] * 200 + [50 * 0.9] * 200
    assert areas(grid).sum() == pytest.approx(abs(EARTH.polygon_area_perimeter(*ring)[0]), rel=1e-5)


def test_cells_of_another_globe_have_no_areas_here() -> None:
    moon = Grid(30, 30, Affine(0.01, 0, 0, 0, -0.01, 50), CRS("IAU_2015:30100"))
    with pytest.raises(ProcessRefusedError, match="there is no way from"):
        cell_areas(moon)
    assert alike(moon), "there is nothing to weigh by"
