"""Classes of a raster's values. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.raster.bands import chosen_band
from backend.geo.raster.cells import cell_areas, planar_cell_area
from backend.geo.raster.rasters import Grid, grid_of, read_band

NO_LIMIT = 1e99
"""As large a number is no limit, for clients that send numbers only."""
_AT_ONCE = 1 << 20
"""Cells that are looked up at a time."""
_TYPES = (np.uint8, np.int16, np.int32)


@dataclass(frozen=True, slots=True)
class Table:
    """Which values become which class: values from `low` up to `high`, or equal to `low` where both are one."""

    low: Array
    """Ascending; -inf for no limit."""
    high: Array
    classes: Array


@dataclass(frozen=True, slots=True)
class Classified:
    """The classes, and how much there is of each."""

    values: np.ma.MaskedArray[Any, Any]
    grid: Grid
    classes: list[dict[str, Any]]
    """Class, cells, area in m² (in a projected CRS also that of its plane) and share of all that has a class."""
    unmatched: int
    """Cells with data that are in no row of the table."""
    warnings: tuple[str, ...]


def table(rows: Sequence[Sequence[float | None]]) -> Table:
    """The table of rows [from, to, class], where from ≤ value < to, or [value, class].

    None is no limit; neither is a number from NO_LIMIT on.

    Raises:
        ProcessRefusedError: rows overlap, or are none such.
    """
    if not rows:
        _refuse("the table has no rows")
    settled = sorted(
        (_row(row, f"$.inputs.classes[{index}]") for index, row in enumerate(rows)), key=lambda row: row[:2]
    )
    for before, after in pairwise(settled):
        if after[0] < before[1] or after[0] == before[0]:
            _refuse(f"{_told(before)} and {_told(after)} overlap: a value would have two classes")
    low, high, classes = np.array(settled, dtype=np.float64).T
    return Table(low, high, classes)


def classify(reader: DatasetReader, rows: Sequence[Sequence[float | None]], band: int | None = None) -> Classified:
    """A band's values as classes; cells that are in no row have no data.

    Raises:
        ProcessRefusedError: the table is none, or there is no such band.
    """
    wanted, grid = table(rows), grid_of(reader)
    number, told = chosen_band(reader, band)
    values = read_band(reader, number)
    made = np.zeros(values.shape, _kind(wanted.classes))
    mask = np.ones(values.shape, bool)
    distinct, places = np.unique(wanted.classes, return_inverse=True)
    cells, areas = np.zeros(len(distinct), np.int64), np.zeros(len(distinct))
    sizes, planar = np.broadcast_to(cell_areas(grid), values.shape), planar_cell_area(grid)
    step = max(1, _AT_ONCE // grid.width)
    for start in range(0, grid.height, step):
        part = slice(start, start + step)
        row, matched = _looked_up(values[part], wanted)
        made[part] = np.where(matched, wanted.classes[row], 0)
        mask[part] = ~matched
        found = places[row[matched]]
        cells += np.bincount(found, minlength=len(distinct))
        areas += np.bincount(found, weights=sizes[part][matched], minlength=len(distinct))
    unmatched = int(values.count() - cells.sum())
    if unmatched:
        told = (*told, f"{unmatched} cells have values in no row of the table ({_least(values, mask)}): no data there.")
    counted = [
        {"class": _number(one), "cells": int(count), "area_m2": float(area)}
        | ({} if planar is None else {"planar_area_m2": planar * int(count)})
        | {"share": float(area / (areas.sum() or 1))}
        for one, count, area in zip(distinct, cells, areas, strict=True)
    ]
    return Classified(np.ma.masked_array(made, mask=mask), grid, counted, unmatched, told)


def _row(row: Sequence[float | None], path: str) -> tuple[float, float, float]:
    if len(row) == 2 and row[0] is not None and row[1] is not None:
        return row[0], row[0], row[1]
    if len(row) != 3 or row[2] is None:
        _refuse("each row is [from, to, class] or [value, class]", path)
    low = -np.inf if row[0] is None or row[0] <= -NO_LIMIT else row[0]
    high = np.inf if row[1] is None or row[1] >= NO_LIMIT else row[1]
    if low >= high:
        _refuse(f"from {low:g} to {high:g} there is nothing: [value, class] is for a single value", path)
    return low, high, row[2]


def _told(row: tuple[float, float, float]) -> str:
    return f"[{row[0]:g}, {row[2]:g}]" if row[0] == row[1] else f"[{row[0]:g}, {row[1]:g}, {row[2]:g}]"


def _looked_up(values: np.ma.MaskedArray[Any, Any], wanted: Table) -> tuple[NDArray[Any], NDArray[Any]]:
    """The row of each cell, and whether there is one."""
    plain = values.filled(0)
    # 0.35 in single precision is a little less than 0.35: the limits are taken to where the values are.
    kind = np.float32 if plain.dtype == np.float32 else np.float64
    low, high = wanted.low.astype(kind), wanted.high.astype(kind)
    row = np.searchsorted(low, plain, side="right") - 1
    matched = (row >= 0) & ~np.ma.getmaskarray(values)
    row = np.maximum(row, 0)
    # Where each row begins at the end of the one before, only the last one has an end of its own.
    last = -1 if (low[1:] == high[:-1]).all() else row
    return row, matched & ((plain < high[last]) | (plain == low[last]))


def _least(values: np.ma.MaskedArray[Any, Any], mask: NDArray[Any]) -> str:
    """The span of the values without a class."""
    left = values[mask].compressed()
    return f"{left.min():g} to {left.max():g}"


def _kind(classes: Array) -> Any:
    """The smallest type that holds the classes and leaves a value for no data."""
    if not (classes == np.rint(classes)).all():
        return np.float64
    for kind in _TYPES:
        limits = np.iinfo(kind)
        if limits.min < classes.min() and classes.max() < limits.max:
            return kind
        if limits.min == 0 and classes.min() >= 0 and classes.max() < limits.max:
            return kind
    return np.float64


def _number(value: float) -> float:
    return int(value) if value == int(value) else float(value)


def _refuse(reason: str, path: str = "$.inputs.classes") -> NoReturn:
    raise ProcessRefusedError(reason, path=path)
