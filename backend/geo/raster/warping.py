"""Rasters cut out, brought to another CRS, or to cells of another size. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.enums import Resampling
from rasterio.features import rasterize
from rasterio.io import DatasetReader
from rasterio.warp import reproject
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import Transformation, code_of
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.raster.bands import Label, is_labelled, is_whole, labels_of
from backend.geo.raster.cells import lonlat_bounds
from backend.geo.raster.grids import Target, gdal_crs, needed, part_of, target_grid
from backend.geo.raster.nodata import with_room
from backend.geo.raster.rasters import Grid, check_size, concerning, grid_of, places, read_band
from backend.geo.raster.zonal_zones import zones_on
from backend.geo.vector.features import Features

type Rule = Literal["nearest", "mode", "min", "max", "bilinear", "cubic", "average"]

CHOOSING = ("nearest", "mode", "min", "max")
"""Rules whose results are values of the raster."""
TOLERANCE = 0.01
"""Cells by which the way between the grids may err."""
_EXACT = 2**53
_WARPED_AT_ONCE = 16
"""MB that GDAL's warper takes for itself."""
_UNASKED = (
    "The values are integers and may be classes, so each cell takes that of the nearest; for measured values ask for "
    "bilinear or average."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the raster is to become; None keeps what it has."""

    crs: CRS | None = None
    resolution: float | None = None
    """Sides of the cells, in units of the CRS."""
    like: Grid | None = None
    """A grid to take over."""
    mask: Features | None = None
    """Polygons: cells whose centres lie outside have no data."""
    resampling: Rule | None = None


@dataclass(frozen=True, slots=True)
class Warped:
    """The new raster."""

    values: np.ma.MaskedArray[Any, Any]
    """Bands × rows × columns."""
    nodata: float | None
    """Which value no cell with data has; None where every cell has data, and of what are no integers."""
    labels: tuple[Label, ...]
    """Of each band: a cell's value means what it meant."""
    grid: Grid
    resampling: str
    note: str
    """How the grid was chosen."""
    warnings: tuple[str, ...]


def warp(reader: DatasetReader, wish: Wish) -> Warped:
    """The raster on the wished grid; integers and classes by the nearest cell, other values bilinear, unless wished.

    Raises:
        ProcessRefusedError: the mask lies outside, the area has no place in the CRS, or classes would be averaged.
    """
    source = grid_of(reader)
    target = _target(source, wish)
    grid, inside, told = _cut(target.grid, wish.mask)
    same = target.grid == source
    rule, doubts = _rule(reader, wish.resampling)
    warnings = (
        *target.warnings,
        *told,
        *(() if same else (*doubts, *_way(source, grid), *_coarser(source, grid, rule))),
    )
    check_size(grid.width, grid.height, np.float64, reader.count)
    window = _offset(source, grid) if same else needed(source, grid)
    part = source if window is None else part_of(source, window)
    read = (read_band(reader, number, window) for number in range(1, reader.count + 1))
    bands = [band if same else _resampled(band, part, grid, rule) for band in read]
    # Of a single band, a stack would be a copy.
    values = bands[0][np.newaxis] if len(bands) == 1 else np.ma.stack(bands)
    if inside is not None:
        values[:, ~inside] = np.ma.masked
    if not values.count():
        warnings = (*warnings, "The result has no data at all: does the raster reach there?")
    values, nodata, wider = with_room(values)
    method = "none: the cells stay as they are" if same else rule
    return Warped(values, nodata, labels_of(reader), grid, method, target.note, (*warnings, *wider))


def _target(source: Grid, wish: Wish) -> Target:
    """The wished grid; where the raster reaches too far for the CRS, over the part alone that the mask takes."""
    target = target_grid(source, wish.crs, wish.resolution, wish.like)
    if wish.mask is None or not target.warnings:
        return target
    with concerning("mask"):
        window = zones_on(wish.mask, source).window(source)
    return target if window is None else target_grid(part_of(source, window), wish.crs, wish.resolution, None)


def _rule(reader: DatasetReader, wished: Rule | None) -> tuple[Rule, tuple[str, ...]]:
    """The rule of resampling, and doubts about it."""
    bands = range(1, reader.count + 1)
    whole = any(is_whole(reader, band) for band in bands)
    if wished in CHOOSING:
        return wished, ()
    if wished is None:
        return ("nearest", (_UNASKED,)) if whole else ("bilinear", ())
    if any(is_labelled(reader, band) for band in bands):
        raise ProcessRefusedError(
            f"the raster has a colour table, so its values are classes, and {wished} would make classes that are not "
            "there: take nearest or mode",
            path="$.inputs.resampling",
        )
    doubt = (
        f"The values are integers: if they are classes, {wished} made values between them that mean nothing, and "
        "nearest or mode is right."
    )
    return wished, ((doubt,) if whole else ())


def _way(source: Grid, target: Grid) -> tuple[str, ...]:
    if source.crs == target.crs:
        return ()
    return Transformation.between(source.crs, target.crs, lonlat_bounds(source)).warnings


def _coarser(source: Grid, target: Grid, rule: str) -> tuple[str, ...]:
    """Whether the nearest cell stands for many."""
    if rule != "nearest" or source.crs != target.crs:
        return ()
    ratio = abs(target.transform.determinant / source.transform.determinant)
    if ratio < 4:
        return ()
    return (f"A new cell covers about {ratio:.3g} old ones, of which nearest takes one; mode and average take all.",)


def _cut(grid: Grid, mask: Features | None) -> tuple[Grid, Booleans | None, tuple[str, ...]]:
    """The part of a grid around a mask, and which of its cells have their centres within."""
    if mask is None:
        return grid, None, ()
    with concerning("mask"):
        zones = zones_on(mask, grid)
    window = zones.window(grid)
    if window is None:
        raise ProcessRefusedError("the mask lies outside the raster", path="$.inputs.mask")
    check_size(int(window.width), int(window.height), np.uint8)
    parts = zones.shapes[~shapely.is_missing(zones.shapes)].tolist()
    onto = Affine(1, 0, window.col_off, 0, -1, grid.height - window.row_off)
    burnt: Any = rasterize(parts, out_shape=(int(window.height), int(window.width)), transform=onto, dtype=np.uint8)
    inside = burnt > 0
    if not inside.any():
        raise ProcessRefusedError(
            "the mask holds the centre of no cell: it is smaller than the cells, whose values raster-sample gives",
            path="$.inputs.mask",
        )
    partly = np.nanmin(zones.inside) < 1 - 1e-6
    beyond = ("The mask reaches beyond the raster: there is no data there.",) if partly else ()
    return part_of(grid, window), inside, (*zones.warnings, *beyond)


def _offset(source: Grid, part: Grid) -> Window:
    """Where a part of the grid lies in it."""
    ((column, row),) = places(~source.transform, np.array([[part.transform.c, part.transform.f]])).tolist()
    return Window(round(column), round(row), part.width, part.height)  # pyright: ignore[reportCallIssue]


def _resampled(
    values: np.ma.MaskedArray[Any, Any], source: Grid, target: Grid, rule: Rule
) -> np.ma.MaskedArray[Any, Any]:
    """A band on another grid; cells without data of the given one change. Integers go through floating-point numbers
    that hold them exactly.
    """
    kind = values.dtype
    narrow = np.can_cast(kind, np.float32)
    if not narrow and kind.kind in "iu" and np.abs(values).max() > _EXACT:
        raise ProcessRefusedError("the raster has integers beyond 2^53, which cannot be resampled exactly")
    work = np.float32 if narrow else np.float64
    made = np.full((target.height, target.width), np.nan, dtype=work)
    plain = np.ma.getdata(values).astype(work, copy=False)
    if np.ma.is_masked(values):
        plain[np.ma.getmaskarray(values)] = np.nan
    reproject(
        plain, made,
        src_transform=source.transform, src_crs=gdal_crs(source.crs), src_nodata=np.nan,
        dst_transform=target.transform, dst_crs=gdal_crs(target.crs), dst_nodata=np.nan,
        resampling=Resampling[rule], tolerance=TOLERANCE, init_dest_nodata=True,
        warp_mem_limit=_WARPED_AT_ONCE, **_scales(source, target),
    )  # fmt: skip
    mask = np.isnan(made)
    if rule not in CHOOSING or kind.kind not in "iu":
        return np.ma.masked_array(made, mask=mask)
    made[mask] = 0
    return np.ma.masked_array(made.astype(kind), mask=mask)


def _scales(source: Grid, target: Grid) -> dict[str, Any]:
    """New cells in one old cell, along columns and along rows, at most 1: how far rules of averaging look.

    GDAL's guess depends on the part of the raster that it sees.
    """
    middle = np.array([target.width, target.height]) / 2
    try:
        there = Transformation.between(target.crs, source.crs).positions(
            places(target.transform, middle + np.array([[0, 0], [1, 0], [0, 1]]))
        )
    except ProcessRefusedError:
        return {}
    at = places(~source.transform, there)
    covered = np.hypot(at[1] - at[0], at[2] - at[0]).tolist()
    return {name: 1 / max(1, cells) for name, cells in zip(("XSCALE", "YSCALE"), covered, strict=True)}


def crs_decision(source: Grid, target: Grid) -> str:
    """Between which CRSs the raster was brought, for people."""
    if source.crs == target.crs:
        return f"stays in {code_of(source.crs)}"
    return f"from {code_of(source.crs)} to {code_of(target.crs)}, positions true to {TOLERANCE} cells"
