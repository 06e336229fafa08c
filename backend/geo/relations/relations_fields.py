"""The attributes of features that go together: those of both, and statistics over those of several."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.vector.columns import Column
from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name
from backend.geo.vector.fields import Numbers, check_size, column_of, numbers_array, numbers_of, shown
from backend.geo.vector.geometry_terms import MEASURES
from backend.geo.vector.group_statistics import EXACT, SAMPLE, GroupStatistics, group_statistics
from backend.geo.vector.number_columns import NumberColumn, rows_of
from backend.geo.vector.text_order import instants_of

type Statistic = Literal["sum", "mean", "median", "stdev", "min", "max", "count", "first"]
STATISTICS: tuple[Statistic, ...] = ("sum", "mean", "median", "stdev", "min", "max", "count", "first")
WHOLE = frozenset(("sum", "min", "max"))
"""Statistics that are integers of integers."""
EXTREMES = frozenset(("min", "max"))
"""Statistics that dates have, too: the first and the last."""
INPUT = "$.inputs.statistics"
"""Where statistics are asked for."""
type Columns = dict[str, Sequence[Any]]


def parse_statistics(texts: Iterable[str]) -> Mapping[str, tuple[Statistic, ...]]:
    """Field → the statistics of it that are wanted, from texts such as `sum:population`.

    Raises:
        ProcessRefusedError: a text names no statistic.
    """
    wanted: dict[str, tuple[Statistic, ...]] = {}
    for index, text in enumerate(texts):
        name, _, field = text.partition(":")
        statistic: Statistic | None = next((known for known in STATISTICS if known == name.strip().lower()), None)
        if statistic is None or not field.strip():
            reason = (
                f"{shown(text)} is no statistic of a field: it has the form sum:FIELD, with {', '.join(STATISTICS)}"
            )
            if text.strip().lower() == "count":
                reason += "; how many features there are is told anyway, as match_count or feature_count"
            raise ProcessRefusedError(reason, path=f"{INPUT}[{index}]")
        others = wanted.get(field.strip(), ())
        if statistic not in others:
            wanted[field.strip()] = (*others, statistic)
    return wanted


def how_computed(wanted: Mapping[str, Collection[Statistic]]) -> str:
    """What a method has to tell of the statistics beside their names."""
    return f"; {SAMPLE}" if any("stdev" in statistics for statistics in wanted.values()) else ""


def paired_fields(
    sides: Sequence[tuple[Features, Integers]], reserved: Collection[str] = (), suffixes: Sequence[str] = ("_1", "_2")
) -> Columns:
    """The attributes of the features of these indices (-1: none) of each side, side by side.

    Names that both sides have, or that are reserved, get the side's suffix.
    """
    names = [name for features, _ in sides for name in features.fields]
    clashing = {name for name in names if names.count(name) > 1} | set(reserved)
    taken = set(names)
    columns: Columns = {}
    for (features, index), suffix in zip(sides, suffixes, strict=False):
        for name, column in features.fields.items():
            unique = free_name(name + suffix, taken, suffix) if name in clashing else name
            taken.add(unique)
            columns[unique] = rows_of(column, index)
    return columns


def statistics_of(
    features: Features, wanted: Mapping[str, Collection[Statistic]], rows: Integers, groups: Integers, count: int
) -> tuple[Columns, tuple[str, ...]]:
    """Statistics over the features `rows`, each of which belongs to one of `count` groups, by field; and warnings.

    Values that are null count for nothing; a sum over no feature is 0, and null over features without a value.

    Returns: columns of one value for each group, named `FIELD_STATISTIC`, or `FIELD` for the first value.

    Raises:
        ProcessRefusedError: there is no such field, or it holds something else than numbers; of dates there are the
            first (min) and the last (max).
    """
    order = np.lexsort((rows, groups))
    rows, groups = rows[order], groups[order]
    empty = np.bincount(groups, minlength=count) == 0
    columns: Columns = {}
    warnings: list[str] = []
    for name, statistics in wanted.items():
        _refuse_measure(features, name)
        column = column_of(features, name, INPUT)
        known = np.array([value is not None for value in column], dtype=np.bool_)[rows]
        nulls = len(np.unique(rows[~known]))
        if nulls:
            warnings.append(f"The field {name!r} is null in {nulls} of the features: these count for nothing in it.")
        dates = instants_of(Column.of(column, shown(name))) if EXTREMES.intersection(statistics) else None
        without = {"first", "count", *(EXTREMES if dates is not None else ())}
        numbers = _numbers(features, name, rows[known]) if set(statistics) - without else None
        for statistic in statistics:
            if dates is not None and statistic in EXTREMES:
                latest = dates[rows[known]] * (-1 if statistic == "max" else 1)
                by_time = np.lexsort((latest, groups[known]))
                found = _first(column, rows[known][by_time], groups[known][by_time], count)
                columns[free_name(f"{name}_{statistic}", columns)] = found
            elif statistic == "first":
                found = _first(column, rows[known], groups[known], count)
                columns[free_name(name, columns)] = found
                warnings += _differing(name, column, rows[known], groups[known], found)
            elif statistic == "count":
                columns[free_name(f"{name}_count", columns)] = np.bincount(groups[known], minlength=count).tolist()
            elif numbers is not None:
                if statistic not in EXTREMES:
                    check_size(numbers.values, name, INPUT)
                columns[free_name(f"{name}_{statistic}", columns)] = _computed(numbers, statistic, groups[known], empty)
    return columns, tuple(warnings)


def _refuse_measure(features: Features, name: str) -> None:
    """Of whole features it would seldom be what is asked for: a road goes on in the next district."""
    if name in MEASURES and name not in features.fields:
        raise ProcessRefusedError(
            f"there is no field {shown(name)}: overlay measures the parts that lie in each, and summarize adds them up "
            "with group_by; calculate-field makes it a field of whole features",
            path=INPUT,
        )


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Numbers of a field."""

    values: Numbers
    """int64 where floats would round the numbers or sums of them."""
    whole: bool
    """Whether all numbers of the field are integers."""


def _numbers(features: Features, name: str, rows: Integers) -> _Numbers:
    """The numbers of these features, each of which has one.

    Raises:
        ProcessRefusedError: the field holds something else than numbers.
    """
    values = numbers_of(features, name, INPUT)[rows]
    column = features.fields[name]
    stored = column.values if isinstance(column, NumberColumn) else None
    whole = all(isinstance(value, int | None) for value in column) if stored is None else stored.dtype == np.int64
    if not whole or float(np.abs(values).sum()) < EXACT:
        return _Numbers(values, whole)
    exact = numbers_array(column) if stored is None else stored
    return _Numbers(exact[rows] if exact.dtype == np.int64 else values, whole)


def _computed(numbers: _Numbers, statistic: Statistic, groups: Integers, empty: Booleans) -> list[int | float | None]:
    """The statistic of each group, of which those without a feature are `empty`; None where there is none."""
    count = len(empty)
    if numbers.values.dtype == np.int64:
        values: list[int | float | None] = [0 if none and statistic == "sum" else None for none in empty.tolist()]
        found = group_statistics(numbers.values, groups, count)
        for group, value in zip(found.groups.tolist(), EXACTLY[statistic](found).tolist(), strict=True):
            values[group] = None if math.isnan(value) else value
        return values
    there = (np.bincount(groups, minlength=count) > 0) | (empty & (statistic == "sum"))
    computed = COMPUTED[statistic](numbers.values, groups, count)
    # A single value has no standard deviation.
    there &= ~np.isnan(computed)
    whole = statistic in WHOLE and numbers.whole
    return [
        (int(value) if whole else value) if has else None
        for value, has in zip(computed.tolist(), there.tolist(), strict=True)
    ]


def _sum(values: Array, groups: Integers, count: int) -> Array:
    return np.bincount(groups, values, minlength=count)


def _mean(values: Array, groups: Integers, count: int) -> Array:
    return _sum(values, groups, count) / np.maximum(np.bincount(groups, minlength=count), 1)


def _median(values: Array, groups: Integers, count: int) -> Array:
    found = group_statistics(values, groups, count)
    return _spread(found.groups, found.medians, count)


def _stdev(values: Array, groups: Integers, count: int) -> Array:
    found = group_statistics(values, groups, count)
    return _spread(found.groups, found.stdevs, count)


def _spread(groups: Integers, found: Array, count: int) -> Array:
    every = np.full(count, np.nan)
    every[groups] = found
    return every


def _min(values: Array, groups: Integers, count: int) -> Array:
    found = np.full(count, np.inf)
    np.minimum.at(found, groups, values)
    return np.where(np.isfinite(found), found, 0)


def _max(values: Array, groups: Integers, count: int) -> Array:
    return -_min(-values, groups, count)


COMPUTED: Mapping[str, Callable[[Array, Integers, int], Array]] = {
    "sum": _sum,
    "mean": _mean,
    "median": _median,
    "stdev": _stdev,
    "min": _min,
    "max": _max,
}
"""Of floats, at once for all groups."""
EXACTLY: Mapping[str, Callable[[GroupStatistics], NDArray[Any]]] = {
    "sum": lambda found: found.sums,
    "mean": lambda found: found.means,
    "median": lambda found: found.medians,
    "stdev": lambda found: found.stdevs,
    "min": lambda found: found.least,
    "max": lambda found: found.most,
}
"""Of integers that are too large for floats."""


def _first(column: Sequence[Any], rows: Integers, groups: Integers, count: int) -> list[Any]:
    found: list[Any] = [None] * count
    present, at = np.unique(groups, return_index=True)
    for group, row in zip(present.tolist(), rows[at].tolist(), strict=True):
        found[group] = column[row]
    return found


def _differing(name: str, column: Sequence[Any], rows: Integers, groups: Integers, first: Sequence[Any]) -> list[str]:
    other = {group for row, group in zip(rows.tolist(), groups.tolist(), strict=True) if column[row] != first[group]}
    if not other:
        return []
    return [f"The field {name!r} has more than one value in {len(other)} groups: the first one was kept."]
