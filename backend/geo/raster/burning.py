"""Burns features into the cells of a grid, some rows at a time. Imports GDAL: for workers only."""

# rasterio has no types.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import MergeAlg
from rasterio.features import rasterize
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.geodesy.shapes import Shapes, batches, of_type, shapes_of
from backend.geo.raster.geometry_mappings import mappings_of
from backend.geo.raster.grids import part_of
from backend.geo.raster.rasters import Grid, places

type Block = tuple[slice, slice]

_BATCH = 2**17
"""Vertices that are burnt at a time: as objects of Python, which rasterio wants, each takes a hundred bytes."""
_AT_ONCE = 2**20
"""Cells that are worked on at a time."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Some rows of a grid, and the features that may have cells there."""

    rows: slice
    chosen: Integers
    """The index of each of these features, in their order."""
    shapes: Shapes
    whole: Grid
    grid: Grid
    """Of these rows alone."""
    all_touched: bool

    def summed(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of the features' values in each cell, each feature counted once there. values: one for each."""
        mixed = of_type(self.shapes, shapely.GeometryType.GEOMETRYCOLLECTION)
        burnt = np.zeros((self.grid.height, self.grid.width))
        self._burn(burnt, self._thinned(self.shapes[~mixed]), values[~mixed], MergeAlg.add)
        for shape, value in zip(self.shapes[mixed].tolist(), values[mixed].tolist(), strict=True):
            block, cells = cells_of(shape, self.grid, all_touched=self.all_touched)
            burnt[block] += value * cells
        return burnt

    def last(self) -> NDArray[np.int32]:
        """The place in `chosen` of the last feature that each cell has; 0 also where it has none."""
        numbers = np.zeros((self.grid.height, self.grid.width), dtype=np.int32)
        self._burn(numbers, self.shapes, np.arange(1, len(self.shapes) + 1), MergeAlg.replace)
        return numbers - (numbers > 0)

    def _burn(self, cells: NDArray[Any], shapes: Shapes, values: NDArray[Any], merge: MergeAlg) -> None:
        """Burn a value for each geometry, one after the other."""
        first = 0
        for some in batches(shapes, _BATCH):
            mappings = mappings_of(shapely.transform(some, self._in_cells))
            pairs = list(zip(mappings, values[first : first + len(some)].tolist(), strict=True))
            if pairs:
                rasterize(pairs, transform=self._sense, all_touched=self.all_touched, merge_alg=merge, out=cells)
            first += len(some)

    def _thinned(self, shapes: Shapes) -> Shapes:
        """The shapes, of multipoints one point in each cell: what is added would count each point."""
        several = np.flatnonzero(of_type(shapes, shapely.GeometryType.MULTIPOINT))
        if not several.size:
            return shapes
        points, owners = shapely.get_coordinates(shapes[several], return_index=True)
        cells = np.floor(_into(self.whole, points))
        _, chosen = np.unique(np.column_stack([owners, cells]), axis=0, return_index=True)
        thinned = shapes.copy()
        kept: Any = shapely.points(points[chosen])
        thinned[several] = shapely.multipoints(kept, indices=owners[chosen])
        return thinned

    def _in_cells(self, positions: Array) -> Array:
        """Columns and rows of positions: rounded as those of the whole grid are, so that strips fit each other."""
        return (_into(self.whole, positions) - (0, self.rows.start)) * (1, self._sense.e)

    @property
    def _sense(self) -> Affine:
        """Rows go up or down as they do on the ground: by that GDAL tells to which side an edge on centres belongs."""
        return Affine.scale(1, math.copysign(1, self.whole.transform.determinant))


def strips(shapes: Shapes, grid: Grid, *, all_touched: bool) -> Iterator[Strip]:
    """All rows of a grid, some at a time, with the features that may have cells there."""
    west, south, east, north = shapely.bounds(shapes).T
    corners = [np.column_stack([x, y]) for x in (west, east) for y in (south, north)]
    rows = np.stack([_into(grid, some)[:, 1] for some in corners])
    least, most = rows.min(axis=0) - 1, rows.max(axis=0) + 1
    step = max(1, _AT_ONCE // grid.width)
    for start in range(0, grid.height, step):
        stop = min(start + step, grid.height)
        chosen = np.flatnonzero((most >= start) & (least <= stop))
        part = part_of(grid, Window(0, start, grid.width, stop - start))  # pyright: ignore[reportCallIssue]
        yield Strip(slice(start, stop), chosen, shapes[chosen], grid, part, all_touched)


def cells_of(shape: BaseGeometry, grid: Grid, *, all_touched: bool) -> tuple[Block, Booleans]:
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


def _into(grid: Grid, positions: Array) -> Array:
    """Columns and rows, n × 2, with the roundings that GDAL has."""
    a, b, c, d, e, f = tuple(grid.transform)[:6]
    x, y = positions.T
    if not (b or d):
        return np.column_stack([-c / a + x * (1 / a), -f / e + y * (1 / e)])
    share = 1 / (a * e - b * d)
    columns = (b * f - c * e) * share + x * (e * share) + y * (-b * share)
    rows = (-a * f + c * d) * share + x * (-d * share) + y * (a * share)
    return np.column_stack([columns, rows])
