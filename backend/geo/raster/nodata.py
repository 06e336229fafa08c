"""Which value says that a cell of a raster has no data."""

from collections.abc import Container
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.errors import refuse

type Values = NDArray[Any]

_MOST_EXACT = 2**53
"""A GeoTIFF tells the value as a text, which rasterio writes of larger ones with an exponent: as -9.22e18, which is
read back as the integer -9."""


_CUSTOMARY = (-9999.0, -99999.0, -999.0, -32768.0, -32767.0, -3.4028234663852886e38, -1e38, 9.969209968386869e36, 1e20)
"""Values by which files say that a cell has no data: those that programs write by themselves. 0 and 255 are not among
them: of a byte they are values like others."""
_AT_ONCE = 1 << 20
"""Values that are looked at together."""


def undeclared(
    values: np.ma.MaskedArray[Any, Any], what: str = "cells", *, meant: Container[float] = (), band: str = "a1"
) -> str | None:
    """A warning where a value seems to say that there are no data, although the file does not: it counts as others do.

    It is one that programs write for it, and further from all others than these are from each other. what: the values
    are of. meant: values of which the caller says what they are. band: its name in an expression.
    """
    if not values.count():
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        known = _known_as(values.dtype)
        for suspect in _extremes(values).intersection(known):
            if suspect in meant:
                continue
            others = values.compressed()
            others = others[others != suspect].astype(np.float64, copy=False)
            apart = np.abs(others - suspect).min(initial=np.inf)
            if len(others) and not apart > others.max() - others.min():
                continue
            share = 1 - len(others) / values.count()
            return (
                f"{share:.3%} of the {what} have the value {suspect:g}, which often stands for no data: the file does "
                f"not say so, and they count. raster-calculate takes them out: where({band} == {known[suspect]:.17g}, "
                f"None, {band})."
            )
    return None


def may_be_undeclared(values: np.ma.MaskedArray[Any, Any]) -> bool:
    """Whether `undeclared` may have something to tell of what these values are a part of."""
    with np.errstate(over="ignore"):
        return bool(values.count()) and not _extremes(values).isdisjoint(_known_as(values.dtype))


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


def _extremes(values: np.ma.MaskedArray[Any, Any]) -> set[float]:
    """The smallest and the largest value, which NumPy makes a copy for: some rows at a time."""
    step = max(1, _AT_ONCE * len(values) // values.size)
    parts = (values[first : first + step] for first in range(0, len(values), step))
    ends = [(float(part.min()), float(part.max())) for part in parts if part.count()]
    return {min(low for low, _ in ends), max(high for _, high in ends)}


def _known_as(kind: np.dtype[Any]) -> dict[float, float]:
    """The customary values by the numbers of this type that hold them."""
    if kind.kind != "f":
        return {value: value for value in _CUSTOMARY}
    with np.errstate(over="ignore"):
        held = np.array(_CUSTOMARY).astype(kind).astype(np.float64).tolist()
    return dict(zip(held, _CUSTOMARY, strict=True))
