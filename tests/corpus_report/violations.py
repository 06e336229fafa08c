"""Values that break what a description says beyond doubt, made from the description as its author wrote it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from tests.corpus_report.corpus import Described, Json

_WRONG: Mapping[str, tuple[Any, ...]] = {
    "number": ("no number", {"not": "a number"}),
    "integer": ("no number", 1.5, {"not": "a number"}),
    "boolean": ("neither", 17, {"not": "a boolean"}),
    "string": ({"not": "a string"}, 17.25),
    "array": ({"not": "an array"},),
    "object": (17, True),
}
"""For each type of JSON Schema, values that nothing can make of that type."""

_COMBINING = frozenset({"anyOf", "oneOf", "allOf", "not", "if", "$ref", "nullable"})
_OWN = frozenset({"type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong value for one input."""

    input_id: str
    kind: str
    """`type`, `enum` or `range`."""
    value: Any


def violations(described: Described) -> Iterator[Violation]:
    """All violations that can be made of a description."""
    example = described.tool.process.example or {}
    for input_id, entry in described.inputs.items():
        schema = _unambiguous(entry, example.get(input_id))
        if schema is None:
            continue
        kind = str(schema["type"])
        # A text is often written where a number is meant, and the other way round: enumerations tell them apart.
        for value in _WRONG[kind]:
            if "enum" in schema or not (kind == "string" and not isinstance(value, dict)):
                yield Violation(input_id, "type", value)
        if "enum" in schema:
            yield Violation(input_id, "enum", _outside(schema["enum"]))
        for value in _beyond(schema):
            yield Violation(input_id, "range", value)


def _unambiguous(entry: Mapping[str, Any], shown: Any) -> Json | None:
    """The schema of an input, if it means one thing and nothing that its author wrote speaks against it."""
    found = entry.get("schema")
    if not isinstance(found, dict):
        return None
    schema = cast("Json", found)
    if not isinstance(schema.get("type"), str) or schema["type"] not in _WRONG or schema.keys() & _COMBINING:
        return None
    own = {name: schema[name] for name in _OWN & schema.keys()}
    try:
        Draft202012Validator.check_schema(own)
    except SchemaError:
        return None
    written = [*cast("list[Any]", schema.get("enum", [])), *([schema["default"]] if "default" in schema else [])]
    written += [] if shown is None else [shown]
    if schema.get("minimum", float("-inf")) > schema.get("maximum", float("inf")):
        return None
    validator = Draft202012Validator(own)
    return own if all(validator.is_valid(value) for value in written) else None  # pyright: ignore[reportUnknownMemberType]  # jsonschema is not typed throughout


def _outside(allowed: list[Any]) -> Any:
    if all(isinstance(value, str) for value in allowed):
        return "zzz-none-of-these"
    return max(value for value in allowed if isinstance(value, int | float)) + 1


def _beyond(schema: Json) -> Iterator[float]:
    if schema["type"] not in ("number", "integer") or "enum" in schema:
        return
    for name, step in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0), ("exclusiveMaximum", 0)):
        bound = schema.get(name)
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            yield bound + step
