"""The fields of a form that executes a process, from its description (OGC 18-062r2, 7.10). Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, cast

from backend.html.members import mapping, text
from backend.html.schema_text import TYPES, Schema, enumeration, json_types, schema_text
from backend.processes.occurrences import max_occurs, min_occurs, schema_of_input, whole_number

type Control = Literal["text", "date", "number", "checkbox", "select", "textarea", "file"]

_MISSING = object()
_NUMBERS = frozenset({"number", "integer"})
_ONLY_TEXT = frozenset({"string"})
_ONLY_ARRAYS = frozenset({"array"})
_ONLY_BOOLEANS = frozenset({"boolean"})
_LONG_TEXT = 200
_QUALIFIERS = frozenset({"value", "mediaType", "encoding", "schema", "format"})


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a select."""

    json: str
    """The value, as JSON."""
    label: str

    @classmethod
    def of(cls, value: Any) -> Self:
        """The choice of a value of JSON."""
        return cls(_json(value), value if isinstance(value, str) else _json(value))


@dataclass(frozen=True, slots=True)
class Field:
    """One input of the form: a control, or as many of it as there are values."""

    name: str
    title: str
    description: str
    type_text: str
    control: Control
    types: tuple[str, ...]
    """JSON types that the text of a control may stand for."""
    required: bool
    repeated: bool
    """Its values go into an array."""
    most: int | None
    """Values at most; None for any number."""
    values: tuple[str, ...]
    """What is filled in, one for each control: text, JSON for a select, `true` for a box that is ticked."""
    default: str | None = None
    """What the process takes where nothing is given; None where the description does not say."""
    options: tuple[Option, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Attributes of the control: `min`, `max`, `step`, `placeholder`."""


def form_fields(description: Mapping[str, Any]) -> tuple[Field, ...]:
    """A field for each input, filled in with the author's example or else with the default."""
    inputs = mapping(description.get("inputs"))
    example = mapping(mapping(description.get("example")).get("inputs"))
    return tuple(
        _field(str(name), mapping(described), example.get(name, _MISSING)) for name, described in inputs.items()
    )


def _field(name: str, described: Mapping[str, Any], example: Any) -> Field:
    schema = schema_of_input(described)
    least, most = min_occurs(described), max_occurs(described)
    given = example if example is not _MISSING else schema.get("default", _MISSING)
    types = json_types(schema)
    items = mapping(schema.get("items"))
    repeated = (most is None or most > 1) and types != _ONLY_ARRAYS
    element = schema
    if not repeated and types == _ONLY_ARRAYS and items and _one_by_one(items):
        repeated, element, most = True, items, _maximum(schema.get("maxItems"))
    control, options = _control(element, required=least > 0, given=given is not _MISSING)
    kept = json_types(element)
    return Field(
        name=name,
        title=text(described.get("title")) or name,
        description=text(described.get("description")) or text(schema.get("description")),
        type_text=schema_text(schema),
        control=control,
        types=tuple(type_ for type_ in TYPES if type_ in kept),
        required=least > 0,
        repeated=repeated,
        most=most,
        values=_values(control, kept, given, repeated=repeated),
        default=Option.of(schema["default"]).label if "default" in schema else None,
        options=options,
        attributes=_attributes(control, element),
    )


def _one_by_one(items: Schema) -> bool:
    """Whether the items of an array are easier given one by one than as one JSON text, as numbers are."""
    return "array" not in (types := json_types(items)) and not types <= _NUMBERS


def _control(schema: Schema, *, required: bool, given: bool) -> tuple[Control, tuple[Option, ...]]:
    types = json_types(schema)
    choices = enumeration(schema)
    if types == _ONLY_BOOLEANS and not choices:
        if required or given:
            return "checkbox", ()
        # An optional value without default has three states, and a box two.
        choices = [True, False]
    if choices:
        return "select", tuple(map(Option.of, choices))
    if types <= _NUMBERS:
        return "number", ()
    return (_text_control(schema) if types == _ONLY_TEXT else "textarea"), ()


def _text_control(schema: Schema) -> Control:
    if schema.get("contentEncoding") == "base64" or schema.get("format") in ("binary", "byte"):
        return "file"
    if schema.get("format") == "date":
        return "date"
    long = "contentMediaType" in schema or whole_number(schema.get("maxLength"), 0) > _LONG_TEXT
    return "textarea" if long else "text"


def _values(control: Control, types: frozenset[str], given: Any, *, repeated: bool) -> tuple[str, ...]:
    if given is _MISSING or control == "file":
        return ("",)
    rows = cast("list[Any]", given) if repeated and isinstance(given, list) else [given]
    return tuple(_filled(control, types, row) for row in rows) or ("",)


def _filled(control: Control, types: frozenset[str], value: Any) -> str:
    if isinstance(value, Mapping) and "value" in value and "object" not in types:
        members = cast("Mapping[str, Any]", value)
        value = members["value"] if members.keys() <= _QUALIFIERS else members
    if value is None and "null" not in types:
        return ""
    if isinstance(value, str) and control != "select" and not _reads_as_json(value, types):
        return value
    return _json(value)


def _reads_as_json(typed: str, types: frozenset[str]) -> bool:
    """Whether a text, typed in as it is, would be taken for another JSON value that the input permits as well."""
    if types == _ONLY_TEXT:
        return False
    try:
        json.loads(typed)
    except ValueError:
        return False
    return True


def _attributes(control: Control, schema: Schema) -> dict[str, str]:
    attributes: dict[str, str] = {}
    if control == "number":
        attributes["step"] = "1" if json_types(schema) == frozenset({"integer"}) else "any"
        for name, keyword in (("min", "minimum"), ("max", "maximum")):
            limit = schema.get(keyword)
            if isinstance(limit, int | float) and not isinstance(limit, bool):
                attributes[name] = _json(limit)
    if control == "text" and schema.get("format") == "date-time":
        attributes["placeholder"] = "2026-01-31T12:00:00Z"
    if control == "textarea" and "object" in json_types(schema):
        attributes["spellcheck"] = "false"
    return attributes


def _maximum(value: Any) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def output_rows(description: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """The outputs as rows of a table: `id`, `title`, `type_text`, `description`."""
    return [
        {
            "id": str(name),
            "title": text(mapping(described).get("title")),
            "type_text": schema_text(mapping(described).get("schema")),
            "description": text(mapping(described).get("description")),
        }
        for name, described in mapping(description.get("outputs")).items()
    ]
