"""The functions that an expression may call, on columns."""

import contextlib
import difflib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backend.errors import refuse
from backend.geo.tables.expression_dates import DATE_FUNCTIONS
from backend.geo.vector.columns import Column, Kind
from backend.geo.vector.fields import is_number, numbers_array, shown, text_of
from backend.geo.vector.geometry_terms import TERMS, measure_meant

type Function = Callable[[str, Sequence[Column]], Column]
"""Takes its name and its arguments."""

MAX_DIGITS = 15
_EXACT = 2.0**53
"""Floats below this are exact where they are integers."""
MAX_TEXT = 100_000
"""Characters of a text that a function makes."""


def _numeric(change: Callable[[Any], Any]) -> Function:
    """A function of one number; where it has no finite result it gives none."""

    def function(name: str, arguments: Sequence[Column]) -> Column:
        (column,) = _arguments(name, arguments, 1)
        column = column.need("number", f"{name}() needs numbers")
        with np.errstate(all="ignore"):
            values = np.asarray(change(column.values))
            finite = np.isfinite(values)
        return Column(np.where(finite, values, 0), column.known & finite, "number", f"{name}()")

    return function


def _round(name: str, arguments: Sequence[Column]) -> Column:
    column = _arguments(name, arguments, 1, 2)[0].need("number", "round() needs numbers")
    digits = 0
    if len(arguments) == 2:
        given = arguments[1].need("number", "round() takes a number of digits")
        if not given.is_literal or given.values.dtype != np.int64 or abs(given.values[0]) > MAX_DIGITS:
            refuse(f"round() takes a number of digits up to {MAX_DIGITS}; -3 rounds to thousands")
        digits = int(given.values[0])
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.round(column.values, digits)
    # Numbers too large to be scaled have no decimals.
    values = np.where(np.isfinite(values), values, column.values)
    if digits <= 0:
        values = _whole(values)
    return Column(values, column.known, "number", "round()")


def _whole(values: NDArray[Any]) -> NDArray[Any]:
    """Integers where all fit."""
    return values.astype(np.int64) if (np.abs(values) < 2.0**62).all() else values


def _aggregate(total: Callable[[NDArray[Any]], Any]) -> Function:
    """One number of those of all features; missing ones do not count."""

    def function(name: str, arguments: Sequence[Column]) -> Column:
        (column,) = _arguments(name, arguments, 1)
        column = column.need("number", f"{name}() of all features needs numbers; + adds up fields of one")
        values = column.values[column.known]
        with np.errstate(over="ignore"):
            told = np.array([total(values) if len(values) else 0])
        known = np.array([len(values) > 0]) & np.isfinite(told)
        return Column(np.where(known, told, 0), known, "number", f"{name}()")

    return function


def _sum(values: NDArray[Any]) -> Any:
    """Exact of whole numbers, and rounded once of others."""
    if values.dtype != np.int64:
        try:
            return math.fsum(values.tolist())
        except OverflowError:
            return math.inf
    total = sum(values.tolist())
    return total if abs(total) < 2**62 else float(total)


def _arc(name: str, arguments: Sequence[Column]) -> Column:
    """The angle of (y, x) in radians."""
    y, x = (column.need("number", f"{name}() needs numbers") for column in _arguments(name, arguments, 2))
    return Column(np.arctan2(y.values, x.values), y.known & x.known, "number", f"{name}()")


def _extreme(choose: Callable[[Any, Any], Any]) -> Function:
    """The least or greatest of several numbers of one feature; nothing where one of them is missing.

    Of a single one it is that of all features.
    """
    of_all = _aggregate(lambda values: reduce(choose, values))

    def function(name: str, arguments: Sequence[Column]) -> Column:
        if len(arguments) == 1:
            return of_all(name, arguments)
        columns = [column.need("number", f"{name}() needs numbers") for column in _arguments(name, arguments, 2, 20)]
        values = reduce(choose, (column.values for column in columns))
        known = reduce(np.logical_and, (column.known for column in columns))
        return Column(values, known, "number", f"{name}()")

    return function


def _coalesce(name: str, arguments: Sequence[Column]) -> Column:
    """The first value that is not missing."""
    columns = _arguments(name, arguments, 1, 20)
    kinds: list[Kind] = [column.kind for column in columns if column.kind != "nothing"]
    kind: Kind = kinds[0] if kinds else "nothing"
    columns = [column.need(kind, "coalesce() needs values of one kind") for column in columns]
    values, known = columns[0].values, columns[0].known
    for column in columns[1:]:
        values, known = np.where(known, values, column.values), known | column.known
    return Column(values, known, kind, "coalesce()")


def _textual(change: Callable[[str], str | int]) -> Function:
    """A function of one text."""

    def function(name: str, arguments: Sequence[Column]) -> Column:
        (column,) = _arguments(name, arguments, 1)
        column = column.need("text", f"{name}() needs texts")
        made = [change(text) for text in column.values.tolist()]
        if name == "length":
            return Column(np.array(made, dtype=np.int64), column.known, "number", "length()")
        return _texts(cast("list[str]", made), column.known, name)

    return function


def _text(name: str, arguments: Sequence[Column]) -> Column:
    """A number or truth value as a text."""
    (column,) = _arguments(name, arguments, 1)
    return _texts([text_of(value) for value in column.precise.tolist()], column.known, name)


def _number(name: str, arguments: Sequence[Column]) -> Column:
    """A text in decimal notation as a number; others give none."""
    (column,) = _arguments(name, arguments, 1)
    if column.kind in ("number", "nothing"):
        return column.need("number", "")
    made = [_parsed(text) for text in column.need("text", "number() needs texts").values.tolist()]
    finite = np.array([is_number(value) for value in made], dtype=np.bool_)
    values = numbers_array([value if there else 0 for value, there in zip(made, finite.tolist(), strict=True)])
    integers = bool((values == np.floor(values)).all()) and bool((np.abs(values) < _EXACT).all())
    return Column(_whole(values) if integers else values, column.known & finite, "number", "number()")


def _parsed(text: str) -> int | float:
    for read in (int, float):
        with contextlib.suppress(ValueError):
            return read(text) if "_" not in text else math.nan
    return math.nan


def _replace(name: str, arguments: Sequence[Column]) -> Column:
    column, old, new = (argument.need("text", "replace() needs texts") for argument in _arguments(name, arguments, 3))
    if not (old.is_literal and new.is_literal and old.values[0]):
        refuse("replace() takes a text to look for and one to put there, in quotes")
    made = [text.replace(old.values[0], new.values[0]) for text in column.values.tolist()]
    return _texts(made, column.known, name)


def _part(name: str, arguments: Sequence[Column]) -> Column:
    """So many characters from the start (left) or the end (right) of a text."""
    column, count = _arguments(name, arguments, 2)
    column = column.need("text", f"{name}() needs texts; text() makes them")
    if not count.is_literal or count.values.dtype != np.int64 or count.values[0] < 0:
        refuse(f"{name}() takes a number of characters")
    size = int(count.values[0])
    made = [text[:size] if name == "left" else text[max(0, len(text) - size) :] for text in column.values.tolist()]
    return _texts(made, column.known, name)


def _texts(made: Sequence[str], known: NDArray[np.bool_], name: str) -> Column:
    if max(map(len, made), default=0) > MAX_TEXT:
        refuse(f"{name}() makes texts of more than {MAX_TEXT} characters")
    return Column(np.fromiter(made, dtype=object, count=len(made)), known, "text", f"{name}()")


def refused_function(name: str, first: str) -> str:
    """The reason of a refusal, with what does the same as a function of another language on its first argument."""
    folded = name.casefold()
    if folded in _ELSEWHERE:
        return f"there is no function {shown(name)}; {_ELSEWHERE[folded].replace('…', first or '…')}"
    if meant := measure_meant(name, TERMS):
        return f"there is no function {shown(name)}; {meant} is what is measured of each geometry, without parentheses"
    close = difflib.get_close_matches(name, FUNCTIONS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"the functions are {', '.join(sorted(FUNCTIONS))}"
    return f"there is no function {shown(name)}; {hint}"


def _arguments(name: str, arguments: Sequence[Column], least: int, most: int | None = None) -> Sequence[Column]:
    if not least <= len(arguments) <= (most or least):
        wanted = str(least) if most is None else f"{least} to {most}"
        refuse(f"{name}() takes {wanted} arguments, not {len(arguments)}")
    return arguments


FUNCTIONS: Mapping[str, Function] = {
    "abs": _numeric(np.abs),
    "sqrt": _numeric(np.sqrt),
    "exp": _numeric(np.exp),
    "ln": _numeric(np.log),
    "log": _numeric(np.log),
    "log10": _numeric(np.log10),
    "sin": _numeric(np.sin),
    "cos": _numeric(np.cos),
    "tan": _numeric(np.tan),
    "atan": _numeric(np.arctan),
    "atan2": _arc,
    "degrees": _numeric(np.degrees),
    "radians": _numeric(np.radians),
    "floor": _numeric(lambda values: _whole(np.floor(values))),
    "ceil": _numeric(lambda values: _whole(np.ceil(values))),
    "round": _round,
    "min": _extreme(np.minimum),
    "max": _extreme(np.maximum),
    "sum": _aggregate(_sum),
    "mean": _aggregate(lambda values: _sum(values) / len(values)),
    "coalesce": _coalesce,
    "text": _text,
    "number": _number,
    "lower": _textual(str.lower),
    "upper": _textual(str.upper),
    "trim": _textual(str.strip),
    "length": _textual(len),
    "replace": _replace,
    "left": _part,
    "right": _part,
    **DATE_FUNCTIONS,
}
"""`log` is the natural logarithm, as in Python; angles are in radians; round() rounds halves to even; sum(), mean(),
and min() and max() of a single field are those of all features."""
_PARTS = "left and right take characters from the start and the end"
_CHOICE = "a choice is written 1 if b else 2"
_MISSING = "… is None tells what is missing"
_LASTED = "days_between(a, b) and seconds_between(a, b) tell how long it is from one date to another"
_AVERAGE = "mean(…) is that of all features"
_BARE = "trim(…) takes blanks from both ends"
_FILLED = "right('00000' + text(…), 5) fills up with zeros"
_WEEKDAY = "days_between('2024-01-01', …) % 7 is 0 on Mondays"
_ELSEWHERE: Mapping[str, str] = {
    "len": "length(…) counts characters",
    "int": "floor, ceil or round make whole numbers, and number() numbers of texts",
    "integer": "floor, ceil or round make whole numbers, and number() numbers of texts",
    "float": "number(…) makes numbers of texts",
    "to_number": "number(…) makes numbers of texts",
    "str": "text(…) makes texts of numbers",
    "to_string": "text(…) makes texts of numbers",
    "concat": "+ joins texts",
    "substr": _PARTS,
    "substring": _PARTS,
    "datediff": _LASTED,
    "date_diff": _LASTED,
    "days": _LASTED,
    "avg": _AVERAGE,
    "average": _AVERAGE,
    "isnull": _MISSING,
    "isnan": _MISSING,
    "ifnull": "coalesce(…, 0) is 0 where a value is missing",
    "pow": "** is the power",
    "power": "** is the power",
    "if": _CHOICE,
    "iif": _CHOICE,
    "case": _CHOICE,
    "strip": _BARE,
    "btrim": _BARE,
    "zfill": _FILLED,
    "lpad": _FILLED,
    "weekday": _WEEKDAY,
    "dayofweek": _WEEKDAY,
    "day_of_week": _WEEKDAY,
    "quarter": "ceil(month(…) / 3) is it",
}
"""Functions of other languages, in small letters → what there is in their place; … is their first argument."""
