"""Rasters of features: which feature each cell belongs to, and its value."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from backend.errors import refuse_input
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.geodesy.shapes import Shapes
from backend.geo.raster.burning import Strip, cells_of, strips
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
    shapes, numbers = features.shapes[usable], np.ma.getdata(values[usable])
    cells, met, overlapping = _burnt(shapes, numbers, laid.grid, overlap, all_touched=all_touched)
    without = np.flatnonzero(met == 0)
    if overlap != "last":
        without = without[[not _has_cell(shape, laid.grid, all_touched) for shape in shapes[without].tolist()]]
    return Burnt(cells, overlapping, len(without), categories, tuple(warnings))


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


def _burnt(
    shapes: Shapes, values: NDArray[Any], grid: Grid, overlap: Overlap, *, all_touched: bool
) -> tuple[Cells, NDArray[np.intp], int]:
    """The cells, in how many of them each feature is the last, and how many several features cover."""
    kinds = {"last": values.dtype, "sum": np.dtype(np.float64), "count": np.dtype(np.int32)}
    size = (grid.height, grid.width)
    told, covered = np.zeros(size, dtype=kinds[overlap]), np.empty(size, dtype=np.bool_)
    met, overlapping = np.zeros(len(shapes), dtype=np.intp), 0
    for strip in strips(shapes, grid, all_touched=all_touched):
        counts, owners = _owners(strip)
        covered[strip.rows] = some = counts > 0
        overlapping += int((counts > 1).sum())
        met[strip.chosen] += np.bincount(owners[some], minlength=len(strip.chosen))
        if overlap == "sum":
            told[strip.rows] = strip.summed(values[strip.chosen].astype(np.float64))
        elif overlap == "count":
            told[strip.rows] = counts
        elif len(strip.chosen):
            told[strip.rows] = values[strip.chosen].take(owners)
    return np.ma.MaskedArray(told, ~covered), met, overlapping


def _owners(strip: Strip) -> tuple[Numbers, Numbers]:
    """How many features meet in each cell, and the place of the last of them among those of the strip."""
    sums = strip.summed(_ONE + np.arange(len(strip.chosen), dtype=np.float64))
    counts = (sums * (1 / _ONE)).astype(np.int32)
    if (counts > 1).any():
        return counts, strip.last()
    return counts, (sums - counts * _ONE).astype(np.int32)


def _has_cell(shape: BaseGeometry, grid: Grid, all_touched: bool) -> bool:
    """Whether a feature has a cell of its own or shared, by a look at the few around it."""
    onto = ~grid.transform
    inner = np.array(shape.representative_point().coords)[:, :2]
    ((column, row),) = np.floor(places(onto, inner)).tolist()
    ((x, y),) = places(grid.transform, np.array([[column + 0.5, row + 0.5]])).tolist()
    within = 0 <= column < grid.width and 0 <= row < grid.height
    if within and (all_touched or shape.geom_type in {"Point", "MultiPoint"} or shapely.contains_xy(shape, x, y)):
        return True
    return bool(cells_of(shape, grid, all_touched=all_touched)[1].any())
