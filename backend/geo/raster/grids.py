"""Grids for rasters that are warped: which cells the result has. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownParameterType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from dataclasses import dataclass

import numpy as np
import rasterio
from affine import Affine
from pyproj import CRS
from rasterio.errors import RasterioError
from rasterio.warp import calculate_default_transform, transform_bounds
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, Bounds, Transformation, area_told, code_of
from backend.geo.raster.cells import lonlat_bounds
from backend.geo.raster.grid_reach import beyond_area, bounds_in, enclosing, usable_area, usual_side
from backend.geo.raster.rasters import Grid, places

_ROUNDING = 1e-6
"""Cells."""
_SLIVER = 1e-3
"""Cells by which a raster may reach into a row or column of another CRS that is not made for it: none is there between
WGS 84 and ETRS89, whose ellipsoids differ by a tenth of a millimetre."""
_TURN = 360.0
_BESIDE = 1e-9
"""Degrees from the antimeridian."""
_DIGITS = 9
"""Of the side of a cell in another CRS: between two CRSs of one plane, cells of 10 m are to have 10 m again."""
_NODES = 25
"""Places along each side of a raster at which its cells are looked at."""
_AT_BOTH_ENDS = (
    "The raster lies across the edge of {}, so its parts are at both ends of the result and most of that has no data: "
    "a CRS made for the area keeps them together."
)
_COARSE = 1.0
"""Degrees: a larger cell is looked at twice."""


@dataclass(frozen=True, slots=True)
class Target:
    """A grid and how it was chosen, for people."""

    grid: Grid
    note: str
    warnings: tuple[str, ...] = ()


def gdal_crs(crs: CRS) -> rasterio.CRS:
    """The same CRS as GDAL knows it."""
    return rasterio.CRS.from_epsg(4326) if crs == CRS84 else rasterio.CRS.from_user_input(crs.to_wkt())


def target_grid(source: Grid, crs: CRS | None, resolution: float | None, like: Grid | None) -> Target:
    """The grid of the result: that of `like`, or one of this CRS and cell size over the source's area.

    resolution: sides of the cells in units of the CRS.

    Raises:
        ProcessRefusedError: the area has no place in the CRS, or both a template and its parts were given.
    """
    if like is not None:
        if crs is not None or resolution is not None:
            raise ProcessRefusedError("give either like or crs and resolution", path="$.inputs.like")
        return Target(like, "the grid of like")
    _check_resolution(source, crs or source.crs, resolution)
    if crs is not None and crs != source.crs:
        return _elsewhere(source, crs, resolution)
    if resolution is None:
        return Target(source, "the raster's own grid")
    west, south, east, north = source.bounds
    grid = _spanned(source.crs, (west, south, east, north), resolution)
    return Target(grid, "from the raster's north-west corner")


def part_of(grid: Grid, window: Window) -> Grid:
    """The grid of a part of a raster."""
    ((x, y),) = places(grid.transform, np.array([[window.col_off, window.row_off]], dtype=np.float64)).tolist()
    old = grid.transform
    return Grid(int(window.width), int(window.height), Affine(old.a, old.b, x, old.d, old.e, y), grid.crs)


def needed(source: Grid, target: Grid) -> Window | None:
    """The part of the source from which the target's cells take their values; None for all of it, or if in doubt."""
    try:
        bounds = transform_bounds(gdal_crs(target.crs), gdal_crs(source.crs), *target.bounds, densify_pts=101)
    except RasterioError:
        return None
    west, south, east, north = bounds
    left, _, right, _ = source.bounds
    # On a globe of degrees the same place may have several longitudes.
    around = not source.crs.is_projected and (left < -180 or right > 180 or west <= -180 or east >= 180)
    if around or not np.isfinite(bounds).all() or west >= east:
        return None
    frame = np.array([(west, south), (west, north), (east, south), (east, north)])
    corners = places(~source.transform, frame)
    (first, top), (last, bottom) = corners.min(axis=0), corners.max(axis=0)
    # A rule looks at cells around: of so many as a new cell covers, and cubic at two times as far.
    margin = 4 + 2 * max((last - first) / target.width, (bottom - top) / target.height)
    columns = np.clip([np.floor(first - margin), np.ceil(last + margin)], 0, source.width).astype(int)
    rows = np.clip([np.floor(top - margin), np.ceil(bottom + margin)], 0, source.height).astype(int)
    if columns[0] >= columns[1] or rows[0] >= rows[1]:
        return None
    return Window(columns[0], rows[0], columns[1] - columns[0], rows[1] - rows[0])  # pyright: ignore[reportCallIssue]


def _check_resolution(source: Grid, crs: CRS, resolution: float | None) -> None:
    """See that nobody means metres where the CRS counts degrees."""
    if resolution is None or crs.is_projected or resolution < _COARSE:
        return
    reach = lonlat_bounds(source) if source.crs.is_projected else source.bounds
    if reach is None:
        return
    west, south, east, north = reach
    width = east - west + (_TURN if east < west else 0)
    if resolution > max(width, north - south) / 10:
        raise ProcessRefusedError(
            f"resolution is in degrees in {code_of(crs)}, and cells of {resolution:g} degrees are hardly meant: for "
            "cells in metres give a projected crs as well",
            path="$.inputs.resolution",
        )


def _elsewhere(source: Grid, crs: CRS, resolution: float | None) -> Target:
    there, here = gdal_crs(crs), gdal_crs(source.crs)
    area = usable_area(source, crs)
    try:
        if resolution is None:
            resolution = float(f"{_kept_size(source, crs, area):.{_DIGITS}g}")
        if area is None:
            bounds = enclosing(source, crs, transform_bounds(here, there, *source.bounds, densify_pts=101))
        else:
            bounds = bounds_in(area, crs)
    except RasterioError:
        bounds = (np.inf, np.inf, np.inf, np.inf)
    if not np.isfinite(bounds).all() or resolution is None or bounds[0] >= bounds[2]:
        raise ProcessRefusedError(
            f"the raster's area has no place in {code_of(crs)}, or lies across its edge: choose a CRS for the area",
            path="$.inputs.crs",
        )
    low = np.floor(np.array(bounds[:2]) / resolution + _SLIVER) * resolution
    high = np.ceil(np.array(bounds[2:]) / resolution - _SLIVER) * resolution
    grid = _spanned(crs, (float(low[0]), float(low[1]), float(high[0]), float(high[1])), resolution)
    warnings = _cut_short(crs) if area else beyond_area(source, crs)
    if _divided(source, crs):
        warnings = (*warnings, _AT_BOTH_ENDS.format(code_of(crs)))
    return Target(grid, f"edges at multiples of the cell size in {code_of(crs)}", warnings)


def _divided(source: Grid, crs: CRS) -> bool:
    """Whether a raster across the antimeridian comes to both ends of the plane of another CRS."""
    reach = lonlat_bounds(source) if crs.is_projected else None
    if reach is None:
        return False
    west, _, east, _ = reach
    # A grid of degrees may go on beyond 180; one of a whole turn has no edge that is not the plane's as well.
    within = west >= -_TURN / 2 and east <= _TURN / 2
    if west <= east and (within or east - west > _TURN - _ROUNDING):
        return False
    beside = np.array([_TURN / 2 - _BESIDE, _BESIDE - _TURN / 2])
    x, y = Transformation.between(CRS84, crs).transformer.transform(beside, np.full(2, (reach[1] + reach[3]) / 2))
    apart = float(np.hypot(*np.diff([x, y]).ravel()))
    return np.isfinite(apart) and apart > usual_side(source, crs, None)


def _around_pole(source: Grid, crs: CRS) -> bool:
    """Whether a raster that is brought from a plane to degrees has a pole within, not only at its edge."""
    if crs.is_projected or not source.crs.is_projected:
        return False
    x, y = Transformation.between(CRS84, source.crs).transformer.transform(np.zeros(2), np.array([-90.0, 90.0]))
    at = places(~source.transform, np.column_stack([x, y]))
    return bool(((at > 1) & (at < (source.width - 1, source.height - 1))).all(axis=1).any())


def _northward(source: Grid, crs: CRS) -> float:
    """The side of a cell along the meridians, in degrees of which a quarter turn has a whole number."""
    share = (np.arange(_NODES) + 0.5) / _NODES
    at = np.stack(np.meshgrid(share * source.width, share * source.height), axis=-1).reshape(-1, 2)
    there = Transformation.between(source.crs, crs).transformer
    here, right, down = (
        np.asarray(there.transform(*places(source.transform, at + step).T)[1]) for step in ((0, 0), (1, 0), (0, 1))
    )
    sides = np.hypot(right - here, down - here)
    return _TURN / 4 / np.ceil(_TURN / 4 / float(np.median(sides[np.isfinite(sides)])))


def _kept_size(source: Grid, crs: CRS, area: Bounds | None) -> float:
    """The side of cells as large as the raster's own are in another CRS.

    GDAL's rule takes the raster for one that fills its bounds: a rotated one does not, nor does one that comes to both
    ends of a plane, and would lose detail. Nor does it know of poles, where degrees of longitude say nothing of a size.
    """
    if _around_pole(source, crs):
        return _northward(source, crs)
    if area is not None or not source.upright or _divided(source, crs):
        return usual_side(source, crs, area)
    west, south, east, north = source.bounds
    here, there = gdal_crs(source.crs), gdal_crs(crs)
    made = calculate_default_transform(here, there, source.width, source.height, west, south, east, north)
    return float(made[0].a)


def _cut_short(crs: CRS) -> tuple[str, ...]:
    where = f"its area of use, {area_told(crs)}"
    return (f"The raster reaches where {code_of(crs)} has no places or wrong ones: it is cut to {where}.",)


def _spanned(crs: CRS, bounds: tuple[float, float, float, float], resolution: float) -> Grid:
    west, south, east, north = bounds
    columns = max(1, int(np.ceil(min((east - west) / resolution, 1e9) - _ROUNDING)))
    rows = max(1, int(np.ceil(min((north - south) / resolution, 1e9) - _ROUNDING)))
    return Grid(columns, rows, Affine(resolution, 0, west, 0, -resolution, north), crs)
