"""How large the cells of a raster are. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownArgumentType=false

import numpy as np
from rasterio.windows import Window

from backend.geo.geodesy.crs import CRS84, Transformation, code_of, metres_per_unit
from backend.geo.geodesy.ellipsoid import Array, meridian_radius, parallel_radius, zone_area
from backend.geo.raster.rasters import Grid


def cell_areas(grid: Grid, window: Window | None = None) -> Array:
    """Areas of the cells in m², of a shape that broadcasts to rows × columns of the window.

    In a projected CRS those of its plane. On a grid of longitude and latitude those of the ellipsoid: exact where the
    grid is upright, else by the radii at the cells' centres.
    """
    first = 0 if window is None else int(window.row_off)
    rows = np.arange(first, first + (grid.height if window is None else int(window.height)), dtype=np.float64)
    unit = metres_per_unit(grid.crs)
    transform = grid.transform
    if unit is not None:
        return np.full((len(rows), 1), abs(transform.determinant) * unit * unit)
    if not grid.upright:
        return _about(grid, rows, window)
    edges = np.clip(transform.f + transform.e * np.append(rows, first + len(rows)), -90, 90)
    return (np.abs(np.diff(zone_area(edges))) * np.radians(abs(transform.a)))[:, np.newaxis]


def lonlat_bounds(grid: Grid) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees; west > east across the antimeridian; None where that cannot be said."""
    transformer = Transformation.between(grid.crs, CRS84).transformer
    west, south, east, north = transformer.transform_bounds(*grid.bounds, densify_pts=101)
    return (west, south, east, north) if np.isfinite([west, south, east, north]).all() else None


def area_note(grid: Grid) -> str:
    """Which areas `cell_areas` gives, for people."""
    if grid.crs.is_projected:
        return f"planar in {code_of(grid.crs)}"
    return "on the WGS 84 ellipsoid"


def _about(grid: Grid, rows: Array, window: Window | None) -> Array:
    first = 0 if window is None else int(window.col_off)
    columns = np.arange(first, first + (grid.width if window is None else int(window.width)))
    transform = grid.transform
    latitudes = transform.d * (columns + 0.5) + transform.e * (rows[:, np.newaxis] + 0.5) + transform.f
    radii = meridian_radius(latitudes) * parallel_radius(np.clip(latitudes, -90, 90))
    return radii * abs(transform.determinant) * np.radians(1) ** 2
