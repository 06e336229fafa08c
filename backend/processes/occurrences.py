"""What the description of an input demands: its schema, and how often it is given (OGC 18-062r2, 7.10). Pure."""

from collections.abc import Mapping
from typing import Any, cast


def schema_of_input(described: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of one value; empty where there is none.

    pygeoapi's shapely-functions lists the permitted values beside it, where the standard does not look.
    """
    schema = described.get("schema")
    members = cast("Mapping[str, Any]", schema if isinstance(schema, Mapping) else {})
    permitted = described.get("enum")
    if isinstance(permitted, list) and "enum" not in members:
        return {**members, "enum": cast("list[Any]", permitted)}
    return members


def min_occurs(described: Mapping[str, Any]) -> int:
    """How often the input must be given; one with a default has a value even when it is not."""
    return 0 if "default" in schema_of_input(described) else whole_number(described.get("minOccurs"), 1)


def max_occurs(described: Mapping[str, Any]) -> int | None:
    """How often it may be given, 1 or more; None for any number of times."""
    most = described.get("maxOccurs")
    return None if most == "unbounded" else max(1, whole_number(most, 1))


def whole_number(value: Any, default: int) -> int:
    """The number a description gives, perhaps as a text."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default
