"""Expressions over the bands of rasters: Python's notation for arithmetic and conditions, and nothing that runs code.

The text is parsed, never run: each node of its syntax tree is one of those below, or it is refused.
"""

import ast
import copy
import difflib
import re
import sys
from collections.abc import Callable, Collection, Mapping
from functools import reduce
from typing import Any, NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from backend.errors import ProcessRefusedError
from backend.geo.vector.expression_notation import with_words

type Values = NDArray[Any]

MAX_LENGTH = 2_000
MAX_NODES = 500
_ANY = MAX_NODES
_MOST_DIGITS = 15
_LARGEST = sys.float_info.max
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
    # What is undefined has no power, though for NumPy anything to the power of 0 is 1.
    ast.Pow: lambda base, exponent: np.where(np.isnan(base) | np.isnan(exponent), np.nan, np.power(base, exponent)),
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: np.negative,
    ast.UAdd: np.positive,
}
_OTHERWISE = re.compile(r"\b(?:AND|OR|NOT)\b|&&|\|\||<>|!(?!=)|(?<![<>=!])=(?!=)")
"""Signs that other raster calculators have."""
_NO_DATA = frozenset(("nan", "nodata", "no_data", "null", "none"))
"""What people call a cell without data, in small letters; here it is None, as in the expressions over fields."""
_WRITTEN = "conditions are written with and, or, not, in small letters, and ==, not ="
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


def parsed(text: str, bands: Collection[str]) -> tuple[ast.expr, frozenset[str]]:
    """The expression's syntax tree, each node of which is allowed, and the bands that it names.

    Raises:
        ProcessRefusedError: it is no such expression, is too long, or names a band that there is not.
    """
    if len(text) > MAX_LENGTH:
        _refuse(f"the expression has {len(text)} characters; up to {MAX_LENGTH} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        nodes = list(ast.walk(tree))
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply or has too many digits"
        _refuse(f"the expression cannot be read: {reason}{f'; {_WRITTEN}' if _OTHERWISE.search(text) else ''}")
    if len(nodes) > MAX_NODES:
        _refuse(f"the expression has more than {MAX_NODES} parts")
    tree = with_words(tree, nodes)
    named = frozenset(_checked(tree, bands))
    if not named:
        _refuse(f"the expression names no band: there are {', '.join(bands)}")
    return tree, named


def evaluated(tree: ast.expr, bands: Mapping[str, Values]) -> Values:
    """What a checked expression gives for each cell: NaN where it has no finite value, 1 and 0 of conditions.

    bands: name → floating-point values.
    """
    with np.errstate(all="ignore"):
        return np.asarray(_value(tree, bands))


def needed(tree: ast.expr) -> frozenset[str]:
    """The bands without whose value there is none in the result: those that stand in no coalesce()."""
    if isinstance(tree, ast.Name):
        return frozenset((tree.id,))
    if isinstance(tree, ast.Constant) or _is_coalesce(tree):
        return frozenset()
    return frozenset(name for part in _parts(tree) for name in needed(part))


def without_none(tree: ast.expr) -> ast.expr | None:
    """The same with 0 for each None, of which only what cannot be computed has no value; None where there is none."""
    if not any(isinstance(node, ast.Constant) and node.value is None for node in ast.walk(tree)):
        return None
    return _Zeros().visit(copy.deepcopy(tree))


def _checked(node: ast.expr, bands: Collection[str]) -> set[str]:
    """The bands that a node names."""
    if isinstance(node, ast.Name):
        if node.id not in bands:
            close = difflib.get_close_matches(node.id, bands, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(bands)}"
            hint = "no data is None" if node.id.lower() in _NO_DATA else hint
            _refuse(f"there is no band {node.id[:40]!r}; {hint}")
        return {node.id}
    if isinstance(node, ast.Constant):
        value = node.value
        if value is None:
            return set()
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
            _refuse("only numbers can stand in an expression over rasters")
        return set()
    if isinstance(node, ast.Compare) and any(_is_none(part) for part in (node.left, *node.comparators)):
        _refuse("nothing equals None: coalesce(a1, 0) gives a value to cells without data")
    return {name for part in _parts(node) for name in _checked(part, bands)}


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _parts(node: ast.expr) -> list[ast.expr]:
    """The operands of an allowed node."""
    match node:
        case ast.BinOp() if type(node.op) in _BINARY:
            return [node.left, node.right]
        case ast.UnaryOp() if type(node.op) in _UNARY or isinstance(node.op, ast.Not):
            return [node.operand]
        case ast.BoolOp():
            return node.values
        case ast.Compare() if all(type(sign) in _COMPARISONS for sign in node.ops):
            return [node.left, *node.comparators]
        case ast.IfExp():
            return [node.test, node.body, node.orelse]
        case _:
            return _arguments(node)


def _arguments(node: ast.expr) -> list[ast.expr]:
    name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
        _refuse(f"{ast.unparse(node)[:40]!r} cannot stand in an expression: a power is a1 ** 2, and either-or is !=")
    if not isinstance(node, ast.Call) or name not in _FUNCTIONS or node.keywords:
        _refuse(
            f"{ast.unparse(node)[:40]!r} cannot stand in an expression: there are bands, numbers, + - * / // % **, "
            f"comparisons, and, or, not, if-else, and {', '.join(_FUNCTIONS)}"
        )
    least, most, _ = _FUNCTIONS[name]
    if not least <= len(node.args) <= most:
        wanted = least if least == most else f"{least} or more" if most == _ANY else f"{least} or {most}"
        _refuse(f"{name}() takes {wanted} arguments, not {len(node.args)}")
    if name == "round" and any(isinstance(part, ast.Name) for digits in node.args[1:] for part in ast.walk(digits)):
        _refuse("round() takes a number of digits, not a band")
    return node.args


def _value(node: ast.expr, bands: Mapping[str, Values]) -> Any:
    return _NODES[type(node)](node, bands)


def _call(node: ast.Call, bands: Mapping[str, Values]) -> Any:
    assert isinstance(node.func, ast.Name)  # noqa: S101  # `_arguments` saw to it
    return _defined(_FUNCTIONS[node.func.id][2](*(_value(argument, bands) for argument in node.args)))


def _comparison(node: ast.Compare, bands: Mapping[str, Values]) -> Any:
    parts = [_value(part, bands) for part in (node.left, *node.comparators)]
    steps = [
        np.where(np.isnan(left) | np.isnan(right), np.nan, _COMPARISONS[type(sign)](left, right))
        for sign, left, right in zip(node.ops, parts[:-1], parts[1:], strict=True)
    ]
    return reduce(_both, steps)


def _joined(node: ast.BoolOp, bands: Mapping[str, Values]) -> Any:
    join = _both if isinstance(node.op, ast.And) else _either
    return reduce(join, (_truth(_value(part, bands)) for part in node.values))


def _unary(node: ast.UnaryOp, bands: Mapping[str, Values]) -> Any:
    value = _value(node.operand, bands)
    return 1 - _truth(value) if isinstance(node.op, ast.Not) else _UNARY[type(node.op)](value)


def _choice(test: Any, chosen: Any, other: Any) -> Any:
    taken = cast("Values", np.where(test != 0, chosen, other))
    return np.where(np.isnan(test), np.nan, taken)


def _truth(values: Any) -> Any:
    """1 for what is not 0, and NaN for what is undefined."""
    truth: Any = np.not_equal(values, 0)
    return np.where(np.isnan(values), np.nan, truth)


def _both(left: Any, right: Any) -> Any:
    """One that is false settles it, whatever the other is: `b1 != 0 and a1 / b1 > 2` divides by no zero."""
    return np.where((left == 0) | (right == 0), 0.0, left * right)


def _either(left: Any, right: Any) -> Any:
    return 1 - _both(1 - left, 1 - right)


def _first(value: Any, other: Any) -> Any:
    return cast("Values", np.where(np.isnan(value), other, value))


def _defined(values: Any) -> Any:
    """Infinity is as undefined as NaN: what is computed on with it looks like a value."""
    finite = np.isfinite(values)
    return values if finite.all() else np.where(finite, values, np.nan)


def _round(values: Any, digits: Any = 0.0) -> Any:
    if digits != np.rint(digits) or abs(digits) > _MOST_DIGITS:
        _refuse(f"round() takes a whole number of digits up to {_MOST_DIGITS}; -3 rounds to thousands")
    return cast("Values", np.round(values, int(digits)))


def _of_all(join: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *values: reduce(join, values)


_FUNCTIONS: Mapping[str, tuple[int, int, Callable[..., Any]]] = {
    "abs": (1, 1, np.abs),
    "sqrt": (1, 1, np.sqrt),
    "exp": (1, 1, np.exp),
    "log": (1, 1, np.log),
    "log10": (1, 1, np.log10),
    "sin": (1, 1, np.sin),
    "cos": (1, 1, np.cos),
    "tan": (1, 1, np.tan),
    "arctan": (1, 1, np.arctan),
    "floor": (1, 1, np.floor),
    "ceil": (1, 1, np.ceil),
    "round": (1, 2, _round),
    "min": (2, _ANY, _of_all(np.minimum)),
    "max": (2, _ANY, _of_all(np.maximum)),
    "where": (3, 3, _choice),
    "coalesce": (2, _ANY, _of_all(_first)),
}
"""Name → least and largest number of arguments. `coalesce` is the first of its arguments that has a value; `log` is the
natural logarithm, as in Python; angles are in radians."""
_NODES: Mapping[type[ast.expr], Callable[[Any, Mapping[str, Values]], Any]] = {
    ast.Name: lambda node, bands: bands[node.id],
    ast.Constant: lambda node, _: np.float64(node.value),
    ast.BinOp: lambda node, bands: _defined(
        _BINARY[type(node.op)](_value(node.left, bands), _value(node.right, bands))
    ),
    ast.UnaryOp: _unary,
    ast.BoolOp: _joined,
    ast.Compare: _comparison,
    ast.IfExp: lambda node, bands: _choice(*(_value(part, bands) for part in (node.test, node.body, node.orelse))),
    ast.Call: _call,
}


class _Zeros(ast.NodeTransformer):
    """Puts 0 in the place of None."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(0) if node.value is None else node


def _is_coalesce(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "coalesce"


def _refuse(reason: str) -> NoReturn:
    raise ProcessRefusedError(reason, path="$.inputs.expression")
