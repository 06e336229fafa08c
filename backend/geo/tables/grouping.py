"""Statistics of fields, for all features or for groups of them."""

import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from backend.errors import refuse
from backend.geo.geodesy.ellipsoid import Array, Integers
from backend.geo.geodesy.shapes import union_of
from backend.geo.vector.columns import Column
from backend.geo.vector.feature_measures import overlapping
from backend.geo.vector.features import Features
from backend.geo.vector.fields import check_size, column_of, keys_of, numbers_of, shown
from backend.geo.vector.geometry_terms import TERMS, measured, measured_column
from backend.geo.vector.group_statistics import group_statistics
from backend.geo.vector.measuring import same_ground
from backend.geo.vector.text_order import instants_of

type JsonObject = dict[str, Any]

MOST_FREQUENT = 5
_UNWEIGHTED = (
    "seems to be a rate, share or average: its sum means nothing, and its mean is unweighted, every row counting "
    "alike. For that of the whole (a ratio of totals) give the field of its denominator, such as the population, as "
    "weight."
)
_DOUBLE = (
    "counts the ground that they share more than once (double counting); that of their union is what dissolve gives"
)
MOST_CHECKED = 20_000
"""Polygons of which it is found out whether they overlap each other."""
_RATE = re.compile(
    r"(?<![a-z])(rate|ratio|percent(age)?|pct|perc|share|prop(ortion)?|density|per|index|mean|avg|average|median|quote"
    r"|anteil|prozent|dichte|taux|tasa|tasso)(?![a-z])|rate$|quote$|dichte$|anteil$|density$|%",
    re.IGNORECASE,
)
"""Names of fields whose values are no amounts, so that they have no sum and a mean only with a weight."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of each group."""

    groups: list[JsonObject]
    """`by` (field → value), `rows`, and `fields` (name → statistics); one group of all where there is nothing to group
    by."""
    warnings: tuple[str, ...]
    methods: tuple[str, ...]


def summarize(
    features: Features, fields: Sequence[str], group_by: Sequence[str] = (), weight: str | None = None
) -> Summary:
    """Count, sum, mean, extremes, median, standard deviation and different values of fields, in order of first rows.

    Texts have how many are different, and the most frequent; dates in ISO 8601 also the first and the last.

    fields: of numbers, texts or truth values, or terms of `backend.geo.vector.geometry_terms`. weight: a field of
    numbers not below zero; the weighted mean is the sum of the products over the sum of the weights.

    Raises:
        ProcessRefusedError: a field is not there, holds values of several kinds, or a weight is below zero.
    """
    by = {name: column_of(features, name, "$.inputs.group_by") for name in dict.fromkeys(group_by)}
    index, firsts = _groups(list(by.values()), len(features))
    rows = np.bincount(index, minlength=len(firsts)).tolist()
    groups: list[JsonObject] = [
        {"by": {name: column[first] for name, column in by.items()}, "rows": count, "fields": {}}
        for first, count in zip(firsts, rows, strict=True)
    ]
    weights = None if weight is None else _weights(features, weight)
    warnings: list[str] = []
    methods: list[str] = []
    for name in dict.fromkeys(fields):
        column = _column(features, name, warnings, methods)
        statistics = _statistics(column, index, len(firsts), weights)
        for group, one in zip(groups, statistics, strict=True):
            group["fields"][name] = one
        warnings += _doubts(features, name, column, weight)
    without_key = [name for name in by if any(group["by"][name] is None for group in groups)]
    warnings += [f"Features without a value of {name!r} are a group of their own: null." for name in without_key]
    return Summary(groups, tuple(dict.fromkeys(warnings)), tuple(methods))


def _groups(columns: Sequence[Sequence[Any]], count: int) -> tuple[Integers, list[int]]:
    """The group of each feature, counted in order of their first features, and these."""
    if len(columns) == 1:
        # Its codes are in that order already.
        index = _codes(columns[0])
        firsts = np.empty(int(index.max(initial=-1)) + 1, dtype=np.intp)
        firsts[index[::-1]] = np.arange(count)[::-1]
        return index, firsts.tolist()
    index = np.zeros(count, dtype=np.int64)
    for column in columns:
        codes = _codes(column)
        _, index = np.unique(index * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)
    _, firsts, index = np.unique(index, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(firsts))
    return rank[index], np.sort(firsts).tolist()


def _codes(column: Sequence[Any]) -> NDArray[np.int64]:
    """A number for each different value, from 0 in the order of their first places."""
    numbers: defaultdict[Any, int] = defaultdict(itertools.count().__next__)
    return np.fromiter(map(numbers.__getitem__, keys_of(column)), dtype=np.int64, count=len(column))


def _column(features: Features, name: str, warnings: list[str], methods: list[str]) -> Column:
    if name in features.fields or name not in TERMS:
        column = Column.of(column_of(features, name, "$.inputs.fields"), f"the field {shown(name)}")
        if column.kind == "mixed":
            refuse(f"{column.told()}, which have no statistics", "$.inputs.fields")
        if column.kind == "number":
            check_size(column.values, name, "$.inputs.fields")
            warnings += filter(None, [column.inexact])
        return column
    measure = measured_column(name, features)
    warnings += measure.warnings
    methods.append(measure.method)
    return measure.column


def _weights(features: Features, weight: str) -> Array:
    path = "$.inputs.weight"
    if weight in TERMS and weight not in features.fields:
        values, _ = measured(weight, features)
    else:
        values = numbers_of(features, weight, path)
        check_size(values, weight, path)
    if (values < 0).any():
        refuse(f"the weight {weight!r} is below zero for {int((values < 0).sum())} features", path)
    return values


def _statistics(column: Column, index: Integers, count: int, weights: Array | None) -> list[JsonObject]:
    """For each group, of the values that are known."""
    known = column.known
    counts = np.bincount(index[known], minlength=count)
    nulls = np.bincount(index, minlength=count) - counts
    told: list[JsonObject] = [
        {"count": some, "nulls": none} for some, none in zip(counts.tolist(), nulls.tolist(), strict=True)
    ]
    values, groups = column.values[known], index[known]
    if column.kind in ("number", "nothing"):
        _numeric(told, values, groups)
        if weights is not None:
            _weighted(told, values, groups, weights[known])
    else:
        _nominal(told, values.tolist(), groups.tolist())
        instants = instants_of(column)
        if instants is not None and known.any():
            _dated(told, values, instants[known], groups)
    return told


def _numeric(told: list[JsonObject], values: NDArray[Any], index: Integers) -> None:
    for one in told:
        one.update(dict.fromkeys(("sum", "mean", "min", "max", "median", "stdev")), distinct=0)
    found = group_statistics(values, index, len(told))
    columns = (found.sums, found.means, found.least, found.most, found.medians, found.stdevs, found.distinct)
    rows = zip(found.groups.tolist(), *(column.tolist() for column in columns), strict=True)
    for group, total, mean, least, most, median, stdev, distinct in rows:
        told[group] |= {
            "sum": total,
            "mean": mean,
            "min": least,
            "max": most,
            "median": median,
            "stdev": None if math.isnan(stdev) else stdev,
            "distinct": distinct,
        }


def _weighted(told: list[JsonObject], values: NDArray[Any], index: Integers, weights: Array) -> None:
    has = ~np.isnan(weights)
    totals = np.bincount(index[has], weights[has], minlength=len(told))
    products = np.bincount(index[has], values[has] * weights[has], minlength=len(told))
    missing = np.bincount(index[~has], minlength=len(told)).tolist()
    for one, total, product, without in zip(told, totals.tolist(), products.tolist(), missing, strict=True):
        one |= {
            "weighted_mean": product / total if total > 0 else None,
            "weight_sum": total,
            "without_weight": without,
        }


def _nominal(told: list[JsonObject], values: Sequence[Any], index: Sequence[int]) -> None:
    found = [Counter[Any]() for _ in told]
    for group, value in zip(index, values, strict=True):
        found[group][value] += 1
    for one, counter in zip(told, found, strict=True):
        frequent = [{"value": value, "count": count} for value, count in counter.most_common(MOST_FREQUENT)]
        one |= {"distinct": len(counter), "most_frequent": frequent}


def _dated(told: list[JsonObject], texts: NDArray[Any], instants: Integers, index: Integers) -> None:
    for one in told:
        one.update(min=None, max=None)
    for name, order in (("min", np.lexsort((instants, index))), ("max", np.lexsort((-instants, index)))):
        groups, at = np.unique(index[order], return_index=True)
        for group, text in zip(groups.tolist(), texts[order[at]].tolist(), strict=True):
            told[group][name] = text


def _doubts(features: Features, name: str, column: Column, weight: str | None) -> list[str]:
    """Reasons why a statistic of this field may not mean what it seems to."""
    if column.kind not in ("number", "nothing"):
        return []
    if _RATE.search(name) and weight is None:
        return [f"{name!r} {_UNWEIGHTED}"]
    if name in TERMS and "area" in name:
        return _overlaps(features, name)
    return []


def _overlaps(features: Features, name: str) -> list[str]:
    shapes = features.shapes[shapely.get_dimensions(features.shapes) == 2]
    if len(shapes) > MOST_CHECKED:
        return [f"Whether polygons overlap was not checked: the sum of {name} counts what they share more than once."]
    found = int(overlapping(shapes).sum())
    if not found or same_ground(shapes, union_of(shapes), features.crs):
        return []
    return [f"{found} polygons overlap others: the sum of {name} {_DOUBLE}."]
