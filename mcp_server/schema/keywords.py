"""The keywords of single-typed schemas, repaired: bounds, enumerations, formats."""

import re
from typing import Any

from mcp_server.schema.kinds import is_of_type
from mcp_server.schema.patterns import is_sound
from mcp_server.schema.plain import JsonObject, as_list, is_number
from mcp_server.schema.scope import Scope
from mcp_server.texts import is_harmless

_FORMATS = frozenset(
    {
        "date",
        "date-time",
        "time",
        "duration",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "uuid",
        "wkt",
    }
)
_FORMAT_SYNONYMS = {"datetime": "date-time", "url": "uri", "anyuri": "uri", "iri": "uri"}


def enumeration(schema: JsonObject, kind: str) -> tuple[list[Any], list[Any]]:
    """The distinct values of `enum` that are of the type, and those that are not (null apart)."""
    fitting: list[Any] = []
    refused: list[Any] = []
    seen: set[str] = set()
    for value in as_list(schema.get("enum")):
        if repr(value) in seen or value is None:
            continue
        seen.add(repr(value))
        (fitting if is_of_type(value, kind) else refused).append(value)
    return fitting, refused


def number_bounds(schema: JsonObject, scope: Scope) -> JsonObject:
    """Ranges, with draft 4's boolean exclusive bounds translated; a range without any number is left out."""
    low, high = _number(schema.get("minimum")), _number(schema.get("maximum"))
    above, below = _number(schema.get("exclusiveMinimum")), _number(schema.get("exclusiveMaximum"))
    if schema.get("exclusiveMinimum") in (True, "true"):
        low, above = None, low
    if schema.get("exclusiveMaximum") in (True, "true"):
        high, below = None, high
    least = [bound for bound in (low, above) if bound is not None]
    most = [bound for bound in (high, below) if bound is not None]
    if least and most and (max(least) > min(most) or max(least) == min(most) in (above, below)):
        scope.note(f"no number is between {max(least)} and {min(most)}; the range was left out")
        low = above = high = below = None
    named = {"minimum": low, "exclusiveMinimum": above, "maximum": high, "exclusiveMaximum": below}
    step = _number(schema.get("multipleOf"))
    if step is not None and step > 0:
        named["multipleOf"] = step
    return {key: bound for key, bound in named.items() if bound is not None}


def array_bounds(schema: JsonObject, scope: Scope) -> JsonObject:
    """minItems and maxItems."""
    return _counts(schema, ("minItems", "maxItems"), scope)


def string_bounds(schema: JsonObject, scope: Scope) -> JsonObject:
    """minLength, maxLength and pattern."""
    result = _counts(schema, ("minLength", "maxLength"), scope)
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        if is_sound(pattern) and is_harmless(pattern):
            result["pattern"] = pattern
        else:
            scope.note("pattern is not understood, or might take too long to match; left out")
    return result


def string_format(schema: JsonObject) -> JsonObject:
    """The format, where it is one that is known."""
    declared = schema.get("format")
    if not isinstance(declared, str):
        return {}
    name = declared.strip().lower()
    name = _FORMAT_SYNONYMS.get(name, name)
    return {"format": name} if name in _FORMATS else {}


def _counts(schema: JsonObject, names: tuple[str, str], scope: Scope) -> JsonObject:
    numbers = [_number(schema.get(name)) for name in names]
    least, most = (int(number) if number is not None and number >= 0 else None for number in numbers)
    if least is not None and most is not None and least > most:
        scope.note(f"{names[0]} is above {names[1]}; both were left out")
        return {}
    return {name: count for name, count in zip(names, (least, most), strict=True) if count}


def _number(value: Any) -> int | float | None:
    if is_number(value):
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,15}(?:\.\d{1,15})?\s*", value):
        return float(value) if "." in value else int(value)
    return None
