"""Rasters cut out, brought to another CRS, or to cells of another size. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS
from rasterio.features import rasterize
from rasterio.io import DatasetReader
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import Transformation, code_of
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.raster.bands import Label, is_labelled, is_whole, labels_of
from backend.geo.raster.cells import lonlat_bounds
from backend.geo.raster.geometry_mappings import mappings_of
from backend.geo.raster.grids import Target, needed, part_of, target_grid
from backend.geo.raster.nodata import undeclared, with_room
from backend.geo.raster.rasters import Grid, check_size, concerning, grid_of, places, read_band
from backend.geo.raster.resampling import CHOOSING, TOLERANCE, Rule, resampled
from backend.geo.raster.turns import ends, goes_around
from backend.geo.raster.zonal_zones import zones_on
from backend.geo.vector.features import Features

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
    numbers = range(1, reader.count + 1)
    bands = [
        read_band(reader, band, window) if same else resampled(reader, band, window, grid, rule) for band in numbers
    ]
    values = _stacked(bands)
    if inside is not None:
        values[:, ~inside] = np.ma.masked
        values, grid, told = _in_one_piece(values, inside, grid)
        warnings = (*warnings, *told)
    warnings = (*warnings, *dict.fromkeys(filter(None, map(undeclared, values))))
    if not values.count():
        warnings = (*warnings, "The result has no data at all: does the raster reach there?")
    values, nodata, wider = with_room(values)
    method = "none: the cells stay as they are" if same else rule
    return Warped(values, nodata, labels_of(reader), grid, method, target.note, (*warnings, *wider))


def _stacked(bands: list[np.ma.MaskedArray[Any, Any]]) -> np.ma.MaskedArray[Any, Any]:
    """The bands as one array; the list is empty afterwards, as their cells take the place of theirs."""
    if len(bands) == 1:
        return bands.pop()[np.newaxis]
    shape = (len(bands), *bands[0].shape)
    made: np.ma.MaskedArray[Any, Any] = np.ma.empty(shape, np.result_type(*bands))
    made.mask = np.ma.make_mask_none(shape)
    while bands:
        last = bands.pop()
        made[len(bands)] = last
    return made


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
    parts = mappings_of(zones.shapes[~shapely.is_missing(zones.shapes)])
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


def _in_one_piece(
    values: np.ma.MaskedArray[Any, Any], inside: Booleans, grid: Grid
) -> tuple[np.ma.MaskedArray[Any, Any], Grid, tuple[str, ...]]:
    """What a mask across the edges of a grid all around the globe takes, without the part between that it does not."""
    taken = inside.any(axis=0)
    side, plane = grid.transform.a, ends(grid)
    if plane is None or not (taken[0] and taken[-1]) or taken.all() or not goes_around(grid):
        return values, grid, ()
    turn = plane[1] - plane[0]
    free = np.flatnonzero(~taken)
    gap = max(np.split(free, np.flatnonzero(np.diff(free) > 1) + 1), key=len)
    first = int(gap[-1]) + 1
    west = grid.transform.c + side * first
    begins = Affine.translation(-turn if west >= turn / 2 else 0, 0) @ grid.transform @ Affine.translation(first, 0)
    joined: Any = np.ma.concatenate([values[:, :, first:], values[:, :, : int(gap[0])]], axis=2)
    made = Grid(joined.shape[2], grid.height, begins, grid.crs)
    if made.bounds[2] <= plane[1]:
        return joined, made, ()
    return joined, made, ("The mask crosses the antimeridian: longitudes of the result go on beyond 180 degrees.",)


def _offset(source: Grid, part: Grid) -> Window:
    """Where a part of the grid lies in it."""
    ((column, row),) = places(~source.transform, np.array([[part.transform.c, part.transform.f]])).tolist()
    return Window(round(column), round(row), part.width, part.height)  # pyright: ignore[reportCallIssue]


def crs_decision(source: Grid, target: Grid) -> str:
    """Between which CRSs the raster was brought, for people."""
    if source.crs == target.crs:
        return f"stays in {code_of(source.crs)}"
    return f"from {code_of(source.crs)} to {code_of(target.crs)}, positions true to {TOLERANCE} cells"
