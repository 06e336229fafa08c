"""Canonical schema → portable schema: the same values, in fewer and plainer words. See portable.py for the subset."""

import json
from typing import Any

from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.kinds import GEOJSON_FORMATS
from mcp_server.schema.plain import JsonObject, as_list, as_object
from mcp_server.schema.portable import PROPERTY_NAME
from mcp_server.schema.references import HREF, is_complex
from mcp_server.schema.text import brief

_STRUCTURE_DEPTH = 3
"""Objects and arrays nested deeper in one input are described by their type alone."""
_ENUM_BYTES = 1500
_NESTED_DESCRIPTION = 80
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


def reduced(schema: JsonObject, depth: int = 0, *, member: bool = False) -> JsonObject:
    """The portable form of a canonical schema, without its description.

    Where a complex value is expected a string is taken too: the URI of a result. In a `member` of an object that is
    told of GeoJSON and encoded content only.
    """
    if is_any(schema):
        return _ANY if depth == 0 else _ANY_ITEM
    kept = [branch for branch in branches(schema) if branch["type"] != "null"] or [{"type": "string"}]
    options = [_typed(branch, depth) for branch in kept]
    if any(is_complex(branch) and (not member or _is_content(branch)) for branch in kept):
        options += _by_reference(options)
    return any_of(options)


def any_of(options: list[JsonObject]) -> JsonObject:
    """One of several portable schemas; nested alternatives are flattened and repeated ones dropped."""
    flat = [member for option in options for member in as_list(option.get("anyOf", [option]))]
    unique = list({json.dumps(option, sort_keys=True): option for option in flat}.values())
    return unique[0] if len(unique) == 1 else {"anyOf": unique}


def is_enum_listed(values: list[Any]) -> bool:
    """Whether an enumeration is short enough to stand in a tool."""
    return len(json.dumps(values)) <= _ENUM_BYTES


def _by_reference(options: list[JsonObject]) -> list[JsonObject]:
    extra = [] if {"type": "string"} in options else [{"type": "string"}]
    # An object without required members takes `{"href": …}` as it is.
    strict = [option for option in options if option["type"] == "object" and option.keys() != {"type"}]
    return [*extra, HREF] if strict else extra


def _typed(branch: JsonObject, depth: int) -> JsonObject:
    kind = branch["type"]
    result: JsonObject = {"type": kind}
    result |= {key: branch[key] for key in _TYPED_KEYWORDS.get(kind, ()) if key in branch}
    if kind not in ("array", "object") and "enum" in branch and is_enum_listed(branch["enum"]):
        result["enum"] = branch["enum"]
    if kind == "string" and branch.get("format") in _FORMATS:
        result["format"] = branch["format"]
    if kind == "array":
        deeper = as_object(branch.get("items")) if depth < _STRUCTURE_DEPTH else {}
        result["items"] = _ANY_ITEM if is_any(deeper) else _described(deeper, depth, member=False)
    if kind == "object" and depth < _STRUCTURE_DEPTH:
        result |= _object(branch, depth)
    return result


def _object(branch: JsonObject, depth: int) -> JsonObject:
    result: JsonObject = {}
    properties: JsonObject = branch.get("properties", {})
    if properties and all(PROPERTY_NAME.fullmatch(name) for name in properties):
        result["properties"] = {name: _described(member, depth, member=True) for name, member in properties.items()}
        required = [name for name in branch.get("required", []) if name in properties]
        if required:
            result["required"] = required
        if branch.get("additionalProperties") is False:
            result["additionalProperties"] = False
    additional = branch.get("additionalProperties")
    if isinstance(additional, dict):
        result["additionalProperties"] = reduced(as_object(additional), depth + 1)
    return result


def _is_content(branch: JsonObject) -> bool:
    return "contentMediaType" in branch or branch.get("format") in GEOJSON_FORMATS


def _described(schema: JsonObject, depth: int, *, member: bool) -> JsonObject:
    """A nested schema with the description and default that its author gave it."""
    result = reduced(schema, depth + 1, member=member)
    description = brief(schema.get("description", ""), _NESTED_DESCRIPTION)
    if description:
        result = {**result, "description": description}
    return {**result, "default": schema["default"]} if "default" in schema else result
