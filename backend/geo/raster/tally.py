"""How many cells of a raster have each of some codes, and how much ground these cover. Imports GDAL: for workers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.geo.geodesy.ellipsoid import Array, Integers
from backend.geo.raster.cells import areas_of_rows
from backend.geo.raster.rasters import Grid

type Codes = NDArray[np.uint8 | np.intp]

_BYTE = 256


class Tally:
    """Counts the cells of a grid, some rows at a time, by codes from 0 to less than `codes`.

    Of codes that fit into a byte, two neighbouring cells are counted at once, as a pair of codes with the area in the
    middle between them: half as many numbers to look at.
    """

    def __init__(self, grid: Grid, codes: int) -> None:
        self.cells: Integers = np.zeros(codes, np.intp)
        """Of each code."""
        self.areas: Array = np.zeros(codes)
        """m² on the ellipsoid of the cells of each code."""
        self._pairs = codes < _BYTE
        self._sizes_of = areas_of_rows(grid, columns=_middles(grid.width) if self._pairs else None)

    @property
    def kind(self) -> type[np.uint8] | type[np.intp]:
        """The type that codes come in."""
        return np.uint8 if self._pairs else np.intp

    def add(self, rows: slice, codes: Codes) -> None:
        """Count the cells of these rows of the grid, which have these codes."""
        keys: NDArray[np.integer[Any]] = self._as_pairs(codes) if self._pairs else codes
        sizes = np.broadcast_to(self._sizes_of(rows), keys.shape).ravel()
        flat = keys.ravel().astype(np.intp, copy=False)
        length = (len(self.cells) + 1) * (_BYTE if self._pairs else 1)
        self.cells += self._of_each(np.bincount(flat, minlength=length))
        self.areas += self._of_each(np.bincount(flat, sizes, length))

    def _as_pairs(self, codes: Codes) -> NDArray[np.uint16]:
        if codes.shape[1] % 2:
            # The last one's neighbour has a code that nobody asks for.
            codes = np.pad(codes, ((0, 0), (0, 1)), constant_values=len(self.cells))
        return np.ascontiguousarray(codes, dtype=np.uint8).view(np.uint16)

    def _of_each(self, counted: NDArray[Any]) -> NDArray[Any]:
        """What was counted of each code, from what was of each key."""
        count = len(self.cells)
        if not self._pairs:
            return counted[:count]
        by_pair = counted.reshape(-1, _BYTE)
        return by_pair.sum(axis=1)[:count] + by_pair.sum(axis=0)[:count]


def _middles(width: int) -> Array:
    """Where the areas of pairs are measured; that of a last cell without a neighbour in its own middle."""
    middles = np.arange(0, width, 2, dtype=np.float64) + 0.5
    return np.minimum(middles, width - 1)
