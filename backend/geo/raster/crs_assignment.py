"""Rasters that do not tell their CRS, and are known to be in one. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

import rasterio
from pyproj import CRS

from backend.errors import refuse, refuse_input
from backend.geo.geodesy.crs import code_of, degrees_per_unit
from backend.geo.geodesy.lonlat import like_degrees
from backend.geo.raster.grid_reach import beyond_area
from backend.geo.raster.rasters import GeoTiff, Grid, changed, grid_of, opened
from backend.geo.vector.datasets import DatasetFile

_SLACK = 1e-6
"""Degrees beyond a pole that rounding makes."""


def with_crs(source: DatasetFile | bytes, crs: CRS, *, replace: bool = False) -> tuple[GeoTiff, Grid]:
    """The same file, cells and all, that tells its CRS; and its grid. `replace`: even where it tells another one.

    Raises:
        ProcessRefusedError: it tells another one, or its numbers cannot be in this one.
    """
    with opened(source, windowed=True) as reader:
        told = None if reader.crs is None and not reader.gcps[0] else grid_of(reader).crs
    if told is not None and told != crs and not replace:
        refuse(
            f"the raster tells that it is in {code_of(told)}: to have it in {code_of(crs)}, use raster-warp; if that "
            "is wrong, give replace = true"
        )
    with changed(source) as (made, writer):
        writer.crs = rasterio.CRS.from_user_input(crs.to_wkt())
        grid = grid_of(writer)
        _check_degrees(grid)
    return made, grid


def _check_degrees(grid: Grid) -> None:
    _, south, _, north = grid.bounds
    if grid.crs.is_geographic and not max(abs(south), abs(north)) * degrees_per_unit(grid.crs) <= 90 + _SLACK:
        refuse_input(
            f"the raster's y reach from {south:.10g} to {north:.10g}, which are no degrees of latitude: give the "
            "projected CRS in which it is",
            "crs",
        )


def doubts_of(grid: Grid) -> tuple[str, ...]:
    """Warnings where a raster hardly is in the CRS that was named."""
    if not grid.crs.is_projected:
        return ()
    return like_degrees(grid.bounds, grid.crs) or beyond_area(grid, grid.crs)
