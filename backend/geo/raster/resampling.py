"""A band of a raster on another grid, by GDAL's warper. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.io import DatasetReader, DatasetWriter
from rasterio.warp import reproject
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import Transformation
from backend.geo.raster.bands import kind_read
from backend.geo.raster.grids import gdal_crs, part_of
from backend.geo.raster.rasters import Grid, grid_of, places, read_band
from backend.geo.raster.strips import keeping_rows, strips

type Rule = Literal["nearest", "mode", "min", "max", "bilinear", "cubic", "average"]

CHOOSING = ("nearest", "mode", "min", "max")
"""Rules whose results are values of the raster."""
TOLERANCE = 0.01
"""Cells by which the way between the grids may err."""
_EXACT = 2**53
_WARPED_AT_ONCE = 16
"""MB that GDAL's warper takes for itself."""


def resampled(
    reader: DatasetReader, band: int, window: Window | None, target: Grid, rule: Rule
) -> np.ma.MaskedArray[Any, Any]:
    """The physical values of a part of a band, or of all of it, on another grid.

    Integers go through floating-point numbers that hold them exactly.

    Raises:
        ProcessRefusedError: no floating-point number holds some of the integers.
    """
    kind = kind_read(reader, band)
    work = np.float32 if np.can_cast(kind, np.float32) else np.float64
    made = np.full((target.height, target.width), np.nan, dtype=work)
    with _held(reader, band, window, work) as (held, source):
        reproject(
            rasterio.band(held, 1), made,
            dst_transform=target.transform, dst_crs=gdal_crs(target.crs), dst_nodata=np.nan,
            resampling=Resampling[rule], tolerance=TOLERANCE, init_dest_nodata=True,
            warp_mem_limit=_WARPED_AT_ONCE, **_scales(source, target),
        )  # fmt: skip
    mask = np.isnan(made)
    if rule not in CHOOSING or kind.kind not in "iu":
        return np.ma.masked_array(made, mask=mask)
    made[mask] = 0
    return np.ma.masked_array(made.astype(kind), mask=mask)


@contextmanager
def _held(
    reader: DatasetReader, band: int, window: Window | None, work: type[np.floating[Any]]
) -> Generator[tuple[DatasetWriter, Grid]]:
    """A part of a band as the warper takes it, NaN where there is no data: given an array it would copy it."""
    whole = grid_of(reader)
    part = window or Window(0, 0, whole.width, whole.height)  # pyright: ignore[reportCallIssue]  # attrs without types
    grid = part_of(whole, part)
    with rasterio.open(
        "part of a band", "w+", driver="MEM", count=1, dtype=work, nodata=np.nan,
        width=grid.width, height=grid.height, transform=grid.transform, crs=gdal_crs(grid.crs),
    ) as held:  # fmt: skip
        with keeping_rows([reader]):
            for rows, strip in strips(part):
                values = read_band(reader, band, strip)
                if values.dtype.kind in "iu" and work is np.float64 and np.abs(values).max() > _EXACT:
                    reason = "the raster has integers beyond 2^53, which cannot be resampled exactly"
                    raise ProcessRefusedError(reason)
                place = Window(0, rows.start, grid.width, rows.stop - rows.start)  # pyright: ignore[reportCallIssue]
                held.write(np.ma.filled(values.astype(work), np.nan), 1, window=place)
        yield held, grid


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
