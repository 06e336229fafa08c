"""Canonical schema → portable schema: the same values, in fewer and plainer words. See portable.py for the subset."""

import json
from dataclasses import dataclass
from typing import Any

from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.kinds import GEOJSON_FORMATS
from mcp_server.schema.patterns import is_portable
from mcp_server.schema.plain import JsonObject, as_list, as_object
from mcp_server.schema.portable import PROPERTY_NAME
from mcp_server.schema.references import HREF, is_complex
from mcp_server.schema.text import brief

STRUCTURE_DEPTH = 3
"""Objects and arrays nested deeper in one input are told by their type alone."""
_ENUM_BYTES = 1500
_FORMATS = frozenset({"date", "date-time", "time", "duration", "email", "uri", "uuid"})
_TYPED_KEYWORDS: dict[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern"),
    "number": ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    "integer": ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    "array": ("minItems", "maxItems"),
}
_ANY_KINDS: list[JsonObject] = [{"type": kind} for kind in ("string", "number", "boolean", "object")]
_ANY_ITEM: JsonObject = {"anyOf": [*_ANY_KINDS, {"type": "array", "items": {"type": "number"}}]}
_ANY: JsonObject = {"anyOf": [*_ANY_KINDS, {"type": "array", "items": _ANY_ITEM}]}
_FLAT_ITEM: JsonObject = {"anyOf": [{"type": kind} for kind in ("string", "number", "object")]}
_FLAT_ANY: JsonObject = {"anyOf": [*_ANY_KINDS, {"type": "array", "items": _FLAT_ITEM}]}
_SCALARS = frozenset({"string", "number", "integer", "boolean"})


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of an input a tool tells. Names, types, enumerations and ranges are told at any detail."""

    description: int
    """Longest description of an input."""
    nested_description: int
    """Longest description of what is inside an object; 0 for none."""
    links: bool
    """Tell that `{"href": …}` may stand for an object; where not, the description and a string tell of references."""
    nested_arrays: bool
    """Tell that an array may be a member of an array where any value is taken."""


DETAILS = (
    Detail(200, 80, links=True, nested_arrays=True),
    Detail(110, 40, links=False, nested_arrays=True),
    Detail(70, 0, links=False, nested_arrays=False),
)
"""From the whole to the least: a process of many inputs is told in fewer words."""


def reduced(schema: JsonObject, detail: Detail, depth: int = 0, *, member: bool = False) -> JsonObject:
    """The portable form of a canonical schema, without its description.

    Where a complex value is expected a string is taken too: the URI of a result. In a `member` of an object that is
    told of GeoJSON and encoded content only. Of what begins at a greater `depth`, less of the structure is told.
    """
    if is_any(schema):
        return any_value(detail) if depth == 0 else _any_item(detail)
    kept = [branch for branch in branches(schema) if branch["type"] != "null"] or [{"type": "string"}]
    options = [_typed(branch, detail, depth) for branch in kept]
    if any(is_complex(branch) and (not member or _is_content(branch)) for branch in kept):
        options += _by_reference(options, detail)
    return any_of(options)


def any_of(options: list[JsonObject]) -> JsonObject:
    """One of several portable schemas; nested alternatives are flattened and repeated ones dropped."""
    flat = [member for option in options for member in as_list(option.get("anyOf", [option]))]
    unique = list({json.dumps(option, sort_keys=True): option for option in flat}.values())
    return unique[0] if len(unique) == 1 else {"anyOf": unique}


def is_enum_listed(values: list[Any]) -> bool:
    """Whether an enumeration is short enough to stand in a tool."""
    return len(json.dumps(values)) <= _ENUM_BYTES


def any_value(detail: Detail) -> JsonObject:
    """The portable form of a schema that takes every value."""
    return _ANY if detail.nested_arrays else _FLAT_ANY


def _any_item(detail: Detail) -> JsonObject:
    return _ANY_ITEM if detail.nested_arrays else _FLAT_ITEM


def _by_reference(options: list[JsonObject], detail: Detail) -> list[JsonObject]:
    extra = [] if {"type": "string"} in options else [{"type": "string"}]
    # An object without required members takes `{"href": …}` as it is.
    strict = [option for option in options if option["type"] == "object" and option.keys() != {"type"}]
    return [*extra, HREF] if strict and detail.links else extra


def _typed(branch: JsonObject, detail: Detail, depth: int) -> JsonObject:
    kind = branch["type"]
    result: JsonObject = {"type": kind}
    result |= {key: branch[key] for key in _TYPED_KEYWORDS.get(kind, ()) if key in branch}
    if not is_portable(result.get("pattern", "")):
        del result["pattern"]
    if kind not in ("array", "object") and "enum" in branch and is_enum_listed(branch["enum"]):
        result["enum"] = branch["enum"]
    if kind == "string" and branch.get("format") in _FORMATS:
        result["format"] = branch["format"]
    if kind == "array":
        items = as_object(branch.get("items"))
        if depth >= STRUCTURE_DEPTH:
            items = {"type": items["type"]} if items.get("type") in _SCALARS else {}
        result["items"] = _any_item(detail) if is_any(items) else _described(items, detail, depth, member=False)
    if kind == "object" and depth < STRUCTURE_DEPTH:
        result |= _object(branch, detail, depth)
    return result


def _object(branch: JsonObject, detail: Detail, depth: int) -> JsonObject:
    result: JsonObject = {}
    properties: JsonObject = branch.get("properties", {})
    if properties and all(PROPERTY_NAME.fullmatch(name) for name in properties):
        result["properties"] = {
            name: _described(member, detail, depth, member=True) for name, member in properties.items()
        }
        required = [name for name in branch.get("required", []) if name in properties]
        if required:
            result["required"] = required
        if branch.get("additionalProperties") is False:
            result["additionalProperties"] = False
    additional = branch.get("additionalProperties")
    if isinstance(additional, dict):
        result["additionalProperties"] = reduced(as_object(additional), detail, depth + 1)
    return result


def _is_content(branch: JsonObject) -> bool:
    return "contentMediaType" in branch or branch.get("format") in GEOJSON_FORMATS


def _described(schema: JsonObject, detail: Detail, depth: int, *, member: bool) -> JsonObject:
    """A nested schema with the description and default that its author gave it."""
    result = reduced(schema, detail, depth + 1, member=member)
    description = brief(schema.get("description", ""), detail.nested_description) if detail.nested_description else ""
    if description:
        result = {**result, "description": description}
    return {**result, "default": schema["default"]} if "default" in schema else result
