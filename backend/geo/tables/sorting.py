"""Puts features in the order of their fields or measures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.geo.geodesy.ellipsoid import Integers
from backend.geo.vector.columns import Column, orderable
from backend.geo.vector.features import Features
from backend.geo.vector.geometry_terms import TERMS, measured_column
from backend.geo.vector.text_order import order_of

PATH = "$.inputs.sort"
_DIRECTED = re.compile(r"(?is)(?P<sign>[+-]?)(?P<name>.+?)(?:\s+(?P<word>(?:asc|desc)(?:ending)?))?")


@dataclass(frozen=True, slots=True)
class Sorted:
    """Features in order."""

    features: Features
    ties: int
    """How many features left out by a limit are equal to the last that is there."""
    warnings: tuple[str, ...]


def put_in_order(features: Features, names: Sequence[str], limit: int | None) -> Sorted:
    """By the first name, what is equal by the next; what is equal in all stays as it came. At most `limit` of them.

    names: fields, or terms of `backend.geo.vector.geometry_terms`; a minus before one, or `DESC` after it as in SQL,
    turns its order round, and a plus or `ASC` says that nothing does. Numbers
    come by size, dates and times in ISO 8601 by time, other texts character by character; features without a value come
    last either way.

    Raises:
        ProcessRefusedError: there is no such field, or it holds values of several kinds.
    """
    if not names and (limit is None or limit >= len(features)):
        return Sorted(features, 0, ())
    warnings: list[str] = []
    ranks = [_ranks(features, name, f"{PATH}[{at}]", warnings) for at, name in enumerate(names)]
    index = np.lexsort(ranks[::-1]) if ranks else np.arange(len(features))
    if limit is None or limit >= len(index):
        return Sorted(features.take(index), 0, tuple(warnings))
    last, rest = index[limit - 1], index[limit:]
    alike = np.logical_and.reduce([rank[rest] == rank[last] for rank in ranks]) if ranks else np.zeros(0)
    return Sorted(features.take(index[:limit]), int(alike.sum()), tuple(warnings))


def _ranks(features: Features, name: str, path: str, warnings: list[str]) -> Integers:
    """The place of each value among the different ones."""
    name, turned = _direction(features, name)
    column = _column(features, name, path, warnings)
    keys, doubt = order_of(column) if column.kind == "text" else (column.precise, None)
    warnings += filter(None, [doubt])
    different, places = np.unique(keys[column.known], return_inverse=True)
    ranks = np.full(len(features), len(different), dtype=np.intp)
    ranks[column.known] = len(different) - 1 - places if turned else places
    nulls = int((~column.known).sum())
    if nulls:
        warnings.append(f"{nulls} of {len(features)} features have no value of {column.name}: they come last.")
    return ranks


def _direction(features: Features, name: str) -> tuple[str, bool]:
    """What is sorted by, and whether it is turned round; a field may be called whatever looks like a direction."""
    if name in features.fields or not (found := _DIRECTED.fullmatch(name)):
        return name, False
    return found["name"], found["sign"] == "-" or (found["word"] or "").casefold().startswith("desc")


def _column(features: Features, name: str, path: str, warnings: list[str]) -> Column:
    if name in TERMS and name not in features.fields:
        measure = measured_column(name, features)
        warnings += measure.warnings
        return measure.column
    return orderable(features, name, path)
