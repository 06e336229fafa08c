"""What the notation of an expression over fields or bands means: words for NumPy's signs, and what numbers mean."""

import ast
from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast


def with_words(tree: ast.expr, nodes: list[ast.AST]) -> ast.expr:
    """The same with and, or, not in place of &, |, ~ between conditions, which is how NumPy writes them.

    nodes: all of the tree, each after those that it is in.
    """
    for node in reversed(nodes):
        for name, part in ast.iter_fields(node):
            if isinstance(part, list):
                setattr(node, name, [_with_word(one) for one in cast("list[Any]", part)])
            else:
                setattr(node, name, _with_word(part))
    return _with_word(tree)


def _with_word(node: Any) -> Any:
    match node:
        case ast.BinOp(left, ast.BitAnd(), right) if is_condition(left) and is_condition(right):
            return ast.BoolOp(ast.And(), [left, right])
        case ast.BinOp(left, ast.BitOr(), right) if is_condition(left) and is_condition(right):
            return ast.BoolOp(ast.Or(), [left, right])
        case ast.UnaryOp(ast.Invert(), operand) if is_condition(operand):
            return ast.UnaryOp(ast.Not(), operand)
        case _:
            return node


def compared_with(tree: ast.expr, meant: Callable[[str, float], float]) -> None:
    """Put what is meant by it in the place of each number that is compared with a band, of that name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            for first, second in pairwise(parts):
                for band, number in ((first, second), (second, first)):
                    written = _negated(number)
                    if isinstance(band, ast.Name) and isinstance(written, ast.Constant) and written.value is not None:
                        sign = 1 if written is number else -1
                        written.value = sign * meant(band.id, sign * float(cast("float", written.value)))


def _negated(node: ast.expr) -> ast.expr:
    """What stands behind a minus, or the node itself."""
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node


def chosen_among(tree: ast.expr) -> list[str | int | None] | None:
    """The bands and whole numbers, or None, one of which an expression gives for each cell; None where it computes."""
    match tree:
        case ast.Name(name):
            return [name]
        case ast.Constant(int() | None as value):
            return [value]
        case ast.UnaryOp(ast.USub(), ast.Constant(int() as value)):
            return [-value]
        case ast.IfExp():
            parts = [tree.body, tree.orelse]
        case ast.Call(ast.Name("where"), arguments):
            parts = arguments[1:]
        case ast.Call(ast.Name("coalesce" | "min" | "max"), arguments):
            parts = arguments
        case _:
            return None
    found = [chosen_among(part) for part in parts]
    return None if None in found else [one for some in found for one in some or ()]


def is_condition(tree: ast.expr) -> bool:
    """Its values are true or false."""
    negated = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
    return negated or isinstance(tree, ast.Compare | ast.BoolOp)
