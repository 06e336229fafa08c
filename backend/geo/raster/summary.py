"""What a person must know of a raster of several bands. Imports GDAL: for workers only."""

from typing import Any

import numpy as np

from backend.geo.raster.grid_summary import grid_summary
from backend.geo.raster.rasters import Grid


def summary(values: np.ma.MaskedArray[Any, Any], grid: Grid) -> dict[str, Any]:
    """Grid and values of bands × rows × columns: those of a single band, or of each in `per_band`."""
    told = [grid_summary(band, grid) for band in values]
    if len(told) == 1:
        return told[0]
    numbers = ("min", "max", "mean", "nodata_share")
    shared = {name: value for name, value in told[0].items() if name not in numbers}
    return shared | {"bands": len(told), "per_band": [{name: one[name] for name in numbers} for one in told]}
