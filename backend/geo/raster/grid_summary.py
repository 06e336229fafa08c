"""What a person must know of a raster that was made: size, grid, values, and how much of it has no data."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from backend.geo.geodesy.crs import code_of
from backend.geo.raster.cells import alike, areas_of_rows
from backend.geo.raster.rasters import Grid, Values
from backend.geo.vector.collections import JsonObject

ROWS = 256
"""Of a raster, whose cells are weighed at a time."""


def grid_summary(values: np.ma.MaskedArray[Any, Any], grid: Grid) -> JsonObject:
    """Size, CRS, cells and bounds of a raster of one band; smallest, largest and mean value, and the nodata share.

    The mean is weighed by the true areas of the cells where these differ: in degrees, and in planes such as Mercator's.
    """
    counted, least, most, total = 0, np.inf, -np.inf, 0.0
    # Of values as -1.8e308, which say that a cell has no data, the sum is no number.
    with np.errstate(over="ignore", invalid="ignore"):
        for told in _told(values):
            counted += told.size
            least, most = min(least, told.min().item()), max(most, told.max().item())
            total += float(told.sum(dtype=np.float64))
        summary: JsonObject = {
            "width": grid.width,
            "height": grid.height,
            "bands": 1,
            "crs": code_of(grid.crs),
            "cell_size": [float(np.hypot(grid.transform.a, grid.transform.d)), cell_height(grid)],
            "cell_units": grid.crs.axis_info[0].unit_name,
            "bounds": list(grid.bounds),
            "nodata_share": 1 - counted / values.size if values.size else 1.0,
        }
        if not counted:
            return summary | {"min": None, "max": None, "mean": None}
        summary |= {"min": least, "max": most}
        if alike(grid):
            return summary | {"mean": finite(total / counted)}
        return summary | {"mean": finite(_mean(values, grid)), "mean_is": "weighed by the ground that each cell covers"}


def _told(values: np.ma.MaskedArray[Any, Any]) -> Iterator[Values]:
    """The values of the cells with data, some rows at a time: of all at once they would be a copy."""
    mask = np.ma.getmaskarray(values)
    for first in range(0, len(values), ROWS):
        # Without a mask NumPy takes a third of the time.
        data, without = np.ma.getdata(values)[first : first + ROWS], mask[first : first + ROWS]
        told = data[~without] if without.any() else data
        if told.size:
            yield told


def finite(figure: Any) -> float | None:
    """A figure as JSON has it; None for what is none there, or nothing."""
    number = np.nan if np.ma.is_masked(figure) else float(figure)
    return number if np.isfinite(number) else None


def too_large(figures: str, extremes: tuple[float, float]) -> str:
    """A warning that figures of values between these extremes are beyond what a number holds."""
    largest = max(extremes, key=abs)
    return (
        f"{figures} beyond what a number holds, so null: cells have the value {largest:g}, which may say that they "
        "have no data although the file does not tell so."
    )


def cell_height(grid: Grid) -> float:
    """The length of a cell's side along a column, in units of the CRS."""
    return float(np.hypot(grid.transform.b, grid.transform.e))


def _mean(values: np.ma.MaskedArray[Any, Any], grid: Grid) -> float:
    """Weighed by the areas of the cells."""
    total = weight = 0.0
    areas_of = areas_of_rows(grid)
    for first in range(0, grid.height, ROWS):
        block = values[first : first + ROWS]
        areas = areas_of(slice(first, first + ROWS))
        if areas.shape[1] > 1:
            total += float((block * areas).sum(dtype=np.float64) or 0)
            weight += float((areas * ~np.ma.getmaskarray(block)).sum())
        else:
            # Cells of a row are of one size: no array of all cells is needed.
            total += float(np.ma.filled(block.sum(axis=1, dtype=np.float64), 0) @ areas[:, 0])
            weight += float(block.count(axis=1) @ areas[:, 0])
    return total / weight
