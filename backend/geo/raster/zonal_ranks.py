"""Percentiles and the most common of weighted values."""

from collections.abc import Sequence

import numpy as np

from backend.geo.geodesy.ellipsoid import Array


def ranks(values: Array, weights: Array, shares: Sequence[float]) -> Array:
    """The percentiles of these shares of 1, the most and the least common value; NaN where there are no values.

    Values of no weight do not count. A percentile lies linearly between the values whose weights enclose its share,
    which for equal weights is what `numpy.quantile` does. Of equally common values the most common is the largest, the
    least common the smallest.
    """
    counted = weights > 0
    values, weights = values[counted].astype(np.float64), weights[counted].astype(np.float64)
    if not values.size:
        return np.full(len(shares) + 2, np.nan)
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order]
    starts = np.flatnonzero(np.append(True, np.diff(values) != 0))
    # Weights are products of single-precision shares: sums that differ by less are equal.
    total = np.add.reduceat(weights, starts)
    distinct, equal = values[starts], 1e-6 * total.max()
    most = distinct[np.flatnonzero(total >= total.max() - equal)[-1]]
    least = distinct[np.flatnonzero(total <= total.min() + equal)[0]]
    return np.array([*_percentiles(values, weights, shares), most, least])


def _percentiles(values: Array, weights: Array, shares: Sequence[float]) -> Array:
    if len(values) == 1:
        return np.full(len(shares), values[0])
    # With n values the k-th is at k / (n - 1) for equal weights.
    before = np.cumsum(weights) - weights
    places = np.arange(len(values)) * weights + (len(values) - 1) * before
    return np.interp(np.asarray(shares) * (len(values) - 1) * weights.sum(), places, values)
