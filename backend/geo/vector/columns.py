"""Columns of values of one kind, some of them not known, and what may be done with them.

Not known (SQL's NULL, JSON's null) spreads: what is compared or computed with it is not known either, and conditions
have three values, true, false and not known (ISO/IEC 9075-2, 8.1). A column of one value stands for all features.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray

from backend.errors import ProcessRefusedError, refuse
from backend.geo.geodesy.ellipsoid import Booleans
from backend.geo.vector.features import Features
from backend.geo.vector.fields import column_of, listed, numbers_array, shown, texts_of
from backend.geo.vector.number_columns import NumberColumn

type Kind = Literal["number", "text", "boolean", "nothing", "mixed"]

ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "//": np.floor_divide,
    "%": np.mod,
    "^": np.power,
}
DIVISIONS = frozenset(("/", "//", "%"))
_EXACT = 2.0**62
"""Integers stay integers while they are below this."""
_FLOATS = 2.0**53
"""Floating-point numbers below this hold every whole one."""
_FILL: Mapping[Kind, Any] = {"text": "", "boolean": False, "number": 0, "nothing": 0, "mixed": None}
_PLURAL: Mapping[Kind, str] = {
    "number": "numbers",
    "text": "texts",
    "boolean": "truth values",
    "nothing": "nothing",
    "mixed": "values of several kinds",
}
_SINGULAR: Mapping[Kind, str] = {
    "number": "a number",
    "text": "a text",
    "boolean": "a truth value",
    "nothing": "null",
    "mixed": "an array or object",
}


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one kind: one for each feature, or a single one for all of them."""

    values: NDArray[Any]
    """int64, float64, bool or str (as objects); of no meaning where `known` is false."""
    known: Booleans
    kind: Kind
    name: str
    """For people: which field or part of an expression it is."""
    is_literal: bool = False
    """One value, as it was written."""
    exact: NDArray[Any] | None = None
    """Python's own numbers, where `values` are floating-point ones that cannot hold some of the whole ones."""

    @classmethod
    def of(cls, values: Sequence[Any], name: str) -> Self:
        """The column of JSON values. Those of several kinds, arrays and objects are `mixed`: known or not, no more.

        NaN and the infinities, which are no JSON, count as not known.
        """
        if isinstance(values, NumberColumn) and values.known.any():
            kind: Kind = "boolean" if values.values.dtype == np.bool_ else "number"
            return cls(np.where(values.known, values.values, _FILL[kind]), values.known, kind, name)
        every = set[type](map(type, values))
        types = every - {type(None)}
        known = np.ones(len(values), dtype=np.bool_)
        if types != every:
            known = np.array([value is not None for value in values], dtype=np.bool_)
        if not types:
            return cls(np.zeros(len(values)), known, "nothing", name)
        if types <= {int, float}:
            numbers = numbers_array(values)
            known &= np.isfinite(numbers)
            exact = _objects(values) if _rounded(values, numbers) else None
            return cls(np.where(known, numbers, 0), known, "number", name, exact=exact)
        if types == {str}:
            return cls(_objects(texts_of(values)), known, "text", name)
        if types == {bool}:
            return cls(np.array([value is True for value in values], dtype=np.bool_), known, "boolean", name)
        return cls(_objects(values), known, "mixed", name)

    @classmethod
    def literal(cls, value: Any) -> Self:
        """One value for all features."""
        return replace(cls.of([value], shown(value)), is_literal=True)

    @property
    def precise(self) -> NDArray[Any]:
        """The values, and each number as it came."""
        return self.values if self.exact is None else np.where(self.known, self.exact, 0)

    @property
    def inexact(self) -> str | None:
        """What is told where the values, unless they were written so, are computed with."""
        if self.exact is None or self.is_literal:
            return None
        return f"Whole numbers of {self.name} that floating-point ones cannot hold are computed with as such."

    @property
    def true(self) -> Booleans:
        """Where a condition holds."""
        return self.known & self.values

    @property
    def false(self) -> Booleans:
        """Where a condition is known not to hold."""
        return self.known & ~self.values

    @property
    def holds_arrays(self) -> bool:
        """Whether each value that is known is an array."""
        return self.kind == "mixed" and all(isinstance(value, list) for value in self.values[self.known])

    def need(self, kind: Kind, wanted: str) -> Self:
        """The column itself, if it is of this kind or nothing in it is known.

        Raises:
            ProcessRefusedError: it is of another kind.
        """
        if self.kind == "nothing":
            size = len(self.known)
            return replace(self, values=np.full(size, _FILL[kind], dtype=_dtype(kind)), kind=kind)
        if self.kind != kind:
            refuse(f"{self.told()}, and {wanted}")
        return self

    def told(self) -> str:
        """What it is and what it holds, for people."""
        if self.is_literal:
            return f"{self.name} is {_SINGULAR[self.kind]}"
        known = self.values[self.known]
        such = f", such as {listed(known[:2].tolist())}" if len(known) else ""
        return f"{self.name} holds {'arrays' if self.holds_arrays else _PLURAL[self.kind]}{such}"

    def json(self, count: int) -> list[Any]:
        """`count` JSON values, None for what is not known."""
        values = np.broadcast_to(self.precise, count).tolist()
        known = np.broadcast_to(self.known, count).tolist()
        return [value if is_known else None for value, is_known in zip(values, known, strict=True)]


def condition(true: Booleans, known: Booleans, name: str = "the condition") -> Column:
    """A column of true, false and not known."""
    true, known = np.broadcast_arrays(true, known)
    return Column(true & known, known, "boolean", name)


def both(first: Column, second: Column) -> Column:
    """AND: false where one is false, whatever the other."""
    false = first.false | second.false
    true = first.true & second.true
    return condition(true, true | false)


def either(first: Column, second: Column) -> Column:
    """OR: true where one is true, whatever the other."""
    true = first.true | second.true
    false = first.false & second.false
    return condition(true, true | false)


def negated(column: Column) -> Column:
    """NOT: what is not known stays so."""
    return condition(column.false, column.known)


def compared(sign: str, first: Column, second: Column) -> Column:
    """Numbers with numbers, texts with texts (character by character), truth values for equality.

    Raises:
        ProcessRefusedError: the columns are of different kinds, or have no order.
    """
    first, second = _alike(first, second)
    if first.kind == "boolean" and sign not in ("=", "<>"):
        refuse(f"{first.told()}: that has no order; compare it with = or <>")
    left, right = first.values, second.values
    if first.exact is not None or second.exact is not None or _rounds(left, right):
        # As Python compares them, whatever their types.
        left, right = first.precise.astype(object), second.precise.astype(object)
    return condition(ORDER[sign](left, right).astype(np.bool_), first.known & second.known)


def computed(sign: str, first: Column, second: Column) -> Column:
    """Arithmetic on numbers; of two texts + makes one. What has no finite result is not known.

    Integers stay integers, but for `/`.

    Raises:
        ProcessRefusedError: the columns are of other kinds.
    """
    known = first.known & second.known
    name = f"{first.name} {sign} {second.name}" if len(first.name) + len(second.name) < 60 else "the expression"
    if sign == "+" and first.kind == second.kind == "text":
        return Column(first.values + second.values, known, "text", name)
    first = first.need("number", f"{sign} needs numbers")
    second = second.need("number", f"{sign} needs numbers")
    with np.errstate(all="ignore"):
        wide = cast("NDArray[Any]", ARITHMETIC[sign](first.values.astype(np.float64), second.values.astype(np.float64)))
        finite = np.isfinite(wide)
        exact = sign != "/" and first.values.dtype == second.values.dtype == np.int64
        fits = not (np.abs(wide[finite & known]) >= _EXACT).any()
        if exact and fits and not (sign == "^" and (second.values < 0).any()):
            return Column(_integers(sign, first.values, second.values), known & finite, "number", name)
    return Column(np.where(finite, wide, 0), known & finite, "number", name)


def _integers(sign: str, first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    if sign in DIVISIONS:
        second = np.where(second == 0, 1, second)
    return ARITHMETIC[sign](first, second)


def _alike(first: Column, second: Column) -> tuple[Column, Column]:
    for column in (first, second):
        if column.kind == "mixed":
            refuse(f"{column.told()}: they cannot be compared")
    if first.kind == "nothing" or second.kind == "nothing":
        kind: Kind = second.kind if first.kind == "nothing" else first.kind
        return first.need(kind, ""), second.need(kind, "")
    if first.kind != second.kind:
        refuse(f"{first.told()}, but {second.told()}: they cannot be compared{_remedy(first, second)}")
    return first, second


def _remedy(first: Column, second: Column) -> str:
    """How a literal would be written to be of the other's kind."""
    for literal, other in ((first, second), (second, first)):
        if not literal.is_literal or other.is_literal:
            continue
        value = literal.values[0]
        if other.kind == "text" and literal.kind == "number":
            return f"; as a text it is '{value}'"
        if other.kind == "number" and literal.kind == "text":
            return f"; a number has no quotes: {value}" if _numeric(value) else "; give a number"
        if other.kind == "boolean":
            return "; give true or false, without quotes"
    return ""


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rounded(values: Sequence[Any], numbers: NDArray[Any]) -> bool:
    """Whether some whole numbers are others as floating-point ones."""
    if numbers.dtype != np.float64 or not (np.abs(numbers) >= _FLOATS).any():
        return False
    return any(isinstance(value, int) and value != float(value) for value in values)


def _rounds(left: NDArray[Any], right: NDArray[Any]) -> bool:
    """Whether NumPy would make floating-point numbers of integers that these cannot hold to compare them."""
    whole = [values for values in (left, right) if values.dtype == np.int64]
    return len(whole) == 1 and float(np.abs(whole[0].astype(np.float64)).max(initial=0)) >= _FLOATS


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    return np.fromiter(values, dtype=object, count=len(values))


def _dtype(kind: Kind) -> Any:
    return {"number": np.float64, "boolean": np.bool_}.get(kind, object)


def orderable(features: Features, name: str, path: str) -> Column:
    """A field by whose values features may be put in order.

    Raises:
        ProcessRefusedError: there is no such field, or it holds values of several kinds. `path` is the input.
    """
    column = Column.of(column_of(features, name, path), f"the field {shown(name)}")
    if column.kind == "mixed":
        raise ProcessRefusedError(f"{column.told()}, which have no order", path=path)
    return column
