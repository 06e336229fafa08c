"""What a client offers and what tests use of it, so that "every operation" is read from the code and not believed."""

import ast
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def operations(kind: type) -> set[str]:
    """Public methods and properties of a class, with those that it has from others of its own package."""
    package = _package(kind)
    own = [one for one in kind.__mro__ if _package(one) == package]
    return {
        name
        for one in own
        for name, member in vars(one).items()
        if not name.startswith("_") and _package(_function(member)) == package
    }


def _function(member: Any) -> Any:
    """The function of a method or property; None for anything else."""
    function = getattr(member, "fget", None) or getattr(member, "__func__", member)
    return function if callable(function) and not inspect.isclass(function) else None


def _package(one: Any) -> str:
    return (getattr(one, "__module__", None) or "").partition(".")[0]


def used(*modules: str) -> set[str]:
    """Attributes that modules of this folder name anywhere but in coroutines."""
    return _attributes(node for tree in _trees(modules) for node in _outside_coroutines(tree))


def used_in_coroutines(*modules: str) -> set[str]:
    """Attributes that the coroutines of modules of this folder name."""
    nodes = [node for tree in _trees(modules) for node in ast.walk(tree)]
    return _attributes(one for node in nodes if isinstance(node, ast.AsyncFunctionDef) for one in ast.walk(node))


def given(*modules: str) -> set[str]:
    """Names of the arguments that modules of this folder give by name."""
    nodes = [node for tree in _trees(modules) for node in ast.walk(tree)]
    return {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}


def written(*modules: str) -> set[str]:
    """Strings that modules of this folder write out."""
    nodes = [node for tree in _trees(modules) for node in ast.walk(tree)]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _trees(modules: Iterable[str]) -> Iterator[ast.AST]:
    for module in modules:
        yield ast.parse((Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8"))


def _outside_coroutines(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.AsyncFunctionDef):
            yield child
            yield from _outside_coroutines(child)


def _attributes(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)}
