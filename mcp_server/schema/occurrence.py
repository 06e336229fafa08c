"""How many values an input takes: minOccurs and maxOccurs in every spelling."""

from dataclasses import dataclass
from typing import Any

from mcp_server.schema.plain import JsonObject, first_of

_UNBOUNDED = 10_000
"""A maxOccurs from here on (pywps writes 2**63 - 1) is no limit."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A range of counts."""

    minimum: int
    maximum: int | None
    """None is unbounded."""


def occurrence(raw: JsonObject) -> Occurrence:
    """Read an input's occurrence; absent members are 1 (OGC 18-062r2, inputDescription).

    A maximum below the minimum is an author's error: such an input is kept, with the minimum as its maximum.
    """
    minimum = _count(first_of(raw, "minOccurs", "min_occurs"))
    declared = first_of(raw, "maxOccurs", "max_occurs")
    least = 1 if minimum is None else minimum
    if isinstance(declared, str) and declared.strip().lower() in ("unbounded", "*", "n", "inf"):
        return Occurrence(least, None)
    most = _count(declared)
    if most is not None and most >= _UNBOUNDED:
        return Occurrence(least, None)
    return Occurrence(least, max(least, 1 if most is None else most, 1))


def _count(value: Any) -> int | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        return int(value)
    if isinstance(value, int | float) and value >= 0:
        return int(value)
    return None
