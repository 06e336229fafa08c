"""Which value says that a cell of a raster has no data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.errors import refuse

type Values = NDArray[Any]

_MOST_EXACT = 2**53
"""A GeoTIFF tells the value as a text, which rasterio writes of larger ones with an exponent: as -9.22e18, which is
read back as the integer -9."""


def nodata_of(values: np.ma.MaskedArray[Any, Any] | Values) -> float | None:
    """The value that masked cells get: NaN, or an integer that no cell with data has; None where none is needed.

    Raises:
        ProcessRefusedError: every integer of the type is in use.
    """
    if np.issubdtype(values.dtype, np.floating):
        return float("nan")
    if not np.ma.is_masked(values):
        return None
    free = _free(values)
    if free is None:
        refuse(f"every value of {values.dtype} is in use, so none is left to say that a cell has no data")
    return free


def with_room(
    values: np.ma.MaskedArray[Any, Any],
) -> tuple[np.ma.MaskedArray[Any, Any], float | None, tuple[str, ...]]:
    """Values of a type that has one left for cells without data, that one, and a warning where the type is another."""
    kind = values.dtype
    if kind.kind not in "iu" or not np.ma.is_masked(values):
        return values, None, ()
    free = _free(values)
    if free is not None or kind.itemsize == 8:
        return values, free, ()
    wide = np.dtype(f"{kind.kind}{2 * kind.itemsize}")
    free = _ends(wide)[0]
    told = f"Every value of {kind} is in use, so the result is of {wide}, where {free} says that a cell has no data."
    widened: Any = values.astype(wide)
    return widened, free, (told,)


def _free(values: np.ma.MaskedArray[Any, Any] | Values) -> int | None:
    """An integer that no cell with data has: an outermost one, else the least; None where all that are tried are."""
    first, last = _ends(values.dtype)
    taken = np.ma.getdata(values)[~np.ma.getmaskarray(values)]
    for end in (first, last):
        if not (taken == end).any():
            return end
    least = min(first, last)
    free = np.setdiff1d(np.arange(least, min(max(first, last), least + 65_536)), taken)
    return int(free[0]) if free.size else None


def _ends(kind: np.dtype[Any]) -> tuple[int, int]:
    """The outermost integers of a type that a GeoTIFF can tell, first the one that is less likely to be a value."""
    limits = np.iinfo(kind)
    least, most = max(limits.min, -_MOST_EXACT), min(limits.max, _MOST_EXACT)
    return (most, least) if least == 0 else (least, most)
