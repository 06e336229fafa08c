"""Rasters of features: which feature each cell belongs to, and its value."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.enums import MergeAlg
from rasterio.features import rasterize
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse_input
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.geodesy.shapes import Shapes, batches, of_type, shapes_of
from backend.geo.raster.geometry_mappings import mappings_of
from backend.geo.raster.grids import part_of
from backend.geo.raster.rasterizing_grid import Laid
from backend.geo.raster.rasters import Grid, places
from backend.geo.vector.features import Features
from backend.geo.vector.fields import column_of, listed, numbers_array, text_of

type Overlap = Literal["last", "sum", "count"]
type Cells = np.ma.MaskedArray[Any, Any]
type Numbers = NDArray[np.int32]

MOST_CATEGORIES = 1_000
_ONE = 2.0**40
"""Burnt once for each feature, plus the feature's number: a sum tells how many met, and where it is one, which."""
MOST_FEATURES = 2**20
_BATCH = 2**17
"""Vertices that are burnt at a time: as objects of Python, which rasterio wants, each takes a hundred bytes."""
_ROWS = 64
"""Rows that are worked on at a time, so that what is at hand stays in the cache."""


@dataclass(frozen=True, slots=True)
class Burnt:
    """The raster of features and what became of them."""

    values: Cells
    overlapping: int
    """Cells that several features cover."""
    without_cell: int
    """Features that are in no cell, being too small, outside, or, where the last one counts, covered by others."""
    categories: dict[str, str] = field(default_factory=dict[str, str])
    """Number → text, where the field holds texts."""
    warnings: tuple[str, ...] = ()


def burn(laid: Laid, name: str | None, *, all_touched: bool = False, overlap: Overlap = "last") -> Burnt:
    """Give cells the value of the feature in which their centre lies, or that touches them at all.

    Without a field's name the value is 1. Where features overlap, the value of the last one counts, their sum, or
    their number.

    Raises:
        ProcessRefusedError: there is no such field, or its values cannot be cells.
    """
    features, warnings = laid.features, list(laid.warnings)
    values, categories = _values(features, name, overlap)
    usable = features.present & ~np.ma.getmaskarray(values)
    if not usable.any():
        refuse_input("no feature has both a geometry and a value", "field" if name else "features")
    if not usable.all():
        warnings.append(f"{int((~usable).sum())} of {len(usable)} features have no geometry or no value: left out.")
    if usable.sum() >= MOST_FEATURES:
        refuse_input(f"there are more than {MOST_FEATURES} features", "features")
    shapes, numbers = features.shapes[usable], values[usable]
    counts, owners = _owners(shapes, laid.grid, all_touched)
    covered = counts > 0
    if overlap == "sum":
        sums = _burnt(shapes, np.ma.getdata(numbers).astype(np.float64), laid.grid, all_touched)
        cells: Cells = np.ma.MaskedArray(sums, ~covered)
    else:
        told = counts if overlap == "count" else _of_owners(np.ma.getdata(numbers), owners, laid.grid)
        cells = np.ma.MaskedArray(told, ~covered)
    without = np.flatnonzero(_met(owners, covered, len(shapes), laid.grid) == 0)
    if overlap != "last":
        without = without[[not _has_cell(shape, laid.grid, all_touched) for shape in shapes[without].tolist()]]
    return Burnt(cells, int((counts > 1).sum()), len(without), categories, tuple(warnings))


def _values(features: Features, name: str | None, overlap: Overlap) -> tuple[Cells, dict[str, str]]:
    """A number for each feature, masked where it has none, and what the numbers stand for."""
    if name is None or overlap == "count":
        return np.ma.MaskedArray(np.ones(len(features), dtype=np.uint8)), {}
    column = column_of(features, name, "$.inputs.field")
    missing = np.array([value is None for value in column], dtype=bool)
    if set[type](map(type, column)) <= {int, float, type(None)}:
        numbers = numbers_array(column)
        if np.isfinite(numbers).all():
            return np.ma.MaskedArray(_compact(numbers), missing), {}
    if overlap == "sum":
        refuse_input(f"the field {name!r} holds texts, which have no sum", "field")
    return _categories(name, column, missing)


def _categories(name: str, column: Sequence[Any], missing: Booleans) -> tuple[Cells, dict[str, str]]:
    """Texts as numbers from 1, in alphabetical order."""
    texts = ["" if value is None else text_of(value) for value in column]
    names = sorted({text for text, gone in zip(texts, missing.tolist(), strict=True) if not gone})
    if len(names) > MOST_CATEGORIES:
        refuse_input(
            f"the field {name!r} has {len(names)} different texts, such as {listed(names[:3])}; at most "
            f"{MOST_CATEGORIES} can be categories",
            "field",
        )
    numbers = {text: number for number, text in enumerate(names, 1)}
    codes = np.array([numbers.get(text, 0) for text in texts], dtype=np.uint16)
    return np.ma.MaskedArray(codes, missing), {str(number): text for text, number in numbers.items()}


def _compact(numbers: NDArray[Any]) -> NDArray[Any]:
    """The smallest usual type that holds the numbers exactly; one value stays free for cells without data."""
    if numbers.dtype == np.int64:
        limits = np.iinfo(np.int32)
        if not numbers.size or (numbers.min() > limits.min and numbers.max() <= limits.max):
            return numbers.astype(np.int32)
        return numbers.astype(np.float64)
    # Beyond the range of single precision there is infinity, which differs.
    with np.errstate(over="ignore"):
        single = numbers.astype(np.float32)
    return single if np.array_equal(single.astype(np.float64), numbers) else numbers


def _owners(shapes: Shapes, grid: Grid, all_touched: bool) -> tuple[Numbers, Numbers]:
    """How many features meet in each cell, and the index of the last of them."""
    sums = _burnt(shapes, _ONE + np.arange(len(shapes), dtype=np.float64), grid, all_touched)
    counts, owners = np.empty(sums.shape, dtype=np.int32), np.empty(sums.shape, dtype=np.int32)
    for block in _blocks(grid):
        counts[block] = sums[block] * (1 / _ONE)
        owners[block] = sums[block] - counts[block] * _ONE if (counts[block] < 2).all() else 0
    del sums
    if (counts > 1).any():
        owners[:] = 0
        _burn_in(owners, shapes, np.arange(1, len(shapes) + 1), grid, all_touched=all_touched, merge=MergeAlg.replace)
        owners -= owners > 0
    return counts, owners


def _of_owners(values: NDArray[Any], owners: Numbers, grid: Grid) -> NDArray[Any]:
    """For each cell the value of its feature."""
    told = np.empty(owners.shape, dtype=values.dtype)
    for block in _blocks(grid):
        told[block] = values.take(owners[block])
    return told


def _met(owners: Numbers, covered: Booleans, count: int, grid: Grid) -> NDArray[np.intp]:
    """In how many covered cells each feature is the last."""
    met = np.zeros(count, dtype=np.intp)
    for block in _blocks(grid):
        met += np.bincount(owners[block][covered[block]], minlength=count)
    return met


def _blocks(grid: Grid) -> Iterator[slice]:
    return (slice(first, first + _ROWS) for first in range(0, grid.height, _ROWS))


def _has_cell(shape: BaseGeometry, grid: Grid, all_touched: bool) -> bool:
    """Whether a feature has a cell of its own or shared, by a look at the few around it."""
    onto = ~grid.transform
    inner = np.array(shape.representative_point().coords)[:, :2]
    ((column, row),) = np.floor(places(onto, inner)).tolist()
    ((x, y),) = places(grid.transform, np.array([[column + 0.5, row + 0.5]])).tolist()
    within = 0 <= column < grid.width and 0 <= row < grid.height
    if within and (all_touched or shape.geom_type in {"Point", "MultiPoint"} or shapely.contains_xy(shape, x, y)):
        return True
    return bool(_cells_of(shape, grid, all_touched)[1].any())


def _burnt(shapes: Shapes, values: NDArray[np.float64], grid: Grid, all_touched: bool) -> NDArray[np.float64]:
    """The sum of the features' values in each cell, each feature counted once there."""
    mixed = of_type(shapes, shapely.GeometryType.GEOMETRYCOLLECTION)
    burnt = np.zeros((grid.height, grid.width))
    _burn_in(burnt, _thinned(shapes[~mixed], grid), values[~mixed], grid, all_touched=all_touched, merge=MergeAlg.add)
    for shape, value in zip(shapes[mixed].tolist(), values[mixed].tolist(), strict=True):
        block, cells = _cells_of(shape, grid, all_touched)
        burnt[block] += value * cells
    return burnt


def _burn_in(
    cells: NDArray[Any], shapes: Shapes, values: NDArray[Any], grid: Grid, *, all_touched: bool, merge: MergeAlg
) -> None:
    """Burn a value for each geometry into the cells, one after the other."""
    first = 0
    for some in batches(shapes, _BATCH):
        pairs = list(zip(mappings_of(some), values[first : first + len(some)].tolist(), strict=True))
        if pairs:
            rasterize(pairs, transform=grid.transform, all_touched=all_touched, merge_alg=merge, out=cells)
        first += len(some)


def _thinned(shapes: Shapes, grid: Grid) -> Shapes:
    """The shapes, of multipoints one point in each cell: what is added would count each point."""
    several = np.flatnonzero(of_type(shapes, shapely.GeometryType.MULTIPOINT))
    if not several.size:
        return shapes
    points, owners = shapely.get_coordinates(shapes[several], return_index=True)
    cells = np.floor(places(~grid.transform, points))
    _, chosen = np.unique(np.column_stack([owners, cells]), axis=0, return_index=True)
    thinned = shapes.copy()
    kept: Any = shapely.points(points[chosen])
    thinned[several] = shapely.multipoints(kept, indices=owners[chosen])
    return thinned


def _cells_of(shape: BaseGeometry, grid: Grid, all_touched: bool) -> tuple[tuple[slice, slice], Booleans]:
    """The rows and columns around a feature, and which cells there it is in."""
    west, south, east, north = shape.bounds
    corners = places(~grid.transform, np.array([(west, south), (west, north), (east, south), (east, north)]))
    first, top = np.clip(np.floor(corners.min(axis=0)) - 1, 0, (grid.width, grid.height)).astype(int).tolist()
    last, bottom = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, (grid.width, grid.height)).astype(int).tolist()
    block = slice(top, bottom), slice(first, last)
    if first >= last or top >= bottom:
        return block, np.zeros((max(bottom - top, 0), max(last - first, 0)), dtype=np.bool_)
    part = part_of(grid, Window(first, top, last - first, bottom - top))  # pyright: ignore[reportCallIssue]
    size = (part.height, part.width)
    burnt: Any = rasterize(mappings_of(shapes_of([shape])), size, transform=part.transform, all_touched=all_touched)
    return block, burnt > 0
