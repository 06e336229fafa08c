"""How many values an input takes: minOccurs and maxOccurs in every spelling."""

from dataclasses import dataclass
from typing import Any

from mcp_server.schema.plain import JsonObject, as_object

_UNBOUNDED = 10_000
"""A maxOccurs from here on (pywps writes 2**63 - 1) is no limit."""

_WITHOUT_LIMIT = frozenset({"unbounded", "unlimited", "many", "*", "n", "inf", "infinity", "-1"})


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A range of counts."""

    minimum: int
    maximum: int | None
    """None is unbounded."""


def occurrence(raw: JsonObject) -> Occurrence:
    """Read an input's occurrence; absent members are 1 (OGC 18-062r2, inputDescription).

    A maximum below the minimum is an author's error: such an input is kept, with the minimum as its maximum.
    `raw` has its members in conventional spelling.
    """
    several = _several(raw)
    minimum = _count(raw.get("minOccurs", several.get("minItems")))
    declared = raw.get("maxOccurs", several.get("maxItems", "unbounded" if several else None))
    least = 1 if minimum is None else minimum
    if str(declared).strip().lower() in _WITHOUT_LIMIT:
        return Occurrence(least, None)
    most = _count(declared)
    if most is not None and most >= _UNBOUNDED:
        return Occurrence(least, None)
    return Occurrence(least, max(least, 1 if most is None else most, 1))


def _several(raw: JsonObject) -> JsonObject:
    """ZOO-Project's `extended-schema` where it is of an array of what `schema` is of; else empty."""
    extended, one = as_object(raw.get("extended-schema")), as_object(raw.get("schema"))
    return extended if one and extended.get("type") == "array" != one.get("type") else {}


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        return int(value)
    if isinstance(value, int | float) and value >= 0:
        return int(value)
    return None
