"""How large the cells of a raster are. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable

import numpy as np
from affine import Affine
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import (
    CRS84,
    Transformation,
    code_of,
    degrees_per_unit,
    metres_per_unit,
    refuse_other_globes,
)
from backend.geo.geodesy.ellipsoid import Array, meridian_radius, parallel_radius, zone_area
from backend.geo.geodesy.ground import GroundAreas
from backend.geo.raster.rasters import Grid

ALIKE = 0.01
"""Share by which the largest cell may be larger than the smallest and still count as much."""
NODES = 9
"""Places along each side of a grid at which the sizes of its cells are compared."""


def cell_areas(grid: Grid, window: Window | None = None) -> Array:
    """Areas of the cells in m², of a shape that broadcasts to rows × columns of the window.

    On the ellipsoid. On a grid of longitude and latitude they are exact where it is upright, else by the radii at the
    cells' centres; in a projected CRS interpolated between places.
    """
    return areas_of_rows(grid, window)(slice(None))


def areas_of_rows(
    grid: Grid, window: Window | None = None, *, columns: Array | None = None
) -> Callable[[slice], Array]:
    """The same for whoever goes through the rows of the window, some at a time: needs no array of all cells.

    columns: of the grid, counted from 0, at which to measure; by default those of the window. 0.5 is in the middle
    between the first two.
    """
    at = _columns(grid, window) if columns is None else columns
    first = 0 if window is None else int(window.row_off)
    rows = np.arange(first, first + (grid.height if window is None else int(window.height)), dtype=np.float64)
    transform = grid.transform
    if grid.crs.is_projected:
        return GroundAreas.over(grid.crs, transform, rows, at).of
    refuse_other_globes(grid.crs)
    transform = _in_degrees(grid)
    if not grid.upright:
        return lambda some: _about(transform, rows[some], at)
    edges = np.clip(transform.f + transform.e * np.append(rows, first + len(rows)), -90, 90)
    areas = (np.abs(np.diff(zone_area(edges))) * np.radians(abs(transform.a)))[:, np.newaxis]
    return areas.__getitem__


def alike(grid: Grid) -> bool:
    """Whether the cells of a grid are of one size on the ground, to `ALIKE`, so that means need no weights."""
    some = [np.linspace(0, side - 1, min(side, NODES)) for side in (grid.height, grid.width)]
    try:
        if not grid.crs.is_projected:
            refuse_other_globes(grid.crs)
            return False
        areas = GroundAreas.over(grid.crs, grid.transform, *some).of()
    except ProcessRefusedError:
        # Nowhere on the ground, or on another globe than the Earth: there is nothing to weigh by.
        return True
    return bool(areas.max() <= (1 + ALIKE) * areas.min())


def planar_cell_area(grid: Grid) -> float | None:
    """The area of each cell in the plane of its projected CRS, in m²; None on a grid of longitude and latitude."""
    unit = metres_per_unit(grid.crs)
    return None if unit is None else abs(grid.transform.determinant) * unit * unit


def lonlat_bounds(grid: Grid) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees; west > east across the antimeridian; None where that cannot be said."""
    transformer = Transformation.between(grid.crs, CRS84).transformer
    west, south, east, north = transformer.transform_bounds(*grid.bounds, densify_pts=101)
    return (west, south, east, north) if np.isfinite([west, south, east, north]).all() else None


def area_note(grid: Grid) -> str:
    """Which areas are told of cells, for people."""
    planar = f", planar ones in {code_of(grid.crs)}" if grid.crs.is_projected else ""
    return f"on the WGS 84 ellipsoid{planar}"


def _columns(grid: Grid, window: Window | None) -> Array:
    first = 0 if window is None else int(window.col_off)
    return np.arange(first, first + (grid.width if window is None else int(window.width)), dtype=np.float64)


def _in_degrees(grid: Grid) -> Affine:
    unit = degrees_per_unit(grid.crs)
    t = grid.transform
    return Affine(unit * t.a, unit * t.b, unit * t.c, unit * t.d, unit * t.e, unit * t.f)


def _about(transform: Affine, rows: Array, columns: Array) -> Array:
    latitudes = transform.d * (columns + 0.5) + transform.e * (rows[:, np.newaxis] + 0.5) + transform.f
    radii = meridian_radius(latitudes) * parallel_radius(np.clip(latitudes, -90, 90))
    return radii * abs(transform.determinant) * np.radians(1) ** 2
