"""Whether values that are alike lie together: Moran's I, local Moran, Getis-Ord Gi*."""

import math
from dataclasses import dataclass

import numpy as np

from backend.geo.analysis.spatial_statistics_weights import Weights
from backend.geo.geodesy.ellipsoid import Array, Booleans

SEED = 20_260_101
MOST_DRAWN = 200_000
"""Pairs of neighbours up to which 999 permutations are drawn; beyond, 99."""
QUADRANTS = np.array(["low-low", "low-high", "high-low", "high-high"])
_ROUNDING = 1e-14
"""Share of the sum of squares below which values differ by rounding only."""


@dataclass(frozen=True, slots=True)
class Moran:
    """Global Moran's I with binary weights divided by each feature's number of neighbours."""

    value: float
    expected: float
    z: float | None
    """Under randomisation; None where its variance is not known (fewer than four features)."""
    p: float | None
    """Two-sided, of z."""
    p_permuted: float
    """Two-sided, from random permutations of the values."""
    permutations: int


@dataclass(frozen=True, slots=True)
class Local:
    """A local statistic at each feature; NaN at those without neighbours."""

    value: Array
    z: Array
    p: Array
    """Two-sided, of z taken for normal."""
    q: Array
    """p corrected for testing every feature, by the false discovery rate."""


def moran(values: Array, weights: Weights) -> Moran:
    """Global Moran's I over features of which none has the same value as all others.

    Source: A. D. Cliff and J. K. Ord, Spatial Processes (1981), 1.5 and 2.3, under randomisation.
    """
    n, z = len(values), values - values.mean()
    share = np.divide(1, weights.neighbours, out=np.zeros(n), where=weights.neighbours > 0)
    total = float((weights.neighbours > 0).sum())
    square = float(z @ z)

    def index(deviations: Array) -> float:
        return n / total * float((share * deviations) @ weights.sums(deviations)) / square

    observed, expected = index(z), -1 / (n - 1)
    score = None if n < 4 else _randomised(observed - expected, z, share, weights)
    drawn = 999 if len(weights.first) <= MOST_DRAWN else 99
    random = np.random.default_rng(SEED)
    others = np.array([index(random.permutation(z)) for _ in range(drawn)])
    extreme = int((np.abs(others - expected) >= abs(observed - expected)).sum())
    p = None if score is None else float(_two_sided(np.array([score]))[0])
    return Moran(observed, expected, score, p, (extreme + 1) / (drawn + 1), drawn)


def local_moran(values: Array, weights: Weights) -> tuple[Local, list[str | None]]:
    """Local Moran's I, and whether each feature and its neighbours are high or low.

    z compares with values drawn at random for the neighbours, the feature's own staying (conditional randomisation).

    Source: L. Anselin, Local indicators of spatial association, Geographical Analysis 27 (1995); moments of sums drawn
    without replacement.
    """
    n, z = len(values), values - values.mean()
    square, counts = float(z @ z), weights.neighbours
    with np.errstate(invalid="ignore", divide="ignore"):
        lag = weights.sums(z) / counts
        value = z * lag * n / square
        mean = -z / (n - 1)
        variance = (square - z**2) / (n - 1) - mean**2
        spread = variance * ((n - 1) / counts - 1) / (n - 2)
        # The statistic is the lag times what the feature itself has, whose sign only turns it.
        score = np.sign(z) * (lag - mean) / np.sqrt(np.where(spread > _ROUNDING * square, spread, np.nan))
    quadrant = QUADRANTS[2 * (z > 0) + (np.nan_to_num(lag) > 0)].tolist()
    names: list[str | None] = [name if known else None for name, known in zip(quadrant, counts > 0, strict=True)]
    return _local(value, score, counts > 0), names


def getis_ord(values: Array, weights: Weights) -> Local:
    """Getis-Ord Gi*, with binary weights: each feature counts among its own neighbours.

    Source: J. K. Ord and A. Getis, Local spatial autocorrelation statistics, Geographical Analysis 27 (1995), (14).
    """
    n, counts = len(values), weights.neighbours + 1
    # Deviations, so that large values lose no digits.
    z = values - values.mean()
    deviation = math.sqrt(float(z @ z) / n)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (weights.sums(z) + z) / (deviation * np.sqrt((n * counts - counts**2) / (n - 1)))
    return _local(score, score, weights.neighbours > 0)


def constant(values: Array) -> bool:
    """All values are the same, but for rounding: there is nothing that could lie together."""
    z = values - values.mean()
    return bool(z @ z <= _ROUNDING * float(values @ values))


def false_discovery(p: Array) -> Array:
    """p-values corrected for their number; NaN stays.

    Source: Y. Benjamini and Y. Hochberg, Controlling the false discovery rate, Journal of the Royal Statistical Society
    B 57 (1995).
    """
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known])]
    corrected = p[order] * len(order) / np.arange(1, len(order) + 1)
    result = np.full(len(p), np.nan)
    result[order] = np.minimum.accumulate(corrected[::-1])[::-1]
    return np.minimum(result, 1)


def _randomised(difference: float, z: Array, share: Array, weights: Weights) -> float:
    """The difference from the expected value in standard deviations."""
    n = len(z)
    one_way = share[weights.first]
    code, back = weights.first * n + weights.second, weights.second * n + weights.first
    at = np.minimum(np.searchsorted(code, back), max(len(code) - 1, 0))
    other_way = np.where(code[at] == back, one_way[at], 0)
    s0 = one_way.sum()
    # A pair that has one direction only is met once, and its other half is as large.
    s1 = ((one_way + other_way) ** 2 * np.where(other_way > 0, 0.5, 1)).sum()
    rows = np.bincount(weights.first, one_way, n) + np.bincount(weights.second, one_way, n)
    s2 = (rows**2).sum()
    kurtosis = n * (z**4).sum() / (z**2).sum() ** 2
    first = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    second = kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    variance = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - 1 / (n - 1) ** 2
    return float(difference / math.sqrt(variance)) if variance > 0 else 0.0


def _local(value: Array, score: Array, known: Booleans) -> Local:
    z = np.where(known & np.isfinite(score), score, np.nan)
    p = _two_sided(z)
    return Local(np.where(known, value, np.nan), z, p, false_discovery(p))


def _two_sided(z: Array) -> Array:
    return np.array([math.erfc(abs(score) / math.sqrt(2)) for score in z.tolist()])
