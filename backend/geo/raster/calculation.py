"""Calculations over the bands of rasters, cell by cell. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false

import ast
import string
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import hypot
from typing import Any

import numpy as np
from affine import Affine
from rasterio.io import DatasetReader
from rasterio.windows import Window

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.crs import code_of
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.raster.bands import is_whole, meant
from backend.geo.raster.expressions import evaluated, needed, parsed, without_none
from backend.geo.raster.nodata import may_be_undeclared, undeclared, with_room
from backend.geo.raster.rasters import Grid, Values, check_size, concerning, grid_of, places, read_band
from backend.geo.raster.strips import keeping_rows, strips
from backend.geo.raster.turns import ends
from backend.geo.vector.expression_notation import chosen_among, compared_with, is_condition

_WHOLE = (1 << 24, 1 << 53)
"""Up to where single and double precision hold every whole number."""
_MOST_BYTES = 4
"""Of integers that double precision holds exactly."""
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
    another value for it, and neither has one whose result is None or no finite number. Conditions give 1 and 0; what is
    chosen among integers stays one. Other results are of single precision, or of double where a band has values that
    need it, or a result is a whole number that single precision would round.

    Where all bands stand in coalesce(), the rasters may be parts of one grid, side by side: the result has all of them.

    Raises:
        ProcessRefusedError: it is no such expression, or the grids differ.
    """
    names = _names(readers)
    tree, used = parsed(expression, names)
    required = needed(tree)
    parts, grid = _shared_grid(readers, joined=not required)
    compared_with(tree, lambda name, number: _meant(readers, names[name], number))
    with concerning("raster"):
        check_size(grid.width, grid.height, np.float64, len(used) + 1)
    wide = any(not np.can_cast(_stored(readers, names[name]), np.float32) for name in used)
    kind = np.dtype(np.uint8) if is_condition(tree) else _whole_kind(tree, readers, names)
    kind = kind or np.dtype(np.float64 if wide else np.float32)
    limit = float(np.finfo(np.float64 if wide else np.float32).max)
    made, mask = np.zeros((grid.height, grid.width), kind), np.zeros((grid.height, grid.width), bool)
    complete, lost, doubtful = without_none(tree), 0, set[str]()
    for rows, bands in _read(parts, {name: names[name] for name in sorted(used)}, grid):
        doubtful |= {name for name, band in bands.items() if may_be_undeclared(band)}
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
    warnings = (f"{lost} cells have no finite result (such as a division by zero): they have no data.",) if lost else ()
    warnings = (*warnings, *_look_alike(readers, {name: names[name] for name in sorted(doubtful)}, tree))
    settled, _, wider = with_room(np.ma.masked_array(made, mask=mask))
    return Calculated(settled, grid, tuple(sorted(used)), (*warnings, *wider))


def _look_alike(
    readers: Sequence[DatasetReader], bands: Mapping[str, tuple[int, int]], tree: ast.expr
) -> Iterator[str]:
    """Warnings where values of bands seem to say that there are no data, and the expression does not name them."""
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    named = [number for number in constants if isinstance(number, int | float)]
    either_sign = {*named, *(-number for number in named)}
    for name, (index, band) in bands.items():
        values = read_band(readers[index], band)
        yield from filter(None, [undeclared(values, f"cells of {name}", meant=either_sign, band=name)])


def _whole_kind(
    tree: ast.expr, readers: Sequence[DatasetReader], names: Mapping[str, tuple[int, int]]
) -> np.dtype[Any] | None:
    """The type of integers of an expression that chooses among some: classes stay classes. None for other ones."""
    chosen = chosen_among(tree)
    if chosen is None:
        return None
    bands = [names[one] for one in chosen if isinstance(one, str)]
    if not bands or not all(is_whole(readers[index], band) for index, band in bands):
        return None
    numbers = [np.min_scalar_type(one) for one in chosen if isinstance(one, int)]
    kind = np.result_type(*(_stored(readers, place) for place in bands), *numbers)
    # Larger ones the floating-point numbers, with which all is evaluated, may round.
    return kind if kind.kind in "iu" and kind.itemsize <= _MOST_BYTES else None


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


@dataclass(frozen=True, slots=True)
class _Part:
    """A raster that is all of a grid, or a part of it."""

    reader: DatasetReader
    left: int
    """Column of the grid in which it begins."""
    top: int


def _read(
    parts: Sequence[_Part], wanted: Mapping[str, tuple[int, int]], grid: Grid
) -> Generator[tuple[slice, Mapping[str, np.ma.MaskedArray[Any, Any]]]]:
    """The bands some rows at a time."""
    whole = Window(0, 0, grid.width, grid.height)  # pyright: ignore[reportCallIssue]  # attrs without types
    with keeping_rows(parts[index].reader for index in {index for index, _ in wanted.values()}):
        for rows, strip in strips(whole):
            yield rows, {name: _band(parts, place, strip) for name, place in wanted.items()}


def input_of(index: int) -> str:
    """The input by which the raster of this index came."""
    return f"others[{index - 1}]" if index else "raster"


def _band(parts: Sequence[_Part], place: tuple[int, int], strip: Window) -> np.ma.MaskedArray[Any, Any]:
    """The rows of a strip, as wide as the grid; no data beyond the raster."""
    index, band = place
    reader, left, top = parts[index].reader, parts[index].left, parts[index].top
    first, end = max(strip.row_off, top), min(strip.row_off + strip.height, top + reader.height)
    if first >= end:
        return _empty(strip, np.dtype(np.float64))
    with concerning(input_of(index)):
        rows = read_band(reader, band, Window(0, first - top, reader.width, end - first))  # pyright: ignore[reportCallIssue]
    if rows.shape == (strip.height, strip.width):
        return rows
    made = _empty(strip, rows.dtype)
    made[first - strip.row_off : end - strip.row_off, left : left + reader.width] = rows
    return made


def _empty(strip: Window, kind: np.dtype[Any]) -> np.ma.MaskedArray[Any, Any]:
    """All without data; zeros beneath, as NumPy warns of what else it may find in memory that was in use."""
    return np.ma.masked_array(np.zeros((strip.height, strip.width), kind), mask=True)


def _meant(readers: Sequence[DatasetReader], place: tuple[int, int], number: float) -> float:
    """The value of a band for which a number stands that it is compared with."""
    index, band = place
    return float(meant(np.array([number]), readers[index], band)[0])


def _stored(readers: Sequence[DatasetReader], place: tuple[int, int]) -> np.dtype[Any]:
    """The type of a band in its file."""
    return np.dtype(readers[place[0]].dtypes[place[1] - 1])


def _shared_grid(readers: Sequence[DatasetReader], *, joined: bool) -> tuple[Sequence[_Part], Grid]:
    """The grid of all rasters, and where each lies in it. joined: they may be parts of it."""
    grids = [_grid(reader, index) for index, reader in enumerate(readers)]
    first = grids[0]
    places_of = [_place(other, first) for other in grids]
    for index, (other, place) in enumerate(zip(grids, places_of, strict=True)):
        alike = place == (0, 0) and (other.width, other.height) == (first.width, first.height)
        if place is None or not (alike or joined):
            raise ProcessRefusedError(
                f"raster {string.ascii_lowercase[index]} ({_told(other)}) has another grid than raster a "
                f"({_told(first)}): raster-warp with like brings it there",
                path="$.inputs.others",
            )
    at = np.array([place or (0, 0) for place in places_of])
    (left, top), (right, low) = at.min(axis=0), (at + [(grid.width, grid.height) for grid in grids]).max(axis=0)
    parts = [_Part(reader, int(x - left), int(y - top)) for reader, (x, y) in zip(readers, at.tolist(), strict=True)]
    plane = ends(first)
    if plane is not None and int(right - left) * abs(first.transform.a) > (plane[1] - plane[0]) * (1 + _ALIKE):
        raise ProcessRefusedError(
            "the rasters would reach more than once around the globe: raster-warp with like brings them to one range "
            "of longitudes",
            path="$.inputs.others",
        )
    begins = first.transform @ Affine.translation(int(left), int(top)) if left or top else first.transform
    return parts, Grid(int(right - left), int(low - top), begins, first.crs)


def _place(other: Grid, first: Grid) -> tuple[int, int] | None:
    """Column and row of the first grid at which another one of the same cells begins; None if its cells are others."""
    if other.crs != first.crs:
        return None
    corners = np.array([[0, 0], [other.width, 0], [0, other.height]], dtype=np.float64)
    seen = places(~first.transform, places(other.transform, corners)) - corners
    begins = np.rint(seen[0])
    return (int(begins[0]), int(begins[1])) if np.abs(seen - begins).max() < _ALIKE else None


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
