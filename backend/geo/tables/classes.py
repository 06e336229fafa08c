"""Classes of numbers: where to cut a range into a few, and which value is in which."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backend.errors import refuse
from backend.geo.geodesy.ellipsoid import Array
from backend.geo.vector.fields import check_size

type Scheme = Literal["natural-breaks", "quantiles", "equal-interval", "given-breaks"]

MOST_VALUES = 3_000
"""Different values among which natural breaks are sought; of more, neighbours are taken together."""
METHODS: Mapping[Scheme, str] = {
    "natural-breaks": "natural breaks (Fisher-Jenks): the least sum of squares within classes, found exactly",
    "quantiles": "quantiles: as many values in each class as equal values allow",
    "equal-interval": "equal intervals from the least to the greatest value",
    "given-breaks": "the breaks that were given",
}


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes from low to high. A value equal to a break is in the class below it."""

    limits: Array
    """Least value, breaks, greatest value: one more than there are classes."""
    numbers: list[int | None]
    """The class of each value, counted from 1; None for a value that is missing."""
    counts: list[int]
    """Values in each class."""
    fit: float
    """Goodness of variance fit: the share of the variance that lies between the classes, 0 to 1."""
    warnings: tuple[str, ...]


def classify(values: Array, scheme: Scheme, count: int, breaks: Sequence[float] = ()) -> Classes:
    """Sort values, NaN for missing ones, into `count` classes, or by breaks into one more than there are breaks.

    Raises:
        ProcessRefusedError: no value is there, or the breaks do not rise.
    """
    present = values[~np.isnan(values)]
    if not len(present):
        refuse("no feature has a number in this field", "$.inputs.field")
    check_size(present, "the field", "$.inputs.field")
    if scheme == "given-breaks":
        cuts, warnings = _rising(breaks), list[str]()
    else:
        cuts, warnings = _SCHEMES[scheme](present, count)
        if len(cuts) + 1 < count:
            warnings.append(f"There are {len(cuts) + 1} classes rather than {count}: too few values differ.")
    index = np.searchsorted(cuts, values, side="left")
    numbers = [
        None if missing else at + 1 for at, missing in zip(index.tolist(), np.isnan(values).tolist(), strict=True)
    ]
    counts = np.bincount(index[~np.isnan(values)], minlength=len(cuts) + 1).tolist()
    ends = min(present.min(), cuts[0] if len(cuts) else np.inf), max(present.max(), cuts[-1] if len(cuts) else -np.inf)
    limits = np.concatenate([[ends[0]], cuts, [ends[1]]])
    fit = _fit(present, np.searchsorted(cuts, present, side="left"))
    return Classes(limits, numbers, counts, fit, tuple(warnings))


def _rising(breaks: Sequence[float]) -> Array:
    cuts = np.array(breaks, dtype=np.float64)
    if not len(cuts):
        refuse("give the breaks between the classes, such as [10, 20] for three classes", "$.inputs.breaks")
    if not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
        refuse("the breaks must be numbers that rise, each above the one before", "$.inputs.breaks")
    return cuts


def _equal(values: Array, count: int) -> tuple[Array, list[str]]:
    low, high = float(values.min()), float(values.max())
    return np.unique(np.linspace(low, high, count + 1)[1:-1]) if low < high else np.array([]), []


def _quantiles(values: Array, count: int) -> tuple[Array, list[str]]:
    """The values at the ends of equal shares; equal values stay together."""
    ordered = np.sort(values)
    ends = np.ceil(np.arange(1, count) * len(ordered) / count).astype(int) - 1
    cuts = np.unique(ordered[np.maximum(ends, 0)])
    return cuts[cuts < ordered[-1]], []


def _natural(values: Array, count: int) -> tuple[Array, list[str]]:
    different, repeats = np.unique(values, return_counts=True)
    weights = repeats.astype(np.float64)
    warnings: list[str] = []
    tops = different
    if len(different) > MOST_VALUES:
        tops, different, weights = _together(different, weights)
        warnings.append(
            f"Of more than {MOST_VALUES} different values, neighbours were taken together, {len(tops)} groups of about "
            "as many values each: the breaks are the best between groups."
        )
    ends = _partition(different, weights, min(count, len(different)))
    return tops[ends], warnings


def _together(values: Array, weights: Array) -> tuple[Array, Array, Array]:
    """The greatest value, mean and number of values of groups of neighbours of about as many values each."""
    shares = np.floor((np.cumsum(weights) - weights / 2) / weights.sum() * MOST_VALUES)
    starts = np.flatnonzero(np.diff(shares, prepend=-1))
    sums = np.add.reduceat(weights, starts)
    means = np.add.reduceat(values * weights, starts) / sums
    return values[np.append(starts[1:], len(values)) - 1], means, sums


def _partition(values: Array, weights: Array, count: int) -> list[int]:
    """The last value of each class but the highest, for the least sum of squares within classes.

    Dynamic programming over the number of classes (Fisher 1958). The best start of the last class never falls as its
    end rises, so that halving the ends halves the starts to be tried (divide and conquer).
    """
    cost = _costs(values, weights)
    size = len(values)
    best = cost(np.zeros(size, dtype=np.intp), np.arange(size))
    starts: list[Any] = []
    for classes in range(1, count):
        best, start = _one_more(best, cost, classes)
        starts.append(start)
    ends: list[int] = []
    last = size - 1
    for start in reversed(starts):
        last = int(start[last]) - 1
        ends.append(last)
    return ends[::-1]


def _costs(values: Array, weights: Array) -> Callable[[Any, Any], Array]:
    """The sum of squares of the values from one index to another, both included."""
    centred = values - np.average(values, weights=weights)
    number, total, square = (np.concatenate([[0.0], np.cumsum(weights * centred**power)]) for power in (0, 1, 2))

    def cost(start: Any, end: Any) -> Array:
        share = number[end + 1] - number[start]
        return square[end + 1] - square[start] - (total[end + 1] - total[start]) ** 2 / share

    return cost


def _one_more(best: Array, cost: Callable[[Any, Any], Array], classes: int) -> tuple[Array, Any]:
    """The least cost with one class more, for each end, and where that class starts."""
    size = len(best)
    more = np.full(size, np.inf)
    start = np.zeros(size, dtype=np.intp)
    spans = [(classes, size - 1, classes, size - 1)]
    while spans:
        low, high, first, last = spans.pop()
        end = (low + high) // 2
        tried = np.arange(first, min(end, last) + 1)
        costs = best[tried - 1] + cost(tried, end)
        chosen = int(costs.argmin())
        more[end], start[end] = costs[chosen], tried[chosen]
        if low < end:
            spans.append((low, end - 1, first, int(tried[chosen])))
        if end < high:
            spans.append((end + 1, high, int(tried[chosen]), last))
    return more, start


def _fit(values: Array, index: Any) -> float:
    total = float(((values - values.mean()) ** 2).sum())
    if total == 0:
        return 1.0
    sizes = np.bincount(index)
    means = np.bincount(index, values) / np.maximum(sizes, 1)
    return 1 - float(((values - means[index]) ** 2).sum()) / total


_SCHEMES: Mapping[Scheme, Callable[[Array, int], tuple[Array, list[str]]]] = {
    "natural-breaks": _natural,
    "quantiles": _quantiles,
    "equal-interval": _equal,
}
