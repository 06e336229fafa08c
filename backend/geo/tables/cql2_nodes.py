"""Nodes of CQL2 JSON: what they name, and what they are applied to."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from backend.errors import refuse
from backend.geo.tables.cql2_spatial import PREDICATES
from backend.geo.tables.cql2_text import Node
from backend.geo.vector.fields import shown

_OTHER_SPELLINGS = {"!=": "<>"} | {name.removeprefix("s_"): name for name in (*PREDICATES, "s_dwithin", "s_beyond")}
"""Of SQL and of CQL before OGC 21-065: nothing else can be meant."""


def property_named(node: Node) -> str | None:
    """The name of a property; None of another node."""
    name = cast("Mapping[str, Any]", node).get("property") if isinstance(node, Mapping) else None
    return name if isinstance(name, str) else None


def operation_of(node: Mapping[str, Any]) -> tuple[str, Sequence[Node]]:
    """The operator or function of a node, in lower case, and its arguments.

    Raises:
        ProcessRefusedError: it has none.
    """
    operation, arguments = node.get("op"), node.get("args")
    if not isinstance(operation, str) or not isinstance(arguments, list):
        refuse(f"{shown(node)} is no CQL2 JSON: an object has op and args, or property")
    name = operation.lower()
    return _OTHER_SPELLINGS.get(name, name), cast("list[Node]", arguments)


def two_of(operation: str, arguments: Sequence[Node]) -> tuple[Node, Node]:
    """The two arguments of an operation; raises as `counted`."""
    first, second = counted(operation, arguments, 2)
    return first, second


def some_of(operation: str, arguments: Sequence[Node]) -> Sequence[Node]:
    """The arguments of an operation that has one at least; raises as `counted`."""
    return arguments or counted(operation, arguments, 1)


def counted(operation: str, arguments: Sequence[Node], *counts: int) -> Sequence[Node]:
    """The arguments of an operation that takes so many, or so many.

    Raises:
        ProcessRefusedError: they are more or less.
    """
    if len(arguments) not in counts:
        refuse(f"{operation} takes {' or '.join(map(str, counts))} arguments, not {len(arguments)}")
    return arguments
