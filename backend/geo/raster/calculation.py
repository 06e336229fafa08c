"""Calculations over the bands of rasters, cell by cell. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

import string
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import hypot
from typing import Any

import numpy as np
from rasterio.io import DatasetReader
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import code_of
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.raster.expressions import evaluated, is_condition, needed, parsed, without_none
from backend.geo.raster.rasters import Grid, Values, check_size, concerning, grid_of, places, read_band
from backend.geo.raster.strips import keeping_rows, strips

_WHOLE = (1 << 24, 1 << 53)
"""Up to where single and double precision hold every whole number."""
_ALIKE = 1e-4
"""Cells by which the corners of two grids may differ: rounding in a file's georeferencing."""


@dataclass(frozen=True, slots=True)
class Calculated:
    """A band of results."""

    values: np.ma.MaskedArray[Any, Any]
    grid: Grid
    used: tuple[str, ...]
    """The names of the bands that the expression uses."""
    warnings: tuple[str, ...]


def calculate(readers: Sequence[DatasetReader], expression: str) -> Calculated:
    """Evaluate an expression over bands: `a1` is the first band of the first raster, `b2` the second of the second.

    Bands also have the names that their files give them, where those are plain words and no other band has the same.
    Values are physical ones. A cell without data in a band that is used has none in the result, unless coalesce() gives
    another value for it, and neither has one whose result is None or no finite number. Conditions give 1 and 0. Other
    results are of single precision, or of double where a band has values that need it, or a result is a whole number
    that single precision would round.

    Raises:
        ProcessRefusedError: it is no such expression, or the grids differ.
    """
    grid = _shared_grid(readers)
    names = _names(readers)
    tree, used = parsed(expression, names)
    with concerning("raster"):
        check_size(grid.width, grid.height, np.float64, len(used) + 1)
    wide = any(not np.can_cast(_stored(readers, names[name]), np.float32) for name in used)
    kind = np.dtype(np.uint8) if is_condition(tree) else np.dtype(np.float64 if wide else np.float32)
    limit = float(np.finfo(np.float64 if wide else np.float32).max)
    made, mask = np.zeros((grid.height, grid.width), kind), np.zeros((grid.height, grid.width), bool)
    required, complete, lost = needed(tree), without_none(tree), 0
    for rows, bands in _read(readers, {name: names[name] for name in sorted(used)}, grid):
        # Of a single-precision band, too: what comes in between may be beyond that.
        known = {name: np.ma.filled(band.astype(np.float64), np.nan) for name, band in bands.items()}
        values = evaluated(tree, known)
        undefined = _undefined(values, limit)
        # What has no value since the expression says so, or since there is no data, was not lost.
        failed = undefined if complete is None else undefined & _undefined(evaluated(complete, known), limit)
        without = _without_data(bands.values(), undefined)
        lost += int((failed & ~without).sum())
        if required != used:
            without = _without_data((bands[name] for name in required), undefined)
        mask[rows] = undefined | without
        block = np.where(mask[rows], 0, values)
        if made.dtype == np.float32 and _rounded(block):
            made = made.astype(np.float64)
        made[rows] = block
    told = f"{lost} cells have no finite result (such as a division by zero): they have no data."
    return Calculated(np.ma.masked_array(made, mask=mask), grid, tuple(sorted(used)), (told,) if lost else ())


def _undefined(values: Values, limit: float) -> Booleans:
    """Where there is no number that the result can hold."""
    return ~np.isfinite(values) | (np.abs(values) > limit)


def _without_data(bands: Iterable[np.ma.MaskedArray[Any, Any]], like: Booleans) -> Booleans:
    """Where any of the bands has no data."""
    return reduce(np.logical_or, map(np.ma.getmaskarray, bands), np.zeros_like(like))


def _rounded(values: Values) -> bool:
    """Whether single precision would make other whole numbers of some."""
    single, double = _WHOLE
    if -single <= values.min() and values.max() <= single:
        return False
    size = np.abs(values)
    some = values[(size > single) & (size <= double)]
    return bool(((some == np.rint(some)) & (some != some.astype(np.float32))).any())


def _read(
    readers: Sequence[DatasetReader], wanted: Mapping[str, tuple[int, int]], grid: Grid
) -> Generator[tuple[slice, Mapping[str, np.ma.MaskedArray[Any, Any]]]]:
    """The bands some rows at a time."""
    whole = Window(0, 0, grid.width, grid.height)  # pyright: ignore[reportCallIssue]  # attrs without types
    with keeping_rows(readers[index] for index in {index for index, _ in wanted.values()}):
        for rows, strip in strips(whole):
            yield rows, {name: _band(readers, place, strip) for name, place in wanted.items()}


def input_of(index: int) -> str:
    """The input by which the raster of this index came."""
    return f"others[{index - 1}]" if index else "raster"


def _band(readers: Sequence[DatasetReader], place: tuple[int, int], part: Window) -> np.ma.MaskedArray[Any, Any]:
    index, band = place
    with concerning(input_of(index)):
        return read_band(readers[index], band, part)


def _stored(readers: Sequence[DatasetReader], place: tuple[int, int]) -> np.dtype[Any]:
    """The type of a band in its file."""
    return np.dtype(readers[place[0]].dtypes[place[1] - 1])


def _shared_grid(readers: Sequence[DatasetReader]) -> Grid:
    first, *others = (_grid(reader, index) for index, reader in enumerate(readers))
    corners = np.array([[0, 0], [first.width, 0], [0, first.height]], dtype=np.float64)

    def alike(other: Grid) -> bool:
        if (other.width, other.height, other.crs) != (first.width, first.height, first.crs):
            return False
        seen = places(~first.transform, places(other.transform, corners))
        return bool(np.abs(seen - corners).max() < _ALIKE)

    for letter, other in zip(string.ascii_lowercase[1:], others, strict=False):
        if alike(other):
            continue
        raise ProcessRefusedError(
            f"raster {letter} ({_told(other)}) has another grid than raster a ({_told(first)}): raster-warp with "
            "like brings it there",
            path="$.inputs.others",
        )
    return first


def _grid(reader: DatasetReader, index: int) -> Grid:
    with concerning(input_of(index)):
        return grid_of(reader)


def _told(grid: Grid) -> str:
    transform = grid.transform
    sides = dict.fromkeys((f"{hypot(transform.a, transform.d):.9g}", f"{hypot(transform.b, transform.e):.9g}"))
    run = ", turned" if not grid.upright else ", rows upwards" if transform.e > 0 else ""
    corner = f"{transform.c:.10g}, {transform.f:.10g}"
    return f"{grid.width} x {grid.height} cells of {' x '.join(sides)}{run}, from {corner} in {code_of(grid.crs)}"


def _names(readers: Sequence[DatasetReader]) -> Mapping[str, tuple[int, int]]:
    """Name → which raster, and which of its bands; a raster's only band has its letter as well."""
    named: dict[str, tuple[int, int]] = {}
    described: dict[str, list[tuple[int, int]]] = {}
    for index, (letter, reader) in enumerate(zip(string.ascii_lowercase, readers, strict=False)):
        if reader.count == 1:
            named[letter] = (index, 1)
        for band in range(1, reader.count + 1):
            named[f"{letter}{band}"] = (index, band)
            text = (reader.descriptions[band - 1] or "").strip()
            described.setdefault(text, []).append((index, band))
            described.setdefault(text.lower(), []).append((index, band))
    for text, bands in described.items():
        if text.isidentifier() and len(set(bands)) == 1:
            named.setdefault(text, bands[0])
    return named
