"""What a person must know of a raster of several bands. Imports GDAL: for workers only."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from backend.geo.raster.grid_summary import grid_summary, too_large
from backend.geo.raster.rasters import Grid


def summary(values: Iterable[np.ma.MaskedArray[Any, Any]], grid: Grid) -> dict[str, Any]:
    """Grid and values of bands, each rows × columns: those of a single band, or of each in `per_band`."""
    told = [grid_summary(band, grid) for band in values]
    if len(told) == 1:
        return told[0]
    numbers = ("min", "max", "mean", "nodata_share")
    shared = {name: value for name, value in told[0].items() if name not in numbers}
    return shared | {"bands": len(told), "per_band": [{name: one[name] for name in numbers} for one in told]}


def doubts(told: dict[str, Any]) -> tuple[str, ...]:
    """Warnings where values of a summary are so large that they have no mean."""
    bands = told.get("per_band", [told])
    return tuple(
        too_large(f"The mean{f' of band {number}' if len(bands) > 1 else ''} is", (band["min"], band["max"]))
        for number, band in enumerate(bands, start=1)
        if band["mean"] is None and band["min"] is not None
    )
