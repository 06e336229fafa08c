"""Whether a value can be sent as JSON at all. Iterative: arguments may be nested deeper than Python recurses."""

import math
from collections.abc import Iterable
from typing import Any, cast

from mcp_server.errors import ArgumentProblem
from mcp_server.schema.plain import is_finite

MAX_DEPTH = 200
"""Levels of arrays and objects in one value. GeoJSON needs about ten."""

type _Trail = tuple[_Trail, str | int | None] | None
"""The steps that lead to a container, from the last one back; None is the value itself."""


def unsendable(value: Any, path: str) -> ArgumentProblem | None:
    """The first reason why a value is not JSON: NaN, an infinity, a lone surrogate, nesting beyond `MAX_DEPTH`."""
    pending: list[tuple[Any, _Trail, int]] = [(value, None, 0)]
    while pending:
        container, trail, depth = pending.pop()
        for step, member in _members(container):
            if isinstance(member, dict | list):
                if depth >= MAX_DEPTH:
                    return ArgumentProblem(path, f"is nested more than {MAX_DEPTH} levels deep")
                pending.append((cast("Any", member), (trail, step), depth + 1))
                continue
            fault = _fault(member)
            if fault is not None:
                return ArgumentProblem(_path(path, trail, step), fault)
    return None


def _fault(value: Any) -> str | None:
    if isinstance(value, float | int):
        return None if is_finite(value) else f"must be a finite number, not {_named(value)}"
    return None if not isinstance(value, str) or _encodes(value) else "has characters that are no valid Unicode"


def _named(number: float) -> str:
    if isinstance(number, int):
        return "one beyond double precision"
    return "NaN" if math.isnan(number) else "an infinity"


def _members(value: Any) -> Iterable[tuple[str | int | None, Any]]:
    """A container's members by step, a name of an object being a member too; anything else is its own member."""
    if isinstance(value, list):
        return enumerate(cast("list[Any]", value))
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return [*members.items(), *((None, name) for name in members if not name.isascii())]
    return [(None, value)]


def _encodes(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path(root: str, trail: _Trail, step: str | int | None) -> str:
    steps = [step]
    while trail is not None:
        trail, before = trail
        steps.append(before)
    return root + "".join(
        f"[{one}]" if isinstance(one, int) else f".{one}" for one in reversed(steps) if one is not None
    )
