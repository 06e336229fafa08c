"""One schema as an author wrote it → canonical JSON Schema 2020-12.

Canonical: `{}` (any value), a schema with one `type`, or `anyOf` of such; no references, no oneOf or allOf, no null but
as a branch; only keywords that were understood. Draft 4, OpenAPI 3.0 and plain mistakes are translated; where the parts
of a schema contradict each other, `type` wins.
"""

from typing import Any

from mcp_server.schema.combine import annotations, both, branches, is_any, union
from mcp_server.schema.declarations import declared_types, geojson_format, inferred_types
from mcp_server.schema.defaults import fitting
from mcp_server.schema.keywords import array_bounds, enumeration, number_bounds, string_bounds, string_format
from mcp_server.schema.plain import JsonObject, as_list, as_object, size
from mcp_server.schema.scope import Scope
from mcp_server.schema.substitutes import BBOX, substitute
from mcp_server.schema.text import brief, in_one_language
from mcp_server.texts import is_harmless

_DESCRIPTION_LENGTH = 500
_CONTENT = ("contentMediaType", "contentEncoding")


def canonical(node: Any, scope: Scope) -> JsonObject:
    """Repair one schema. What cannot be understood becomes any value, with a note in the scope."""
    node = {"type": node} if isinstance(node, str) else node
    if node is None or node is True:
        return {}
    if not isinstance(node, dict):
        scope.note("is no schema; any value is taken")
        return {}
    if scope.exhausted():
        scope.note("goes deeper than is read here; any value is taken")
        return {}
    schema = as_object(node)
    scope.count(_values(schema))
    if isinstance(schema.get("$ref"), str):
        return _with_null(_referenced(schema, scope), schema)
    result = _own(schema, scope)
    for part in _combined(schema, scope):
        merged = both(result, part)
        if merged is None:
            scope.note("contradicts itself; a part of it was left out")
        else:
            result = merged
    return _annotated(_with_null(result, schema), schema, scope)


def _with_null(result: JsonObject, schema: JsonObject) -> JsonObject:
    """The canonical schema, taking null where the author says so, whatever stands beside that word."""
    if schema.get("nullable") not in (True, "true") or is_any(result):
        return result
    return union([*branches(result), {"type": "null"}]) | annotations(result)


def _values(schema: JsonObject) -> int:
    """How many values a schema lists by itself; a long text counts as several."""
    listed = sum(len(as_list(schema.get(keyword))) for keyword in ("enum", "symbols", "required", "type"))
    return listed + size(schema.get("default")) + size(schema.get("const")) + size(schema.get("description"))


def _referenced(schema: JsonObject, scope: Scope) -> JsonObject:
    reference = schema["$ref"]
    siblings = {key: value for key, value in schema.items() if key != "$ref"}
    target = _target(reference, scope)
    if target is None or reference in scope.followed:
        scope.note(f"{reference!r} cannot be resolved; any value is taken there")
        target = {}
    found = canonical(target, scope.after(reference).at("$ref"))
    return both(canonical(siblings, scope), found) or found if siblings else found


def _target(reference: str, scope: Scope) -> Any:
    """What a reference stands for: a schema of the document, a well-known one, or a type whose name it is."""
    if reference.startswith("#"):
        found = scope.local(reference) if reference.startswith("#/") else None
        return substitute(reference) if found is None else found
    known = substitute(reference)
    return {"type": reference} if known is None and declared_types(reference) else known


def _combined(schema: JsonObject, scope: Scope) -> list[JsonObject]:
    parts = [canonical(member, scope.at(f"allOf[{n}]")) for n, member in enumerate(as_list(schema.get("allOf")))]
    for keyword in ("oneOf", "anyOf"):
        members: list[Any] = [member for member in as_list(schema.get(keyword)) if isinstance(member, dict | str)]
        if members:
            parts.append(union([canonical(member, scope.at(f"{keyword}[{n}]")) for n, member in enumerate(members)]))
    return parts


def _own(schema: JsonObject, scope: Scope) -> JsonObject:
    """The schema without its combinations and annotations."""
    if "const" in schema:
        schema = {**schema, "enum": [schema["const"]]}
    if isinstance(schema.get("symbols"), list):
        schema = {**schema, "enum": schema["symbols"]}
    listed = schema.get("type") if isinstance(schema.get("type"), list) else [schema.get("type")]
    if any(isinstance(one, dict) for one in as_list(listed)):
        # CWL and Avro write a schema where JSON Schema has the name of a type.
        return union([canonical(one, scope.at("type")) for one in as_list(listed)])
    kinds = None
    if schema.get("type") is not None:
        kinds = declared_types(schema["type"])
        if kinds is None:
            scope.note(f"type {schema['type']!r} is unknown")
    kinds = kinds or inferred_types(schema)
    if kinds is None:
        return {}
    if None in as_list(schema.get("enum")):
        kinds = [*kinds, {"type": "null"}]
    return union([_typed(schema, kind, scope, alone=len(kinds) == 1) for kind in kinds])


def _typed(schema: JsonObject, meaning: JsonObject, scope: Scope, *, alone: bool) -> JsonObject:
    schema = {**meaning, **{key: value for key, value in schema.items() if value is not None}}
    kind = meaning["type"]
    result: JsonObject = {"type": kind}
    values, refused = enumeration(schema, kind)
    if not is_harmless(values):
        scope.note(f"enum has values that hide something or mislead; any {kind} is taken")
        values = []
    match kind:
        case "string":
            result |= string_bounds(schema, scope) | string_format(schema)
        case "number" | "integer":
            result |= number_bounds(schema, scope)
        case "array":
            result |= _array(schema, scope, refused)
            refused = []
        case "object":
            result |= _object(schema, scope)
        case _:
            pass
    if values:
        result["enum"] = values
    if refused and alone:
        scope.note(f"enum has values that are not of type {kind}; they were left out")
    if kind in ("string", "object", "array"):
        result |= {key: schema[key] for key in _CONTENT if isinstance(schema.get(key), str)}
    return result


def _array(schema: JsonObject, scope: Scope, item_values: list[Any]) -> JsonObject:
    """`item_values`: an enum of single values beside `type: array` is meant for the items."""
    result: JsonObject = {}
    items = schema.get("items")
    # 2020-12 tells in `items` what follows `prefixItems`; drafts before it, in `additionalItems` what follows `items`.
    members = [*as_list(schema.get("prefixItems")), *as_list(items)]
    following = schema.get("additionalItems") if isinstance(items, list) else items
    if members:
        written: list[Any] = [*members, *([following] if isinstance(following, dict) or following is True else [])]
        result["items"] = union([canonical(member, scope.at(f"items[{n}]")) for n, member in enumerate(written)])
    elif item_values:
        single = as_object(items) if isinstance(items, dict) else {}
        result["items"] = canonical({"enum": item_values, **single}, scope.at("items"))
    elif items is not None:
        result["items"] = canonical(items, scope.at("items"))
    result |= array_bounds(schema, scope)
    if members and following is False and result.get("minItems", 0) <= len(members):
        result["maxItems"] = min(len(members), result.get("maxItems", len(members)))
    # Told apart quickly only where they are single values; the server sees to the rest.
    if schema.get("uniqueItems") is True and as_object(result.get("items")).get("type") in ("string", "integer"):
        result["uniqueItems"] = True
    return result


def _object(schema: JsonObject, scope: Scope) -> JsonObject:
    result: JsonObject = {}
    name = str(schema.get("format"))
    geojson = geojson_format(name)
    if geojson:
        result["format"] = geojson
    properties = as_object(schema.get("properties"))
    if not is_harmless([*properties, *as_list(schema.get("required"))]):
        scope.note("has properties whose names hide something or mislead; any object is taken")
        return result
    if name in ("ogc-bbox", "bbox") and not properties:
        return {key: value for key, value in BBOX.items() if key != "type"}
    if name == "ogc-bbox":
        result["format"] = name
    if properties:
        result["properties"] = {
            key: canonical(value, scope.at(f"properties.{key}")) for key, value in properties.items()
        }
    required = _required(schema, properties, scope)
    if required:
        result["required"] = required
    return result | _additional(schema, scope)


def _additional(schema: JsonObject, scope: Scope) -> JsonObject:
    """What may stand under other names than those of the properties. Patterns of names are not told apart."""
    additional, patterns = schema.get("additionalProperties"), as_object(schema.get("patternProperties"))
    if additional is False and not patterns:
        return {"additionalProperties": False} if as_object(schema.get("properties")) else {}
    if additional is not False and not (isinstance(additional, dict) and additional):
        return {}
    others = [] if additional is False else [canonical(additional, scope.at("additionalProperties"))]
    others += [canonical(member, scope.at(f"patternProperties.{name}")) for name, member in patterns.items()]
    taken = union(others)
    return {"additionalProperties": taken} if taken else {}


def _required(schema: JsonObject, properties: JsonObject, scope: Scope) -> list[str]:
    """The names that must be there: 2020-12's list, or draft 3's flag in each property."""
    listed = [name for name in as_list(schema.get("required")) if isinstance(name, str)]
    flagged = [name for name, member in properties.items() if as_object(member).get("required") in (True, "true")]
    names = list(dict.fromkeys([*listed, *flagged]))
    if not properties:
        return names
    undeclared = [name for name in names if name not in properties]
    if undeclared:
        scope.note(f"requires {', '.join(undeclared)}, not among its properties; left out")
    return [name for name in names if name in properties]


def _annotated(result: JsonObject, schema: JsonObject, scope: Scope) -> JsonObject:
    description = brief(in_one_language(schema.get("description")), _DESCRIPTION_LENGTH)
    unknown_format = schema.get("format")
    if isinstance(unknown_format, str) and " " in unknown_format.strip():
        description = f"{description} Format: {brief(unknown_format, 80)}".strip()
    if description:
        result = {**result, "description": description}
    if schema.get("default") is not None:
        default = fitting(schema["default"], result)
        if isinstance(default, tuple) and is_harmless(default[0]):
            result = {**result, "default": default[0]}
        else:
            scope.note("default does not fit its schema; left out")
    return result
