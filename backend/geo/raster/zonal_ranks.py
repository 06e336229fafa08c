"""Percentiles and the most common of weighted values."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.geo.geodesy.ellipsoid import Array

type Values = NDArray[Any]


def ranks(
    values: Values, weights: NDArray[np.float32 | np.float64] | None, shares: Sequence[float], *, modes: bool = True
) -> Array:
    """The percentiles of these shares of 1, the most and the least common value; NaN where there are no values.

    weights: None where all weigh alike. Values of no weight do not count. A percentile lies linearly between the values
    whose weights enclose its share, which for equal weights is what `numpy.quantile` does. Of equally common values the
    most common is the largest, the least common the smallest. modes: False leaves the most and the least common out.
    """
    if weights is not None and not (counted := weights > 0).all():
        values, weights = values[counted], weights[counted]
    if not values.size:
        return np.full(len(shares) + 2 * modes, np.nan)
    if weights is None or weights.min() == weights.max():
        # A zone may have a quarter of a thousand million cells: what need not be held for each is not.
        values, weights = np.sort(values), None
    else:
        order = np.argsort(values, kind="stable")
        values, weights = values[order], weights[order]
    return np.array([*_percentiles(values, weights, shares), *(_modes(values, weights) if modes else ())])


def _percentiles(
    values: Values, weights: NDArray[np.float32 | np.float64] | None, shares: Sequence[float]
) -> list[float]:
    last = len(values) - 1
    up_to = None if weights is None else np.cumsum(weights)

    def place(index: int) -> float:
        """With n values the k-th is at k / (n - 1) for equal weights, and here times n - 1 and the sum of weights."""
        if weights is None or up_to is None:
            return index * (last + 1.0)
        return index * float(weights[index]) + last * float(up_to[index] - weights[index])

    whole = last * (last + 1.0 if up_to is None else float(up_to[-1]))
    return [_between(values, place, share * whole) for share in shares]


def _between(values: Values, place: Any, wanted: float) -> float:
    above = bisect_right(range(len(values)), wanted, key=place)
    if above == len(values):
        return float(values[-1])
    low, high = float(values[above - 1]), float(values[above])
    start = place(above - 1)
    return low + (high - low) * (wanted - start) / (place(above) - start)


def _modes(values: Values, weights: NDArray[np.floating] | None) -> tuple[float, float]:
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    if weights is None:
        total = np.diff(np.append(starts, len(values)))
        alike = 0.0
    else:
        total = np.add.reduceat(weights, starts)
        # Weights are products of single-precision shares: sums that differ by less are equal.
        alike = 1e-6 * float(total.max())
    most = starts[np.flatnonzero(total >= total.max() - alike)[-1]]
    least = starts[np.flatnonzero(total <= total.min() + alike)[0]]
    return float(values[most]), float(values[least])
