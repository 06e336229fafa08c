"""Classes of a raster's values. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, Booleans
from backend.geo.raster.bands import chosen_band, meant
from backend.geo.raster.cells import planar_cell_area
from backend.geo.raster.nodata import undeclared
from backend.geo.raster.rasters import Grid, grid_of, read_band
from backend.geo.raster.tally import Codes, Tally

NO_LIMIT = 1e99
"""As large a number is no limit, for clients that send numbers only."""
_NO_ROW = -1
"""In place of a row of the table."""
_AT_ONCE = 1 << 17
"""Cells that are looked up at a time: few enough to stay near the processor."""
_FEW = 16
"""Limits up to which each is compared with all cells."""
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
    low, high = (meant(limits, reader, number) for limits in (wanted.low, wanted.high))
    spans = _spans(Table(low, high, wanted.classes), values.dtype)
    made_of = np.append(wanted.classes, 0).astype(_kind(wanted.classes))[spans.row]
    tally = Tally(grid, len(spans.row))
    made, span = np.empty(values.shape, made_of.dtype), np.empty(values.shape, tally.kind)
    for part in _parts(grid):
        span[part] = spans.of(values[part])
        np.take(made_of, span[part], out=made[part])
        tally.add(part, span[part])
    outside = spans.row == _NO_ROW
    mask = _mask(outside, span, grid) if tally.cells[outside].any() else np.ma.nomask
    distinct, place = np.unique(wanted.classes, return_inverse=True)
    planar, at = planar_cell_area(grid), place[spans.row[~outside]]
    cells, areas = (np.bincount(at, counted[~outside], len(distinct)) for counted in (tally.cells, tally.areas))
    unmatched = int(values.count() - cells.sum())
    classed = np.ma.masked_array(np.ma.getdata(values), mask=mask)
    told = (*told, *filter(None, [undeclared(classed, meant=low[low == high].tolist())]))
    if unmatched:
        told = (*told, f"{unmatched} cells have values in no row of the table ({_least(values, mask)}): no data there.")
    counted = [
        {"class": _number(one), "cells": int(count), "area_m2": float(area)}
        | ({} if planar is None else {"planar_area_m2": planar * int(count)})
        | {"share": float(area / (areas.sum() or 1))}
        for one, count, area in zip(distinct, cells, areas, strict=True)
    ]
    return Classified(np.ma.masked_array(made, mask=mask), grid, counted, unmatched, told)


def _parts(grid: Grid) -> Iterator[slice]:
    """The rows of a grid, some at a time."""
    step = max(1, _AT_ONCE // grid.width)
    return (slice(start, start + step) for start in range(0, grid.height, step))


def _mask(outside: Booleans, span: Codes, grid: Grid) -> Booleans:
    """Which cells are in a span that no row of the table has."""
    mask = np.empty(span.shape, np.bool_)
    for part in _parts(grid):
        np.take(outside, span[part], out=mask[part])
    return mask


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


@dataclass(frozen=True, slots=True)
class _Spans:
    """The spans of values between the limits of a table, the first one below all of them, and one for masked cells."""

    limits: Array
    """Ascending, in the precision of the values."""
    row: NDArray[np.intp]
    """The row of each span, or _NO_ROW; one for masked cells follows them."""

    def of(self, values: np.ma.MaskedArray[Any, Any]) -> Codes:
        """The span of each cell."""
        plain = values.filled(0)
        if len(self.limits) <= _FEW:
            # Comparisons of whole arrays are several times as fast as a search for each cell.
            span = np.zeros(plain.shape, np.uint8)
            for limit in self.limits:
                span += plain >= limit
        else:
            span = np.searchsorted(self.limits, plain, side="right")
        if values.mask is not np.ma.nomask:
            span[values.mask] = len(self.row) - 1
        return span


def _spans(wanted: Table, kind: np.dtype[Any]) -> _Spans:
    # Of two numbers that single precision holds the next one after is in that precision, too.
    precision = np.float32 if kind == np.float32 else np.float64
    low, high = wanted.low.astype(precision), wanted.high.astype(precision)
    high = np.where(wanted.low == wanted.high, np.nextafter(high, np.inf, dtype=precision), high)
    every = np.maximum.accumulate(np.stack([low, high], axis=1).ravel())
    limits = np.unique(every)
    # Where one row ends and the next begins, the later limit decides.
    last = np.searchsorted(every, limits, side="right") - 1
    row = np.where(last % 2 == 0, last // 2, _NO_ROW)
    return _Spans(limits, np.concatenate([[_NO_ROW], row, [_NO_ROW]]))


def _least(values: np.ma.MaskedArray[Any, Any], mask: Any) -> str:
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
