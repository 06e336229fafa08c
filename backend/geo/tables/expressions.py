"""Expressions over the fields of features: Python's notation for arithmetic and conditions, and nothing that runs code.

The text is parsed, never run: each node of its syntax tree is one of those below, or it is refused.
"""

import ast
import math
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np

from backend.errors import refuse
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.tables.expression_functions import FUNCTIONS, refused_function
from backend.geo.vector.columns import DIVISIONS, Column, both, compared, computed, condition, either, negated
from backend.geo.vector.expression_notation import with_words
from backend.geo.vector.features import Features
from backend.geo.vector.fields import is_number, no_such_field, shown
from backend.geo.vector.geometry_terms import TERMS, measure_meant, measured_column
from backend.geo.vector.text_order import check_dates, doubtful_order

MAX_LENGTH = 2_000
MAX_DEPTH = 100
_ARITHMETIC: Mapping[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "^",
}
_COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


@dataclass(frozen=True, slots=True)
class Calculated:
    """What an expression gives for each feature."""

    values: list[Any]
    """Numbers, texts or truth values; None where it gives nothing."""
    warnings: tuple[str, ...]
    methods: tuple[str, ...]
    """How the geometry terms in it are measured."""


def calculate(features: Features, text: str) -> Calculated:
    """Evaluate an expression for each feature.

    Names are fields, `field('name')` those whose names are no plain words, or the terms of
    `backend.geo.vector.geometry_terms`. What is computed with a missing value is missing.

    Raises:
        ProcessRefusedError: it is no such expression, names what there is not, or mixes numbers and texts.
    """
    evaluation = _Evaluation(features)
    column = evaluation.column(_parsed(text), np.ones(len(features), dtype=np.bool_))
    if column.kind == "mixed":
        refuse(f"{column.told()}: nothing can be calculated of them")
    return Calculated(
        column.json(len(features)), tuple(dict.fromkeys(evaluation.warnings)), tuple(dict.fromkeys(evaluation.methods))
    )


def _parsed(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        refuse(f"the expression has {len(text)} characters; up to {MAX_LENGTH} are read")
    try:
        with warnings.catch_warnings():
            # Of backslashes in texts, to whoever started the server.
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        hint = "; one = is ==" if "=" in text.replace("==", "").replace("<=", "").replace(">=", "") else ""
        if "$" in text and (meant := measure_meant(text, TERMS)):
            hint = f"; {meant} is what is measured of each geometry"
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply or has too many digits"
        refuse(f"the expression cannot be read: {reason}{hint}")
    level: list[ast.AST] = [tree.body]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    if level:
        refuse(f"the expression is nested more than {MAX_DEPTH} levels deep")
    return with_words(tree.body, list(ast.walk(tree.body)))


@dataclass(slots=True)
class _Evaluation:
    features: Features
    warnings: list[str] = field(default_factory=list[str])
    methods: list[str] = field(default_factory=list[str])
    read: dict[str, Column] = field(default_factory=dict[str, Column])
    """Columns of fields that have been named."""

    def column(self, node: ast.expr, active: Booleans) -> Column:
        """The value of a node; `active` are the features for which it counts, where a condition chooses."""
        evaluate = _NODES.get(type(node))
        if isinstance(node, ast.Subscript):
            refuse(f"{_source(node)} cannot stand in an expression: left(s, 2) and right(s, 2) take parts of texts")
        if evaluate is None:
            refuse(f"{_source(node)} cannot stand in an expression: there are fields, values, {_ALLOWED}")
        return evaluate(self, node, active)

    def constant(self, node: ast.Constant, _active: Booleans) -> Column:
        value = node.value
        if value is not None and not isinstance(value, str | bool) and not is_number(value):
            refuse(f"{shown(value)} is no number, text, True, False or None")
        return Column.literal(value)

    def name(self, node: ast.Name, _active: Booleans) -> Column:
        # Python has put the name into its compatible form (NFKC).
        names = {unicodedata.normalize("NFKC", name): name for name in self.features.fields}
        if node.id in names:
            if node.id in TERMS:
                self.warnings.append(f"{node.id} is the field of that name, not measured of the geometries.")
            return self._field(names[node.id])
        if node.id == "pi":
            return Column.literal(math.pi)
        if node.id not in TERMS and len(self.features):
            meant = measure_meant(node.id, TERMS)
            hint = f" (there is the term {meant})" if meant else ""
            refuse(f"{no_such_field(node.id, list(self.features.fields))}{hint}")
        return self._term(node.id) if node.id in TERMS else Column.of([], node.id)

    def _term(self, name: str) -> Column:
        measure = measured_column(name, self.features)
        self.methods.append(measure.method)
        self.warnings += measure.warnings
        return measure.column

    def negation(self, node: ast.UnaryOp, active: Booleans) -> Column:
        column = self.column(node.operand, active)
        if isinstance(node.op, ast.Not):
            return negated(column.need("boolean", "not needs a condition"))
        if isinstance(node.op, ast.Invert):
            refuse("~ cannot stand in an expression: not is what negates")
        column = column.need("number", "a sign needs a number")
        if column.is_literal and isinstance(node.operand, ast.Constant):
            value: Any = node.operand.value
            return Column.literal(value if isinstance(node.op, ast.UAdd) else -value)
        return column if isinstance(node.op, ast.UAdd) else self._computed("-", Column.literal(0), column, active)

    def arithmetic(self, node: ast.BinOp, active: Booleans) -> Column:
        sign = _ARITHMETIC.get(type(node.op))
        if sign is None:
            refuse(f"{_source(node)}: the operators are + - * / // % **")
        return self._computed(sign, self.column(node.left, active), self.column(node.right, active), active)

    def conditions(self, node: ast.BoolOp, active: Booleans) -> Column:
        join = both if isinstance(node.op, ast.And) else either
        answer: Column | None = None
        for part in node.values:
            column = self.column(part, active).need("boolean", "and, or and not join conditions")
            answer = column if answer is None else join(answer, column)
            # What is settled is not computed on: `n != 0 and 1 / n > 2` divides by no zero.
            active = active & ~(answer.false if join is both else answer.true)
        assert answer is not None  # noqa: S101  # a BoolOp has two parts at least
        return answer

    def comparison(self, node: ast.Compare, active: Booleans) -> Column:
        answer: Column | None = None
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            told = self._compared(operator, left, right, active)
            answer = told if answer is None else both(answer, told)
            left = right
        assert answer is not None  # noqa: S101  # a Compare has one operator at least
        return answer

    def choice(self, node: ast.IfExp, active: Booleans) -> Column:
        test = self.column(node.test, active).need("boolean", "if needs a condition")
        chosen = self.column(node.body, active & test.true)
        other = self.column(node.orelse, active & test.false)
        kind = other.kind if chosen.kind == "nothing" else chosen.kind
        wanted = "both sides of else need values of one kind"
        chosen, other = chosen.need(kind, wanted), other.need(kind, wanted)
        self._tell_rounded((chosen, other))
        known = (test.true & chosen.known) | (test.false & other.known)
        return Column(np.where(test.true, chosen.values, other.values), known, kind, "the choice")

    def call(self, node: ast.Call, active: Booleans) -> Column:
        if isinstance(node.func, ast.Attribute):
            refuse(_refused_method(node.func))
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name is None or node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            refuse(f"{_source(node)} cannot be called: the functions are {', '.join(sorted(FUNCTIONS))}")
        if name == "field":
            return self._named_field(node.args)
        function = FUNCTIONS.get(name)
        if function is None:
            refuse(refused_function(name, _written(node.args[0]) if node.args else ""))
        arguments = [self.column(argument, active) for argument in node.args]
        self._tell_rounded(arguments if name != "text" else ())
        answer = function(name, arguments)
        lost = reduce(np.logical_and, (argument.known for argument in arguments), active) & ~answer.known
        if answer.kind == "number" and name != "coalesce" and lost.any():
            self.warnings.append(f"{int(lost.sum())} features have no {name}() of their value: null.")
        return answer

    def _tell_rounded(self, columns: Sequence[Column]) -> None:
        self.warnings += filter(None, [column.inexact for column in columns])

    def _named_field(self, arguments: Sequence[ast.expr]) -> Column:
        name = arguments[0].value if len(arguments) == 1 and isinstance(arguments[0], ast.Constant) else None
        if not isinstance(name, str):
            refuse("field() takes the name of a field in quotes")
        if name not in self.features.fields and len(self.features):
            refuse(no_such_field(name, list(self.features.fields)))
        return self._field(name)

    def _field(self, name: str) -> Column:
        if name not in self.read:
            self.read[name] = Column.of(self.features.fields.get(name, ()), f"the field {shown(name)}")
        return self.read[name]

    def _compared(self, operator: ast.cmpop, left: ast.expr, right: ast.expr, active: Booleans) -> Column:
        if isinstance(operator, ast.In | ast.NotIn):
            return self._listed(left, right, active, negative=isinstance(operator, ast.NotIn))
        if isinstance(operator, ast.Eq | ast.NotEq) and isinstance(right, ast.Constant) and right.value is None:
            # As in Python, not as in SQL, where nothing equals what is missing.
            operator = ast.Is() if isinstance(operator, ast.Eq) else ast.IsNot()
        if isinstance(operator, ast.Is | ast.IsNot):
            if not (isinstance(right, ast.Constant) and right.value is None):
                refuse("is stands before None only: == compares values")
            known = self.column(left, active).known
            return condition(known if isinstance(operator, ast.IsNot) else ~known, np.ones_like(known))
        first, second = self.column(left, active), self.column(right, active)
        check_dates(first, second)
        if not isinstance(operator, ast.Eq | ast.NotEq):
            self.warnings += filter(None, [doubtful_order(first, second)])
        return compared(_COMPARISONS[type(operator)], first, second)

    def _listed(self, left: ast.expr, right: ast.expr, active: Booleans, *, negative: bool) -> Column:
        if not isinstance(right, ast.Tuple | ast.List | ast.Set) or not right.elts:
            refuse("in needs a list of values: name in ('a', 'b')")
        column = self.column(left, active)
        answer = compared("=", column, self.column(right.elts[0], active))
        for item in right.elts[1:]:
            answer = either(answer, compared("=", column, self.column(item, active)))
        return negated(answer) if negative else answer

    def _computed(self, sign: str, left: Column, right: Column, active: Booleans) -> Column:
        for side, other in ((left, right), (right, left)):
            if side.is_literal and side.kind == "text" and other.kind == "number":
                text = side.values[0]
                hint = f"; the field is {text} or field('{text}')" if text in self.features.fields else ""
                refuse(f"{side.told()}, and {sign} needs numbers{hint}")
        self._tell_rounded((left, right))
        answer = computed(sign, left, right)
        lost = int((active & left.known & right.known & ~answer.known).sum())
        if lost:
            zero = sign in DIVISIONS and bool((active & right.known & (right.values == 0)).any())
            why = "a division by zero" if zero else "a result that is no finite number"
            self.warnings.append(f"{lost} features have {why}: null.")
        return replace(answer, is_literal=False)


_NODES: Mapping[type[ast.expr], Callable[[_Evaluation, Any, Booleans], Column]] = {
    ast.Constant: _Evaluation.constant,
    ast.Name: _Evaluation.name,
    ast.UnaryOp: _Evaluation.negation,
    ast.BinOp: _Evaluation.arithmetic,
    ast.BoolOp: _Evaluation.conditions,
    ast.Compare: _Evaluation.comparison,
    ast.IfExp: _Evaluation.choice,
    ast.Call: _Evaluation.call,
}
_ALLOWED = "+ - * / // % **, comparisons, and, or, not, if-else and functions"


def _refused_method(function: ast.Attribute) -> str:
    """The reason of a refusal of `text.lower()` and the like."""
    name, subject = function.attr, _written(function.value)
    if name in FUNCTIONS:
        return f"functions stand before what they change: {name}({subject})"
    return refused_function(name, subject)


def _source(node: ast.expr) -> str:
    return shown(_written(node))


def _written(node: ast.expr) -> str:
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return "that"
