"""Grids that go on after a turn around the Earth, where the same places come again. Imports GDAL: for workers only."""

# rasterio, affine and pyproj are not fully typed.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import numpy as np

from backend.errors import refuse_input
from backend.geo.geodesy.crs import CRS84, Transformation
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.raster.rasters import Grid

MOST = 4
"""Turns that a grid may make."""
_BESIDE = 1e-9
"""Degrees from the antimeridian."""
_SAME_TURN = 1e-9
"""Share of a turn by which the width of a grid may miss it, by rounding."""
_ROUNDING = 1e-3
"""Cells by which a raster of the whole Earth may reach beyond its plane, or two measures of that may differ."""


def ends(grid: Grid) -> tuple[float, float] | None:
    """The least and the greatest x between which each place is once; None where a plane has none, or holds the grid."""
    if not grid.crs.is_projected:
        return -180.0, 180.0
    latitudes = np.array([-40.0, 0.0, 40.0])
    transformer = Transformation.between(CRS84, grid.crs).transformer
    (low, _), (high, _) = (
        transformer.transform(np.full(3, longitude), latitudes) for longitude in (_BESIDE - 180, 180 - _BESIDE)
    )
    # A meridian is a line along y in Mercator's projection and its like alone.
    cell = abs(grid.transform.a) * _ROUNDING
    if not (_straight(low, cell) and _straight(high, cell) and low[0] < high[0]):
        return None
    west, _, east, _ = grid.bounds
    beyond = west < low[0] - cell or east > high[0] + cell
    return (float(low[0]), float(high[0])) if beyond else None


def goes_around(grid: Grid) -> bool:
    """Whether the grid makes just one turn around the Earth, so that its last column lies beside its first."""
    plane = ends(grid)
    if plane is None or not grid.upright:
        return False
    return abs(grid.width * abs(grid.transform.a) / (plane[1] - plane[0]) - 1) <= _SAME_TURN


def numbers(low: float, high: float, name: str) -> range:
    """The turns from one number to the other, of a grid that is the input of this name.

    Raises:
        ProcessRefusedError: they are more than any grid of the Earth makes.
    """
    if not high - low <= MOST:
        refuse_input(f"the raster goes around the Earth {high - low:.3g} times: is its CRS the right one?", name)
    return range(int(np.floor(low)), int(np.ceil(high)) + 1)


def _straight(x: Array, most: float) -> bool:
    return bool(np.isfinite(x).all() and np.ptp(x) < most)
