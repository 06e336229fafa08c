"""Statistics of numbers by groups, so that no group needs a pass of its own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.geo.geodesy.ellipsoid import Array, Integers

SAMPLE = "stdev: of a sample (n - 1)"
EXACT = 2.0**53
"""Whole numbers below this are the same as floats; of larger ones some are not."""
_LARGE = 2.0**62


@dataclass(frozen=True, slots=True)
class GroupStatistics:
    """Of each group that has a value."""

    groups: Integers
    sums: NDArray[Any]
    """Exact for integers: as objects where they may be larger than 64 bits hold."""
    means: Array
    least: NDArray[Any]
    most: NDArray[Any]
    medians: Array
    stdevs: Array
    """NaN for a single value."""
    distinct: Integers


def group_statistics(values: NDArray[Any], index: Integers, count: int) -> GroupStatistics:
    """Statistics of finite numbers, of which `index` tells to which of `count` groups each belongs."""
    order = np.argsort(values)
    # Small integers are sorted by counting.
    order = order[np.argsort(index[order].astype(np.min_scalar_type(count)), kind="stable")]
    values, index = values[order], index[order]
    counts = np.bincount(index, minlength=count)
    groups = np.flatnonzero(counts)
    if not len(groups):
        nothing = np.zeros(0)
        return GroupStatistics(groups, nothing, nothing, nothing, nothing, nothing, nothing, groups)
    sizes = counts[groups]
    starts = np.cumsum(sizes) - sizes
    exact = values.dtype == np.int64 and np.abs(values.astype(np.float64)).sum() >= _LARGE
    sums = np.add.reduceat(values.astype(object) if exact else values, starts)
    means: Array = sums.astype(np.float64) / sizes
    squares = np.add.reduceat(_deviations(values, means, starts, sizes) ** 2, starts)
    changes = np.concatenate([[True], (values[1:] != values[:-1]) | (index[1:] != index[:-1])])
    return GroupStatistics(
        groups,
        sums,
        means,
        values[starts],
        values[starts + sizes - 1],
        values[starts + (sizes - 1) // 2] / 2 + values[starts + sizes // 2] / 2,
        np.sqrt(squares / np.where(sizes > 1, sizes - 1, np.nan)),
        np.add.reduceat(changes.astype(np.int64), starts),
    )


def _deviations(values: NDArray[Any], means: Array, starts: Integers, sizes: Integers) -> Array:
    """How far each of the sorted values is from the mean of its group."""
    if values.dtype == np.int64 and max(-int(values.min()), int(values.max())) >= EXACT:
        # Floats would lose their last digits; above the least of its group, as unsigned numbers, none overflows.
        near: Array = (values.view(np.uint64) - np.repeat(values[starts], sizes).view(np.uint64)).astype(np.float64)
    else:
        near = values - np.repeat(means, sizes)
    # The means are rounded: what is left of them goes too.
    return near - np.repeat(np.add.reduceat(near, starts) / sizes, sizes)
