"""CQL2 filters (OGC 21-065r2) on features: which of them a condition holds for."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, cast

import numpy as np
from pyproj import CRS

from backend.errors import refuse
from backend.geo.geodesy.crs import CRS84
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.tables.cql2_arrays import RELATIONS as ARRAY_RELATIONS
from backend.geo.tables.cql2_arrays import Arrays, column_arrays, literal_array, single
from backend.geo.tables.cql2_arrays import related as related_as_sets
from backend.geo.tables.cql2_distances import METHOD as BY_DISTANCE
from backend.geo.tables.cql2_distances import Within, compared_by_distance, metres_of
from backend.geo.tables.cql2_matching import (
    alike,
    like_meant,
    like_pattern,
    missing_field,
    unknown_operation,
    without_accents,
)
from backend.geo.tables.cql2_nodes import counted, operation_of, property_named, some_of, two_of
from backend.geo.tables.cql2_spatial import GEOMETRY_NAMES, PREDICATES, is_spatial, literal_geometry
from backend.geo.tables.cql2_spatial import related as related_in_space
from backend.geo.tables.cql2_temporal import (
    RELATIONS,
    Periods,
    among_days,
    column_periods,
    is_day,
    is_temporal,
    literal_periods,
    times_beside,
)
from backend.geo.tables.cql2_temporal import related as related_in_time
from backend.geo.tables.cql2_text import MAX_DEPTH, Node, parse_cql2_text
from backend.geo.vector.columns import DIVISIONS, ORDER, Column, both, compared, computed, condition, either, negated
from backend.geo.vector.features import Features
from backend.geo.vector.fields import is_number, shown
from backend.geo.vector.geometry_terms import MEASURES, measured_column
from backend.geo.vector.text_order import check_dates, doubtful_order

MAX_NESTED = 2 * MAX_DEPTH
"""Levels of CQL2 JSON."""
_SIGNS = {"div": "//", **{sign: sign for sign in ("+", "-", "*", "/", "%", "^")}}


@dataclass(frozen=True, slots=True)
class Filtered:
    """What a filter says of each feature."""

    true: Booleans
    unknown: int
    """Features of which it cannot be said, since a value is missing; they do not match."""
    warnings: tuple[str, ...]
    methods: tuple[str, ...]
    """How the measures and distances in it were taken."""


def evaluate(
    features: Features, filter_: str | Mapping[str, Any], crs: CRS = CRS84, within: Within | None = None
) -> Filtered:
    """Evaluate CQL2 text or CQL2 JSON; `crs` is that of the coordinates in it, x (longitude, easting) first.

    within: how distances are compared; without it the filter has none.

    Names are fields, or the measures of `backend.geo.vector.geometry_terms` where no field is called so.
    `div` rounds down, and the remainder by `%` has the sign of the divisor.

    Raises:
        ProcessRefusedError: it is no CQL2, names what the features do not have, or compares what cannot be compared.
    """
    evaluation = _Evaluation(features, crs, within)
    answer = evaluation.column(parse(filter_)).need("boolean", "a filter is a condition: true or false for each")
    true, known = (np.broadcast_to(mask, len(features)) for mask in (answer.true, answer.known))
    unknown = len(features) - int(known.sum())
    return Filtered(true, unknown, tuple(dict.fromkeys(evaluation.warnings)), tuple(dict.fromkeys(evaluation.methods)))


def parse(filter_: str | Mapping[str, Any]) -> Node:
    """CQL2 JSON of either form.

    Raises:
        ProcessRefusedError: it is neither.
    """
    if not isinstance(filter_, str):
        return filter_
    if not filter_.lstrip().startswith("{"):
        return parse_cql2_text(filter_)
    try:
        return json.loads(filter_)
    except (ValueError, RecursionError) as error:
        refuse(f"the filter begins as JSON and is none: {error}")


@dataclass(slots=True)
class _Evaluation:
    features: Features
    crs: CRS
    within: Within | None = None
    warnings: list[str] = field(default_factory=list[str])
    methods: list[str] = field(default_factory=list[str])
    depth: int = 0
    read: dict[str, Column] = field(default_factory=dict[str, Column])
    """Columns of properties that have been named."""

    def column(self, node: Node) -> Column:
        """The value of a node for each feature, or one for all."""
        if node is None or isinstance(node, str | bool) or is_number(node):
            return Column.literal(node)
        if not isinstance(node, Mapping):
            refuse(f"{shown(node)} is no CQL2")
        members = cast("Mapping[str, Any]", node)
        if (name := property_named(node)) is not None:
            return self._property(name)
        if is_temporal(members) or is_spatial(members):
            refuse(f"{shown(members)} can only stand in a comparison or in a predicate for its kind")
        operation, arguments = operation_of(members)
        self.depth += 1
        if self.depth > MAX_NESTED:
            refuse(f"the filter is nested more than {MAX_NESTED} levels deep")
        answer = self._answer(operation, arguments)
        self.depth -= 1
        return answer

    def _answer(self, operation: str, arguments: Sequence[Node]) -> Column:
        if operation in PREDICATES:
            first, second = two_of(operation, arguments)
            return related_in_space(operation, self._geometry(first), self._geometry(second), self.warnings)
        if operation in RELATIONS:
            first, second = two_of(operation, arguments)
            return related_in_time(operation, self._periods(first), self._periods(second), self.warnings)
        if operation in _SIGNS:
            return self._computed(_SIGNS[operation], *two_of(operation, arguments))
        if operation in ORDER:
            return self._compared(operation, *two_of(operation, arguments))
        if operation in ARRAY_RELATIONS:
            first, second = two_of(operation, arguments)
            return related_as_sets(operation, self._arrays(first), self._arrays(second))
        if operation not in _OPERATIONS:
            known = (*_OPERATIONS, *ORDER, *_SIGNS, *PREDICATES, *RELATIONS, *ARRAY_RELATIONS)
            refuse(unknown_operation(operation, known))
        return _OPERATIONS[operation](self, arguments)

    def _property(self, name: str) -> Column:
        if name not in self.read:
            is_field = name in self.features.fields or not len(self.features)
            self.read[name] = self._field(name) if is_field else self._measure(name)
        return self.read[name]

    def _field(self, name: str) -> Column:
        return Column.of(self.features.fields.get(name, ()), f"the field {shown(name)}")

    def _measure(self, name: str) -> Column:
        if name not in MEASURES or not self.features.present.any():
            refuse(missing_field(name, list(self.features.fields)))
        measure = measured_column(name, self.features)
        self.warnings += measure.warnings
        self.methods.append(measure.method)
        return measure.column

    def _conditions(self, arguments: Sequence[Node]) -> list[Column]:
        wanted = "AND, OR and NOT join conditions"
        return [self.column(argument).need("boolean", wanted) for argument in arguments]

    def all_of(self, arguments: Sequence[Node]) -> Column:
        return reduce(both, self._conditions(some_of("and", arguments)))

    def any_of(self, arguments: Sequence[Node]) -> Column:
        return reduce(either, self._conditions(some_of("or", arguments)))

    def none_of(self, arguments: Sequence[Node]) -> Column:
        (only,) = counted("not", arguments, 1)
        return negated(self._conditions([only])[0])

    def is_null(self, arguments: Sequence[Node]) -> Column:
        (only,) = counted("isNull", arguments, 1)
        missing = ~(self.features.present if self._is_geometry(only) else self.column(only).known)
        return condition(missing, np.ones_like(missing))

    def between(self, arguments: Sequence[Node]) -> Column:
        value, low, high = counted("between", arguments, 3)
        return both(self._compared(">=", value, low), self._compared("<=", value, high))

    def is_in(self, arguments: Sequence[Node]) -> Column:
        value, listing = two_of("in", arguments)
        if not isinstance(listing, list) or not listing:
            refuse("IN needs a list of values in parentheses")
        items = cast("list[Node]", listing)
        times = times_beside(items[0], self.column(value)) if all(map(is_day, items)) else None
        if times is not None:
            return among_days(cast("list[str]", items), times, self.warnings)
        if len(items) <= 20 or any(isinstance(item, Mapping) for item in items):
            return reduce(either, (self._compared("=", value, item) for item in items))
        column, wanted = single(self.column(value)), Column.of(items, "the list")
        if "mixed" in (column.kind, wanted.kind) or (wanted.kind != column.kind != "nothing"):
            refuse(f"{column.told()}, but {wanted.told()}: they cannot be compared")
        chosen = set(wanted.precise[wanted.known].tolist())
        true = np.array([item in chosen for item in column.precise.tolist()], dtype=np.bool_)
        return condition(true, column.known & (true | bool(wanted.known.all())))

    def like(self, arguments: Sequence[Node]) -> Column:
        value, pattern = two_of("like", arguments)
        column = single(self.column(value)).need("text", "LIKE needs texts")
        wanted = self.column(pattern).need("text", "LIKE needs a pattern with % and _")
        if not wanted.is_literal and len(wanted.values) != 1:
            refuse("the pattern of LIKE is a text, not a field")
        matches = like_pattern(wanted.values[0]).fullmatch
        found = {text: matches(text) is not None for text in set(column.values.tolist())}
        true = np.array([found[text] for text in column.values.tolist()], dtype=np.bool_)
        if not (true & column.known).any():
            self.warnings += filter(None, [like_meant(wanted.values[0], set(column.values[column.known].tolist()))])
        return condition(true, column.known & wanted.known)

    def near(self, arguments: Sequence[Node]) -> Column:
        first, second, distance, *units = counted("s_dwithin", arguments, 3, 4)
        metres = metres_of(distance, units)
        sides = self._geometry(first), self._geometry(second)
        answer, told = compared_by_distance(sides, self.features, metres, self.within)
        self.warnings += told
        self.methods.append(BY_DISTANCE)
        return answer

    def far(self, arguments: Sequence[Node]) -> Column:
        return negated(self.near(arguments))

    def folded(self, arguments: Sequence[Node]) -> Column:
        return self._mapped("casei", arguments, str.casefold)

    def unaccented(self, arguments: Sequence[Node]) -> Column:
        return self._mapped("accenti", arguments, without_accents)

    def _mapped(self, name: str, arguments: Sequence[Node], change: Callable[[str], str]) -> Column:
        (only,) = counted(name, arguments, 1)
        column = self.column(only).need("text", f"{name} needs texts")
        changed = [change(text) for text in column.values.tolist()]
        return replace(column, values=np.fromiter(changed, dtype=object, count=len(changed)))

    def _computed(self, sign: str, first: Node, second: Node) -> Column:
        left, right = self.column(first), self.column(second)
        self.warnings += filter(None, (left.inexact, right.inexact))
        answer = computed(sign, left, right)
        lost = int((left.known & right.known & ~answer.known).sum())
        if lost:
            why = "a division by zero" if sign in DIVISIONS else "a result that is no finite number"
            self.warnings.append(f"{lost} features have {why} in the filter: of them it is not known.")
        return answer

    def _compared(self, sign: str, first: Node, second: Node) -> Column:
        if is_temporal(first) or is_temporal(second):
            for node in (first, second):
                if isinstance(node, Mapping) and "interval" in node:
                    refuse("an interval is compared with T_INTERSECTS, T_BEFORE, T_AFTER and the like")
            return related_in_time(sign, self._periods(first), self._periods(second), self.warnings)
        left, right = single(self.column(first)), single(self.column(second))
        for day, column in ((first, right), (second, left)):
            times = times_beside(day, column)
            if times is not None:
                one = literal_periods({"date": day}, self.column)
                return related_in_time(sign, *((one, times) if day is first else (times, one)), self.warnings)
        check_dates(left, right)
        answer = compared(sign, left, right)
        if sign == "=" and left.kind == right.kind == "text" and not answer.true.any():
            self.warnings += filter(None, [alike(left, right)])
        elif sign not in ("=", "<>"):
            self.warnings += filter(None, [doubtful_order(left, right)])
        return answer

    def _periods(self, node: Node) -> Periods:
        return literal_periods(node, self.column) if is_temporal(node) else column_periods(self.column(node))

    def _arrays(self, node: Node) -> Arrays:
        name = property_named(node)
        return literal_array(node) if name is None else column_arrays(self._property(name))

    def _geometry(self, node: Node) -> Features:
        if is_spatial(node):
            return literal_geometry(node, self.crs)
        if not self._is_geometry(node):
            refuse(f"a spatial predicate needs the property geometry or a geometry (WKT, BBOX), not {shown(node)}")
        return self.features

    def _is_geometry(self, node: Node) -> bool:
        name = property_named(node)
        return name is not None and name not in self.features.fields and name.casefold() in GEOMETRY_NAMES


_OPERATIONS: Mapping[str, Callable[[_Evaluation, Sequence[Node]], Column]] = {
    "and": _Evaluation.all_of,
    "or": _Evaluation.any_of,
    "not": _Evaluation.none_of,
    "isnull": _Evaluation.is_null,
    "between": _Evaluation.between,
    "in": _Evaluation.is_in,
    "like": _Evaluation.like,
    "casei": _Evaluation.folded,
    "accenti": _Evaluation.unaccented,
    "s_dwithin": _Evaluation.near,
    "s_beyond": _Evaluation.far,
}
