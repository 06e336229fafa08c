"""Polygons and points of the cells of a raster."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import batched, chain
from typing import Any, NoReturn, cast

import numpy as np
import rasterio.features
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, Booleans
from backend.geo.geodesy.shapes import Shapes, shapes_of
from backend.geo.raster.rasters import Grid, places
from backend.geo.vector.feature_reading import settle
from backend.geo.vector.features import Features
from backend.geo.vector.file_values import as_written

MOST_POLYGONS = 100_000
MOST_POINTS = 1_000_000
_BATCH = 1_000
"""Polygons that are taken from rasterio at a time."""
_ALL, _LATER, _EARLIER = slice(None), slice(1, None), slice(None, -1)
_NEIGHBOURS = (
    ((_ALL, _EARLIER), (_ALL, _LATER)),
    ((_EARLIER, _ALL), (_LATER, _ALL)),
    ((_EARLIER, _EARLIER), (_LATER, _LATER)),
    ((_EARLIER, _LATER), (_LATER, _EARLIER)),
)
"""Parts of a raster, each cell of one beside that of the other: along rows, along columns, across corners."""
_ROWS = 256
"""Rows whose cells are looked at together."""
_COMPARED = ("uint8", "uint16", "int16", "int32")
"""Types whose cells GDAL compares as they are, the smallest first."""
_NOTHING = 1e-9
"""Degrees by which rounding may push a latitude over the pole."""


def features_on(grid: Grid, shapes: Iterable[BaseGeometry], fields: Mapping[str, Sequence[Any]]) -> Features:
    """Features whose coordinates are those of a grid's CRS, as the rest of the code may rely on.

    Raises:
        ProcessRefusedError: the grid reaches where its CRS has no places.
    """
    made = Features(shapes_of(shapes), fields, grid.crs)
    if grid.crs.is_projected:
        return made
    made = _within_poles(made, grid)
    try:
        return settle(made)
    except ProcessRefusedError as error:
        raise ProcessRefusedError(str(error), path=error.path or "$.inputs.raster") from error


def _within_poles(features: Features, grid: Grid) -> Features:
    """The features up to the poles, where a row of cells is centred on one: half of it lies beyond."""
    pole = np.pi / 2 / grid.crs.axis_info[0].unit_conversion_factor + _NOTHING
    bounds = shapely.bounds(features.shapes)
    beyond = np.flatnonzero((bounds[:, 1] < -pole) | (bounds[:, 3] > pole))
    _, south, _, north = grid.bounds
    if not beyond.size or not grid.upright or max(-south, north) - abs(grid.transform.e) / 2 > pole:
        return features
    west, east = shapely.total_bounds(features.shapes)[[0, 2]].tolist()
    shapes = features.shapes.copy()
    shapes[beyond] = shapely.intersection(shapes[beyond], shapely.box(west - 1, -pole, east + 1, pole))
    return features.with_shapes(shapes).warned("Rows of cells are centred on a pole: areas end there.")


def polygons_of(
    values: np.ma.MaskedArray[Any, Any], grid: Grid, *, diagonal: bool = False
) -> tuple[Shapes, list[float | int]]:
    """The areas of connected cells of equal value, and the value of each; cells without data belong to none.

    `diagonal`: cells that meet at a corner only are connected too.

    Raises:
        ProcessRefusedError: there are too many.
    """
    alone = _alone(values, diagonal=diagonal)
    if alone > MOST_POLYGONS:
        _refuse_many(f"{alone} cells are unlike all that they touch, and each would be an area of its own")
    cells, meant = _compared(values)
    # Where there is one, rasterio makes another of it.
    present = ~np.ma.getmaskarray(values) if np.ma.is_masked(values) else None
    found = rasterio.features.shapes(cells, present, connectivity=8 if diagonal else 4, transform=grid.transform)
    levels: list[float] = []
    shapes = np.concatenate([shapes_of([]), *(_assembled(polygons) for polygons in _batches(found, levels))])
    numbers = meant(np.array(levels))
    # Rings that touch themselves where cells meet at corners.
    pinched = np.flatnonzero(~shapely.is_valid(shapes)) if diagonal else []
    shapes[pinched] = shapely.make_valid(shapes[pinched])
    return shapes, as_written(numbers).tolist()


def cell_counts(shapes: Shapes, grid: Grid) -> list[int]:
    """How many cells each polygon of `polygons_of` holds."""
    return np.rint(shapely.area(shapes) / abs(grid.transform.determinant)).astype(int).tolist()


def united(shapes: Shapes, values: Sequence[float | int]) -> tuple[Shapes, list[float | int]]:
    """One multipolygon of all areas of each value, by value."""
    levels, owners = np.unique(np.array(values), return_inverse=True)
    order = np.argsort(owners, kind="stable")
    parts, part = shapely.get_parts(shapes[order], return_index=True)
    joined: Any = shapely.multipolygons(parts, indices=owners[order][part])
    return joined, levels.tolist()


def points_of(values: np.ma.MaskedArray[Any, Any], grid: Grid) -> tuple[Shapes, list[float | int]]:
    """The centres of all cells with data, row by row, and their values.

    Raises:
        ProcessRefusedError: there are too many.
    """
    present = ~np.ma.getmaskarray(values)
    if int(present.sum()) > MOST_POINTS:
        _refuse(f"there are {int(present.sum())} cells with data, more than {MOST_POINTS}: clip the raster first")
    rows, columns = np.nonzero(present)
    centres = np.column_stack([columns, rows]).astype(np.float64) + 0.5
    points: Any = shapely.points(places(grid.transform, centres))
    return np.atleast_1d(points), as_written(np.ma.getdata(values)[present]).tolist()


def _compared(values: np.ma.MaskedArray[Any, Any]) -> tuple[NDArray[Any], Callable[[Array], NDArray[Any]]]:
    """Integers by which GDAL tells the cells apart, and what makes their values of some of these.

    Floating-point numbers it takes for equal where they differ in their last digits only, and a slope for one area.

    Raises:
        ProcessRefusedError: there are more values than there may be areas.
    """
    data = np.ma.getdata(values)
    kind = next((name for name in _COMPARED if np.can_cast(data.dtype, name)), None)
    if kind is not None:
        return data.astype(kind, copy=False), lambda levels: levels.astype(data.dtype)
    if data.dtype.itemsize <= 4:
        # The bits of equal numbers are equal, but for those of zero and its opposite, which add up to zero.
        held = data.astype(np.float32) + np.float32(0) if data.dtype.kind == "f" else data
        return held.view(np.int32), lambda levels: levels.astype(np.int32).view(held.dtype)
    exact = _distinct(values)
    codes = np.empty(data.shape, np.int32)
    for rows in _strips(data):
        codes[rows] = np.searchsorted(exact, data[rows])
    return codes, lambda levels: exact[levels.astype(np.intp)]


def _distinct(values: np.ma.MaskedArray[Any, Any]) -> NDArray[Any]:
    """The values of the cells with data, each once, in their order."""
    found = values[:0].compressed()
    for rows in _strips(values):
        found = np.union1d(found, values[rows].compressed())
        if len(found) > MOST_POLYGONS:
            _refuse_many(f"there are {len(found)} different values or more")
    return found


def _strips(values: NDArray[Any]) -> Iterator[slice]:
    return (slice(start, start + _ROWS) for start in range(0, len(values), _ROWS))


def _batches(found: Iterable[tuple[Any, float]], levels: list[float]) -> Iterator[list[Any]]:
    """The rings of some polygons at a time, which are objects of Python; the value of each is added to the levels."""
    for some in batched(found, _BATCH):
        levels += [value for _, value in some]
        if len(levels) > MOST_POLYGONS:
            _refuse_many("there are too many areas of equal value")
        yield [shape["coordinates"] for shape, _ in some]


def _assembled(polygons: Sequence[Any]) -> Shapes:
    """Polygons of their rings, of each the first is the outer one."""
    rings = list(chain.from_iterable(polygons))
    owners = np.repeat(np.arange(len(polygons)), [len(polygon) for polygon in polygons])
    counts = [len(ring) for ring in rings]
    ordinates = chain.from_iterable(chain.from_iterable(rings))
    coordinates = np.fromiter(ordinates, dtype=np.float64, count=2 * sum(counts))
    closed: Any = shapely.linearrings(coordinates.reshape(-1, 2), indices=np.repeat(np.arange(len(rings)), counts))
    return cast("Shapes", shapely.polygons(closed, indices=owners))


def _alone(values: np.ma.MaskedArray[Any, Any], *, diagonal: bool) -> int:
    """How many cells with data have another value than all around them: areas that are counted before they are made."""
    data, mask = np.ma.getdata(values), cast("Any", values.mask)
    count = 0
    for start in range(0, len(data), _ROWS):
        # With a row more on either side, which has a say in the others.
        rows = slice(max(0, start - 1), start + _ROWS + 1)
        present = np.ones(data[rows].shape, dtype=np.bool_) if mask is np.ma.nomask else ~mask[rows]
        alone = _unlike_neighbours(data[rows], present, _NEIGHBOURS if diagonal else _NEIGHBOURS[:2])
        count += int(alone[start - rows.start :][:_ROWS].sum())
    return count


def _unlike_neighbours(data: NDArray[Any], present: Booleans, neighbours: Iterable[tuple[Any, Any]]) -> Booleans:
    alone = present.copy()
    for here, there in neighbours:
        differ = (data[here] != data[there]) | ~present[here] | ~present[there]
        alone[here] &= differ
        alone[there] &= differ
    return alone


def _refuse_many(reason: str) -> NoReturn:
    _refuse(
        f"{reason}, more than {MOST_POLYGONS}: put the values into classes first (raster-reclassify), or take a part "
        "of the area"
    )


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason, path="$.inputs.raster")
