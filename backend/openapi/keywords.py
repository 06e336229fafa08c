"""Keywords of a schema object of OpenAPI 3.0, each with what its value must be. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast


def members(value: Any) -> Mapping[str, Any]:
    """The members of a JSON object; none of anything else."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def is_bound(value: Any) -> bool:
    """Whether the value is a number; JSON's booleans are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return is_bound(value) and value == int(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_pattern(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _is_divisor(value: Any) -> bool:
    return is_bound(value) and value > 0


def _is_choice(value: Any) -> bool:
    return isinstance(value, list) and bool(value)  # pyright: ignore[reportUnknownArgumentType]


def _is_list_of_names(value: Any) -> bool:
    if not isinstance(value, list) or not value:
        return False
    names = cast("list[Any]", value)
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _is_anything(_value: Any) -> bool:
    return True


KEPT: Mapping[str, Callable[[Any], bool]] = {
    "default": _is_anything,
    "deprecated": _is_flag,
    "description": _is_text,
    "enum": _is_choice,
    "example": _is_anything,
    "format": _is_text,
    "maxItems": _is_count,
    "maxLength": _is_count,
    "maxProperties": _is_count,
    "maximum": is_bound,
    "minItems": _is_count,
    "minLength": _is_count,
    "minProperties": _is_count,
    "minimum": is_bound,
    "multipleOf": _is_divisor,
    "pattern": _is_pattern,
    "readOnly": _is_flag,
    "required": _is_list_of_names,
    "title": _is_text,
    "uniqueItems": _is_flag,
    "writeOnly": _is_flag,
}
"""Keywords that mean the same in JSON Schema, and stay while their value is what it must be."""

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": _is_flag,
    "integer": _is_integer,
    "number": is_bound,
    "object": lambda value: isinstance(value, Mapping),
    "string": _is_text,
}
"""The types of OpenAPI 3.0, each with the values it takes. There is no `null` among them."""
