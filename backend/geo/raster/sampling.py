"""Values of a raster at points. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from rasterio.io import DatasetReader
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import CRS84, Transformation, code_of
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.geodesy.shapes import of_type, with_single_points
from backend.geo.raster.bands import is_labelled, is_whole
from backend.geo.raster.cells import lonlat_bounds
from backend.geo.raster.fields import joined
from backend.geo.raster.nodata import undeclared
from backend.geo.raster.rasters import Grid, grid_of, places, read_band
from backend.geo.raster.turns import ends, goes_around
from backend.geo.vector.features import Features
from backend.geo.vector.file_values import as_written

type Interpolation = Literal["nearest", "bilinear"]

_WINDOW = 25_000_000
"""Cells that are read in one go where the points lie in so small a part."""
_BLOCK = 1024
"""Rows and columns of the parts that are read where they do not."""
_ASTRAY = 1e-5
"""Degrees by which a position may miss itself on the way to the raster's CRS and back; far from its area a projection
may take it to a place of others."""
_ROUNDING = 1e-9
"""Columns and rows."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """The points with the values there."""

    features: Features
    method: str
    crs_decision: str
    more: dict[str, Any]
    """How many points there are, lie outside, and lie where there is no data."""


def sample(
    reader: DatasetReader, points: Features, interpolation: Interpolation = "nearest", band: int | None = None
) -> Sampled:
    """Values at points of one band, or of all: that of the cell, or between the centres of the four next ones.

    Raises:
        ProcessRefusedError: a feature is no point, there is no such band, or its values are classes.
    """
    points = points.with_shapes(with_single_points(points.shapes))
    _check(points)
    grid = grid_of(reader)
    bands = range(1, reader.count + 1) if band is None else (band,)
    way = Transformation.between(points.crs, grid.crs, lonlat_bounds(grid))
    at, inside = _positions(points, way, grid)
    around = goes_around(grid)
    columns: dict[str, list[Any]] = {}
    warnings = list(way.warnings) if points.crs != grid.crs else []
    lost: Booleans = np.zeros(len(points), dtype=np.bool_)
    for number in bands:
        name = "value" if len(bands) == 1 else f"band_{number}"
        warnings += _doubtful(reader, number, interpolation)
        values, partial = _values(reader, number, at[inside], interpolation, around=around)
        column: list[Any] = [None] * len(points)
        written = np.ma.masked_array(as_written(values.data), mask=np.ma.getmaskarray(values))
        for index, value in zip(np.flatnonzero(inside).tolist(), written.tolist(), strict=True):
            column[index] = value
        columns[name] = column
        lost[inside] |= np.ma.getmaskarray(values)
        warnings += filter(None, [undeclared(values, "points")])
        if partial:
            warnings.append(f"{partial} values of {name} are of fewer than four cells: the others have no data.")
    counts = {
        "points": len(points),
        "points_outside": int((points.present & ~inside).sum()),
        "points_without_data": int(lost.sum()),
    }
    return Sampled(
        joined(points, columns).warned(*warnings, *_told(counts), *_astray(points, inside, grid)),
        _method(interpolation),
        _decision(points, grid),
        counts,
    )


def _check(points: Features) -> None:
    others = points.present & ~of_type(points.shapes, shapely.GeometryType.POINT)
    if others.any():
        raise ProcessRefusedError(
            f"{int(others.sum())} of {len(points)} features are no points: zonal-statistics takes polygons, "
            "points-along-lines makes points of lines, geometry-transform explodes multipoints",
            path="$.inputs.features",
        )


def _positions(points: Features, way: Transformation, grid: Grid) -> tuple[Array, Booleans]:
    """Column and row of each point, and which lie on the grid."""
    at = np.full((len(points), 2), np.nan)
    present = points.present
    given = shapely.get_coordinates(points.shapes[present])
    x, y = way.transformer.transform(given[:, 0], given[:, 1])
    there = np.column_stack([x, y])
    there[~np.isfinite(there).all(axis=1)] = np.nan
    if (plane := ends(grid)) is not None:
        # A grid may go on beyond ±180.
        west, _, east, _ = grid.bounds
        turned = west + (there[:, 0] - west) % (plane[1] - plane[0])
        there[:, 0] = np.where((there[:, 0] < west) | (there[:, 0] > east), turned, there[:, 0])
    at[present] = places(~grid.transform, there)
    at = np.where(np.abs(at - np.rint(at)) < _ROUNDING, np.rint(at), at)
    with np.errstate(invalid="ignore"):
        inside = ((at >= 0) & (at <= (grid.width, grid.height))).all(axis=1)
    if points.crs == CRS84 and grid.crs.is_projected and inside.any():
        back = np.column_stack(way.transformer.transform(*there[inside[present]].T, direction="INVERSE"))
        missed = np.abs(back - given[inside[present]])
        # Degrees of longitude are shorter towards the poles, where all of them meet.
        missed[:, 0] = np.minimum(missed[:, 0], np.abs(360 - missed[:, 0])) * np.cos(np.radians(back[:, 1]))
        inside[inside] = (missed < _ASTRAY).all(axis=1)
    return at, inside


def _values(
    reader: DatasetReader, band: int, at: Array, interpolation: Interpolation, *, around: bool
) -> tuple[np.ma.MaskedArray[Any, Any], int]:
    """Values at columns and rows, and how many are of fewer cells than they should be.

    around: the last column is beside the first.
    """
    size = np.array([reader.width, reader.height])
    own = np.minimum(np.floor(at), size - 1).astype(np.intp)
    if interpolation == "nearest":
        return _cells(reader, band, own), 0
    first = np.floor(at - 0.5)
    share = at - 0.5 - first
    total, weights, lacking = np.zeros(len(at)), np.zeros(len(at)), np.zeros(len(at), dtype=np.bool_)
    for right, down in ((0, 0), (1, 0), (0, 1), (1, 1)):
        cell = first + (right, down)  # noqa: RUF005  # arrays are added
        if around:
            cell[:, 0] %= size[0]
        # Beyond the outermost centres the outermost cells go on.
        cell = np.clip(cell, 0, size - 1).astype(np.intp)
        weight = np.abs(1 - right - share[:, 0]) * np.abs(1 - down - share[:, 1])
        values = _cells(reader, band, cell)
        known = ~np.ma.getmaskarray(values)
        total += np.where(known, values.filled(0), 0) * weight
        weights += weight * known
        lacking |= ~known & (weight > 0)
    missing = np.ma.getmaskarray(_cells(reader, band, own)) | (weights <= 0)
    averaged = np.divide(total, weights, out=np.zeros(len(at)), where=~missing)
    return np.ma.masked_array(averaged, mask=missing), int((lacking & ~missing).sum())


def _cells(reader: DatasetReader, band: int, cells: Integers) -> np.ma.MaskedArray[Any, Any]:
    """Values of cells by column and row."""
    found: np.ma.MaskedArray[Any, Any] | None = None
    for chosen in _parts(cells):
        left, top = cells[chosen].min(axis=0).tolist()
        width, height = (cells[chosen].max(axis=0) - (left, top) + 1).tolist()
        part = read_band(reader, band, Window(left, top, width, height))  # pyright: ignore[reportCallIssue]
        values = part[cells[chosen, 1] - top, cells[chosen, 0] - left]
        if found is None:
            found = np.ma.masked_all(len(cells), dtype=values.dtype)
        found[chosen] = values
    return np.ma.masked_all(0) if found is None else found


def _parts(cells: Integers) -> Iterator[Integers]:
    """Indices of cells that are read together."""
    if not len(cells):
        return
    span = cells.max(axis=0) - cells.min(axis=0) + 1
    if int(span[0]) * int(span[1]) <= _WINDOW:
        yield np.arange(len(cells))
        return
    blocks = (cells[:, 1] // _BLOCK) * (2**31) + cells[:, 0] // _BLOCK
    order = np.argsort(blocks, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(blocks[order])) + 1)


def _doubtful(reader: DatasetReader, band: int, interpolation: Interpolation) -> tuple[str, ...]:
    if interpolation == "nearest" or not 1 <= band <= reader.count or not is_whole(reader, band):
        return ()
    if is_labelled(reader, band):
        raise ProcessRefusedError(
            "the band has a colour table, so its values are classes, between which there is nothing: take nearest",
            path="$.inputs.interpolation",
        )
    return ("The values are integers: if they are classes, only nearest gives such as there are.",)


def _told(counts: dict[str, int]) -> Iterator[str]:
    if counts["points_outside"]:
        yield f"{counts['points_outside']} of {counts['points']} points lie outside the raster and have no value."
    if counts["points_without_data"]:
        yield f"{counts['points_without_data']} of {counts['points']} points lie where the raster has no data."


def _astray(points: Features, inside: Booleans, grid: Grid) -> Iterator[str]:
    """Where the raster is, if no point lies on it."""
    bounds = None if inside.any() or not points.present.any() else lonlat_bounds(grid)
    if bounds is None:
        return
    extent = ", ".join(f"{edge:.6g}" for edge in bounds)
    west, south, east, north = bounds
    given = shapely.get_coordinates(points.shapes[points.present])
    x, y = Transformation.between(points.crs, CRS84).transformer.transform(*given.T)
    exchanged = (y >= west) & (y <= east) & (x >= south) & (x <= north)
    hint = " With latitude and longitude exchanged they would lie there." if exchanged.all() else ""
    yield f"The raster's extent is [{extent}] in degrees.{hint}"


def _method(interpolation: Interpolation) -> str:
    if interpolation == "nearest":
        return "value of the cell in which the point lies"
    return "bilinear between the centres of the four nearest cells; cells without data do not count"


def _decision(points: Features, grid: Grid) -> str:
    there = f"the raster's CRS {code_of(grid.crs)}"
    return f"{there}, which is that of the points" if points.crs == grid.crs else f"points brought to {there}"
