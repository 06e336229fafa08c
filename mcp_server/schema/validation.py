"""Whether a value fits a canonical or portable schema."""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mcp_server.schema.kinds import is_of_type
from mcp_server.schema.patterns import matches
from mcp_server.schema.plain import JsonObject, as_list, as_object, is_number

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def violations(value: Any, schema: JsonObject) -> "Iterator[ValidationError]":
    """What of a schema a value violates, one error at a time."""
    # jsonschema takes a tenth of a second to import, and no tool list needs it.
    from mcp_server.schema.validator import validator_of  # noqa: PLC0415

    return validator_of(schema).iter_errors(value)  # pyright: ignore[reportUnknownMemberType]  # jsonschema is not typed throughout


def fits(value: Any, schema: JsonObject) -> bool:
    """Whether a value violates nothing: the same answer as `violations`, for the few keywords that there are."""
    if "anyOf" in schema and not any(fits(value, option) for option in schema["anyOf"]):
        return False
    if "type" in schema and not is_of_type(value, schema["type"]):
        return False
    if "enum" in schema and not any(_same(value, one) for one in schema["enum"]):
        return False
    return _keywords_fit(value, schema)


def is_multiple(number: float, step: float) -> bool:
    """Whether a number is a multiple of another, in decimal: 0.3 is one of 0.1. Too large a ratio tells nothing."""
    ratio = number / step
    return not math.isfinite(ratio) or abs(ratio - round(ratio)) <= 1e-9 * max(1.0, abs(ratio))


def _keywords_fit(value: Any, schema: JsonObject) -> bool:
    """The keywords of the value's own type; the others do not apply to it."""
    if is_number(value):
        return all(check(value, schema[key]) for key, check in _NUMBER_CHECKS.items() if key in schema)
    if isinstance(value, str):
        return all(check(value, schema[key]) for key, check in _STRING_CHECKS.items() if key in schema)
    if isinstance(value, list):
        return _array_fits(as_list(value), schema)
    return _object_fits(as_object(value), schema) if isinstance(value, dict) else True


def _array_fits(members: list[Any], schema: JsonObject) -> bool:
    if not schema.get("minItems", 0) <= len(members) <= schema.get("maxItems", len(members)):
        return False
    if schema.get("uniqueItems") and len({repr(member) for member in members}) < len(members):
        return False
    return "items" not in schema or all(fits(member, schema["items"]) for member in members)


def _object_fits(members: JsonObject, schema: JsonObject) -> bool:
    properties = as_object(schema.get("properties"))
    if any(name not in members for name in as_list(schema.get("required"))):
        return False
    others = schema.get("additionalProperties", {})
    return all(
        fits(member, properties[name]) if name in properties else others is not False and fits(member, others)
        for name, member in members.items()
    )


def _same(left: Any, right: Any) -> bool:
    return left == right and isinstance(left, bool) == isinstance(right, bool)


_NUMBER_CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
    "multipleOf": is_multiple,
}
_STRING_CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "minLength": lambda value, bound: len(value) >= bound,
    "maxLength": lambda value, bound: len(value) <= bound,
    "pattern": matches,
}
