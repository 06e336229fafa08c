"""Lines of equal value through grids, by marching squares between the centres of cells."""

# NumPy's operators on what comes from rasterio and affine are of unknown type.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.raster.rasters import places

MOST_LEVELS = 1_000
MOST_SEGMENTS = 5_000_000
_TOP, _RIGHT, _BOTTOM, _LEFT = range(4)
_CUTS = {
    1: ((_LEFT, _BOTTOM),), 2: ((_BOTTOM, _RIGHT),), 3: ((_LEFT, _RIGHT),), 4: ((_TOP, _RIGHT),),
    6: ((_TOP, _BOTTOM),), 7: ((_LEFT, _TOP),), 8: ((_LEFT, _TOP),), 9: ((_TOP, _BOTTOM),),
    11: ((_TOP, _RIGHT),), 12: ((_LEFT, _RIGHT),), 13: ((_BOTTOM, _RIGHT),), 14: ((_LEFT, _BOTTOM),),
    # Saddles: 5 and 10 where the middle is below the level, 21 and 26 where it is not.
    5: ((_TOP, _RIGHT), (_LEFT, _BOTTOM)), 10: ((_LEFT, _TOP), (_BOTTOM, _RIGHT)),
    21: ((_LEFT, _TOP), (_BOTTOM, _RIGHT)), 26: ((_TOP, _RIGHT), (_LEFT, _BOTTOM)),
}  # fmt: skip
"""Which corners of a square reach the level (8 top left, 4 top right, 2 bottom right, 1 bottom left) → its cuts."""
_SADDLES = (5, 10)
_CORNERS = ((0, 0), (0, 1), (1, 1), (1, 0))
_SIDES = ((0, 1), (1, 2), (3, 2), (0, 3))
"""Corners between which the sides run, in the order of rows and columns: neighbours compute the same crossing."""


def levels_between(smallest: float, largest: float, interval: float, base: float = 0.0) -> Array:
    """The levels, in steps of the interval from the base, that a surface between two values reaches.

    Raises:
        ProcessRefusedError: there are none, or too many.
    """
    first, last = np.ceil((smallest - base) / interval), np.floor((largest - base) / interval)
    if last - first >= MOST_LEVELS:
        _refuse(f"from {smallest:g} to {largest:g} there are more than {MOST_LEVELS} levels: take a larger interval")
    levels = base + interval * np.arange(first, last + 1)
    if not levels.size:
        _refuse(f"the values lie between {smallest:g} and {largest:g}, where no level is: take a smaller interval")
    return levels


def contours(values: np.ma.MaskedArray[Any, Any], transform: Affine, levels: Array) -> tuple[list[BaseGeometry], Array]:
    """Lines in the CRS of the grid, as long as they go, and the level of each.

    The surface between the centres of four cells is that of linear interpolation along the square's sides; a saddle
    is decided by the mean of its corners. Squares with a corner without data have no lines.

    Raises:
        ProcessRefusedError: the lines would have too many segments.

    Source: W. E. Lorensen and H. E. Cline, Marching cubes, SIGGRAPH 1987, in two dimensions.
    """
    z = np.ma.filled(values.astype(np.float64), np.nan)
    corners = [z[:-1, :-1], z[:-1, 1:], z[1:, 1:], z[1:, :-1]]
    # Whatever meets NaN is NaN, and no comparison with it is true.
    low = np.minimum(np.minimum(corners[0], corners[1]), np.minimum(corners[2], corners[3]))
    high = np.maximum(np.maximum(corners[0], corners[1]), np.maximum(corners[2], corners[3]))
    lines: list[BaseGeometry] = []
    owners: list[float] = []
    left = MOST_SEGMENTS
    for level in levels.tolist():
        rows, columns = np.nonzero((low < level) & (high >= level))
        left -= len(rows)
        if left < 0:
            _refuse(f"the contours have more than {MOST_SEGMENTS} segments: take a larger interval")
        found = _joined(np.concatenate([np.empty((0, 2, 2)), *_segments(z, rows, columns, level)]), transform)
        lines += found
        owners += [level] * len(found)
    return lines, np.array(owners)


def _segments(z: Array, rows: Integers, columns: Integers, level: float) -> Iterator[Array]:
    """Cuts through squares: n × (start, end) × (column, row), counted from the centre of the first cell."""
    heights = np.stack([z[rows + down, columns + along] for down, along in _CORNERS])
    reached = heights >= level
    codes = reached.T @ np.array([8, 4, 2, 1])
    codes += 16 * (np.isin(codes, _SADDLES) & (heights.mean(axis=0) >= level))
    crossings = _crossings(heights, reached, rows, columns, level)
    for code, cuts in _CUTS.items():
        here = np.flatnonzero(codes == code)
        for cut in cuts:
            yield np.stack([crossings[side, here] for side in cut], axis=1)


def _crossings(heights: Array, reached: Booleans, rows: Integers, columns: Integers, level: float) -> Array:
    """Where the level crosses each side (4 × n × 2); meaningless where it does not."""
    places = np.empty((4, len(rows), 2))
    for side, (start, end) in enumerate(_SIDES):
        crossed = reached[start] != reached[end]
        rise = np.where(crossed, heights[end] - heights[start], 1)
        share = (level - heights[start]) / rise
        (down1, along1), (down2, along2) = _CORNERS[start], _CORNERS[end]
        places[side, :, 0] = columns + along1 + (along2 - along1) * share
        places[side, :, 1] = rows + down1 + (down2 - down1) * share
    return places


def _joined(segments: Array, transform: Affine) -> list[BaseGeometry]:
    # A corner that has exactly the level is a cut of no length.
    segments = segments[(segments[:, 0] != segments[:, 1]).any(axis=1)]
    if not len(segments):
        return []
    ends = places(transform, segments.reshape(-1, 2) + 0.5).reshape(-1, 2, 2)
    lines: Any = shapely.linestrings(ends)
    merged: Any = shapely.line_merge(shapely.multilinestrings(lines))
    return shapely.get_parts(merged).tolist()


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason, path="$.inputs.interval")
