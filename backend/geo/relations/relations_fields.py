"""The attributes of features that go together: those of both, and statistics over those of several."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.ellipsoid import Array, Booleans, Integers
from backend.geo.vector.features import Features
from backend.geo.vector.fields import column_of, numbers_of, shown
from backend.geo.vector.number_columns import rows_of

type Statistic = Literal["sum", "mean", "min", "max", "count", "first"]
STATISTICS: tuple[Statistic, ...] = ("sum", "mean", "min", "max", "count", "first")
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
            raise ProcessRefusedError(reason, path=f"{INPUT}[{index}]")
        wanted[field.strip()] = (*wanted.get(field.strip(), ()), statistic)
    return wanted


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
        # Each has one partner, as often.
        same = len(index) == len(features) and bool((index == np.arange(len(index))).all())
        for name, column in features.fields.items():
            unique = free_name(name + suffix, taken, suffix) if name in clashing else name
            taken.add(unique)
            columns[unique] = column if same else rows_of(column, index)
    return columns


def free_name(name: str, taken: Collection[str], suffix: str = "_2") -> str:
    """The name itself, or with as many suffixes as it needs to be none of the others."""
    while name in taken:
        name += suffix
    return name


def statistics_of(
    features: Features, wanted: Mapping[str, Collection[Statistic]], rows: Integers, groups: Integers, count: int
) -> tuple[Columns, tuple[str, ...]]:
    """Statistics over the features `rows`, each of which belongs to one of `count` groups, by field; and warnings.

    Values that are null count for nothing; a sum over no feature is 0, and null over features without a value.

    Returns: columns of one value for each group, named `FIELD_STATISTIC`, or `FIELD` for the first value.

    Raises:
        ProcessRefusedError: there is no such field, or it holds something else than numbers.
    """
    order = np.lexsort((rows, groups))
    rows, groups = rows[order], groups[order]
    empty = np.bincount(groups, minlength=count) == 0
    columns: Columns = {}
    warnings: list[str] = []
    for name, statistics in wanted.items():
        column = column_of(features, name, INPUT)
        known = np.array([value is not None for value in column], dtype=np.bool_)[rows]
        nulls = len(np.unique(rows[~known]))
        if nulls:
            warnings.append(f"The field {name!r} is null in {nulls} of the features: these count for nothing in it.")
        for statistic in statistics:
            if statistic == "first":
                columns[name] = _first(column, rows[known], groups[known], count)
                warnings += _differing(name, column, rows[known], groups[known], columns[name])
            elif statistic == "count":
                columns[f"{name}_count"] = np.bincount(groups[known], minlength=count).tolist()
            else:
                values = numbers_of(features, name, INPUT)[rows[known]]
                there = (np.bincount(groups[known], minlength=count) > 0) | (empty & (statistic == "sum"))
                found = COMPUTED[statistic](values, groups[known], count)
                whole = statistic != "mean" and all(value is None or isinstance(value, int) for value in column)
                columns[f"{name}_{statistic}"] = _values(found, there, whole=whole)
    return columns, tuple(warnings)


def _values(found: Array, there: Booleans, *, whole: bool) -> list[int | float | None]:
    return [
        (int(value) if whole else value) if has else None
        for value, has in zip(found.tolist(), there.tolist(), strict=True)
    ]


def _sum(values: Array, groups: Integers, count: int) -> Array:
    return np.bincount(groups, values, minlength=count)


def _mean(values: Array, groups: Integers, count: int) -> Array:
    return _sum(values, groups, count) / np.maximum(np.bincount(groups, minlength=count), 1)


def _min(values: Array, groups: Integers, count: int) -> Array:
    found = np.full(count, np.inf)
    np.minimum.at(found, groups, values)
    return np.where(np.isfinite(found), found, 0)


def _max(values: Array, groups: Integers, count: int) -> Array:
    return -_min(-values, groups, count)


COMPUTED: Mapping[str, Callable[[Array, Integers, int], Array]] = {
    "sum": _sum,
    "mean": _mean,
    "min": _min,
    "max": _max,
}


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
