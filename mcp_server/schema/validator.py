"""The JSON Schema 2020-12 validator that tells every error; safe and quick with foreign schemas and large values."""

from collections.abc import Iterator
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]  # not typed there

from mcp_server.schema.kinds import is_of_type
from mcp_server.schema.patterns import matches
from mcp_server.schema.plain import JsonObject, is_number
from mcp_server.schema.validation import is_multiple

_CHECKED_ITEMS = 10_000
"""How many members of an array are looked into; the server checks all of them again."""
_TOLD_ERRORS = 8
_NOT_CHECKED = frozenset({"type", "description", "default", "format", "contentMediaType", "contentEncoding"})


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not matches(instance, pattern):
        yield ValidationError(f"does not match {pattern}")


def _items(validator: Any, items: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """As in the standard, but quick: members of a type that is taken whatever the value need no further look."""
    if not isinstance(instance, list):
        return
    free = _free_types(items)
    checked = told = 0
    for index, member in enumerate(cast("list[Any]", instance)):
        if any(is_of_type(member, kind) for kind in free):
            continue
        for error in validator.descend(member, items, path=index):
            yield error
            told += 1
        checked += 1
        if told >= _TOLD_ERRORS or checked >= _CHECKED_ITEMS:
            return


def _multiple_of(_validator: Any, step: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """As in the standard, but 0.3 is a multiple of 0.1."""
    if is_number(instance) and not is_multiple(instance, step):
        yield ValidationError(f"is not a multiple of {step}")


def _free_types(schema: Any) -> list[str]:
    """The types of which a schema takes every value."""
    options = schema.get("anyOf", [schema])
    return [option["type"] for option in options if "type" in option and option.keys() <= _NOT_CHECKED]


Validator = cast(
    "type[Draft202012Validator]",
    extend(Draft202012Validator, {"pattern": _pattern, "items": _items, "multipleOf": _multiple_of}),
)  # pyright: ignore[reportUnknownMemberType]  # not typed there

_WITHOUT_REFERENCES: Any = Validator({})


def validator_of(schema: JsonObject) -> Draft202012Validator:
    """The validator of a schema that refers to no other. To resolve references takes more to prepare than to check."""
    return _WITHOUT_REFERENCES.evolve(schema=schema)
