"""What a raster is like: its grid, and the values of its bands. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from typing import Any

import numpy as np
from pyproj import CRS
from rasterio.io import DatasetReader

from backend.geo.describing.features import JsonObject
from backend.geo.geodesy.crs import CRS84, Transformation, code_of
from backend.geo.geodesy.ellipsoid import meridian_radius, parallel_radius
from backend.geo.raster.bands import kind_read
from backend.geo.raster.cells import alike
from backend.geo.raster.grid_summary import finite, too_large
from backend.geo.raster.nodata import undeclared
from backend.geo.raster.rasters import MAX_BYTES, Grid, grid_of, places, read_band
from backend.geo.raster.strips import spread

MOST_CLASSES = 30
"""Different integers up to which a band may be one of classes, whose counts are told."""
_WIDEST = 10_000
"""Between the smallest and the largest of them."""


def describe_raster(reader: DatasetReader) -> JsonObject:
    """Size, cells, CRS, extent, and of each band the type, the share without data and the values.

    Raises:
        ProcessRefusedError: it cannot be read.
    """
    grid = grid_of(reader) if reader.crs is not None else None
    told: list[str] = []
    partly = not all(_readable(reader, number) for number in range(1, reader.count + 1))
    bands = [_band(reader, number, told) for number in range(1, reader.count + 1)]
    place = _placed(grid) if grid is not None else {"crs": None, "extent": list(reader.bounds), "bbox": None}
    return {
        "width": reader.width,
        "height": reader.height,
        **place,
        "cell_size": _cell_size(reader, grid),
        "pixel_is_point": reader.tags().get("AREA_OR_POINT") == "Point",
        "rows_run": "north to south" if reader.transform.e < 0 else "south to north",
        "rotated": bool(reader.transform.b or reader.transform.d),
        "bands": bands,
        "warnings": [*_warnings(reader, grid, bands), *told],
        **({"method": "the grid and a part of the cells were read"} if partly else {}),
    }


def _placed(grid: Grid) -> JsonObject:
    crs = grid.crs
    bbox = grid.bounds
    if crs != CRS84:
        bbox = Transformation.between(crs, CRS84).transformer.transform_bounds(*bbox)
    kind = "projected" if crs.is_projected else "geographic"
    return {
        "crs": {"code": code_of(crs), "name": crs.name, "kind": kind, "unit": _unit(crs)},
        "extent": list(grid.bounds),
        "bbox": list(bbox) if np.isfinite(bbox).all() else None,
    }


def _unit(crs: CRS) -> str:
    return crs.axis_info[0].unit_name


def _cell_size(reader: DatasetReader, grid: Grid | None) -> JsonObject:
    across = float(np.hypot(reader.transform.a, reader.transform.d))
    down = float(np.hypot(reader.transform.b, reader.transform.e))
    told: JsonObject = {"x": across, "y": down, "units": None if grid is None else _unit(grid.crs)}
    if grid is not None and grid.crs == CRS84:
        latitude = np.array([min(max((grid.bounds[1] + grid.bounds[3]) / 2, -90), 90)])
        told["metres_at_centre"] = {
            "x": float(np.radians(across) * parallel_radius(latitude)[0]),
            "y": float(np.radians(down) * meridian_radius(latitude)[0]),
        }
    return told


def _band(reader: DatasetReader, number: int, warnings: list[str]) -> JsonObject:
    kind = np.dtype(reader.dtypes[number - 1])
    told: JsonObject = {
        "band": number,
        "description": reader.descriptions[number - 1],
        "type": str(kind),
        "nodata": _json_number(reader.nodatavals[number - 1]),
        "nodata_share": None,
        "scale": float(reader.scales[number - 1]),
        "offset": float(reader.offsets[number - 1]),
        "units": reader.units[number - 1],
    }
    if np.issubdtype(kind, np.complexfloating):
        warnings.append(f"Band {number} has complex numbers, of which no process takes any: it has no figures.")
        return told
    whole = _readable(reader, number)
    values = read_band(reader, number) if whole else spread(reader, number)
    if not whole:
        warnings.append(
            f"The figures of band {number} are those of {values.size / (reader.width * reader.height):.3%} of its "
            "cells, in parts spread over the raster: it is too large to be read as a whole. Others may have smaller or "
            "larger values."
        )
    told["nodata_share"] = 1 - values.count() / values.size
    if not values.count():
        return told
    doubt = undeclared(values)
    warnings += [f"Band {number}: {doubt}"] if doubt else []
    return told | _figures(values) | (_places(reader, values) if whole else {})


def _readable(reader: DatasetReader, number: int) -> bool:
    """Whether a band is not too large to be read as a whole."""
    return reader.width * reader.height * kind_read(reader, number).itemsize <= MAX_BYTES


def _figures(values: np.ma.MaskedArray[Any, Any]) -> JsonObject:
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = values.mean(dtype=np.float64), values.std(dtype=np.float64)
    return {
        "min": _json_number(values.min()),
        "max": _json_number(values.max()),
        "mean": finite(mean),
        "std": finite(deviation),
    }


def _places(reader: DatasetReader, values: np.ma.MaskedArray[Any, Any]) -> JsonObject:
    """Where the extremes of a whole band are, and how many cells its classes have."""
    lowest, highest = int(values.argmin(fill_value=None)), int(values.argmax(fill_value=None))
    classes = _classes(values)
    return {
        "min_at": _centre(reader, lowest),
        "max_at": _centre(reader, highest),
        **({"classes": classes} if classes is not None else {}),
    }


def _centre(reader: DatasetReader, index: int) -> list[float]:
    """The middle of a cell in the CRS: whatever a value stands for, its place is there."""
    row, column = divmod(index, reader.width)
    return places(reader.transform, np.array([[column + 0.5, row + 0.5]]))[0].tolist()


def _classes(values: Any) -> list[JsonObject] | None:
    if not np.issubdtype(values.dtype, np.integer):
        return None
    low, high = int(values.min()), int(values.max())
    if high - low > _WIDEST:
        return None
    counts = np.bincount(values.compressed().astype(np.int64) - low)
    present = np.flatnonzero(counts)
    if len(present) > MOST_CLASSES:
        return None
    return [{"value": int(low + at), "cells": int(counts[at])} for at in present]


def _json_number(value: Any) -> float | int | str | None:
    if value is None:
        return None
    number = value.item() if isinstance(value, np.generic) else value
    return number if np.isfinite(number) else str(number)


def _warnings(reader: DatasetReader, grid: Grid | None, bands: list[JsonObject]) -> list[str]:
    warnings: list[str] = []
    if grid is None:
        warnings.append(
            "The raster has ground control points in place of a grid: it must be rectified by them first."
            if reader.gcps[0]
            else "The raster does not tell its CRS, and none may be guessed: assign-crs takes it with the right one."
        )
    elif not alike(grid):
        how = "differ in size on the ground" if grid.crs.is_projected else "in degrees shrink towards the poles"
        warnings.append(f"Cells of this grid {how}: a mean over them needs weighing by area.")
    if reader.transform.is_identity:
        warnings.append("The raster is not georeferenced: its coordinates are columns and rows.")
    empty = [band["band"] for band in bands if band["nodata_share"] == 1 and _readable(reader, band["band"])]
    if empty:
        warnings.append(f"Bands {', '.join(map(str, empty))} have no data at all.")
    warnings += [
        too_large(f"Mean or standard deviation of band {band['band']} are", (band["min"], band["max"]))
        for band in bands
        if "min" in band and (band["mean"] is None or band["std"] is None)
    ]
    scaled = [band["band"] for band in bands if (band["scale"], band["offset"]) != (1.0, 0.0)]
    if scaled:
        warnings.append(f"Scale and offset are applied to the values of bands {', '.join(map(str, scaled))}.")
    return warnings
