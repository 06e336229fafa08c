"""The JSON Schema subset that every model provider takes as a tool's input schema, and a check for it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from mcp_server.schema.patterns import is_portable
from mcp_server.schema.plain import as_list, as_object

MAX_DEPTH = 8
"""Nesting of schemas in a tool, the root being 0."""
PROPERTY_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

_ROOT_KEYWORDS = frozenset({"type", "properties", "required", "additionalProperties"})
_ANNOTATIONS = frozenset({"description", "default"})
_KEYWORDS: dict[str, frozenset[str]] = {
    "array": frozenset({"items", "minItems", "maxItems"}),
    "boolean": frozenset({"enum"}),
    "integer": frozenset({"enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "null": frozenset(),
    "number": frozenset({"enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "string": frozenset({"enum", "format", "minLength", "maxLength", "pattern"}),
}


def lint(schema: Mapping[str, Any]) -> list[str]:
    """Every violation of the portable subset in a tool's input schema, each with its JSON path; empty when fine.

    The root is exactly an object with properties, required and additionalProperties false. Each schema below has one
    `type` or an `anyOf`, and only the keywords of its type; arrays have items; no references, no boolean schemas.
    """
    problems: list[str] = []
    extra = sorted(schema.keys() ^ _ROOT_KEYWORDS)
    if extra:
        problems.append(f"$: exactly type, properties, required and additionalProperties; see {', '.join(extra)}")
    if schema.get("type") != "object" or schema.get("additionalProperties") is not False:
        problems.append("$: type is object and additionalProperties is false")
    return [*problems, *_properties(schema, "$", 0)]


def levels(schema: Mapping[str, Any]) -> int:
    """How many schemas are nested in one another in a schema of the subset, itself included."""
    below = [schema.get("items"), schema.get("additionalProperties"), *as_list(schema.get("anyOf"))]
    below += as_object(schema.get("properties")).values()
    return 1 + max((levels(as_object(one)) for one in below if isinstance(one, dict)), default=0)


def _schema(schema: Any, path: str, depth: int) -> Iterator[str]:
    if not isinstance(schema, dict):
        yield f"{path}: a schema is an object, not {schema!r}"
        return
    node = as_object(schema)
    if depth > MAX_DEPTH:
        yield f"{path}: nested deeper than {MAX_DEPTH}"
        return
    if "anyOf" in node:
        yield from _extra(node, _ANNOTATIONS | {"anyOf"}, path)
        members = as_list(node["anyOf"])
        if not members:
            yield f"{path}.anyOf: is empty"
        for number, member in enumerate(members):
            yield from _schema(member, f"{path}.anyOf[{number}]", depth + 1)
    else:
        yield from _typed(node, path, depth)


def _typed(node: dict[str, Any], path: str, depth: int) -> Iterator[str]:
    kind = node.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        yield f"{path}: needs one type, has {kind!r}"
        return
    yield from _extra(node, _ANNOTATIONS | _KEYWORDS[kind] | {"type"}, path)
    if "enum" in node and not as_list(node["enum"]):
        yield f"{path}.enum: needs values"
    if not is_portable(str(node.get("pattern", ""))):
        yield f"{path}.pattern: is none in ECMA-262"
    if kind == "array":
        yield from _schema(node.get("items"), f"{path}.items", depth + 1)
    elif kind == "object":
        yield from _properties(node, path, depth)
        additional = node.get("additionalProperties", False)
        if additional is not False:
            yield from _schema(additional, f"{path}.additionalProperties", depth + 1)


def _properties(node: Mapping[str, Any], path: str, depth: int) -> Iterator[str]:
    properties = node.get("properties", {})
    required = node.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        yield f"{path}: properties is an object and required a list"
        return
    names = cast("list[Any]", required)
    unknown = [name for name in names if name not in properties]
    if unknown or len(set(names)) != len(names):
        yield f"{path}.required: names declared properties once each; see {unknown or names}"
    for name, member in as_object(properties).items():
        if not PROPERTY_NAME.fullmatch(name):
            yield f"{path}.properties: {name!r} is no portable name"
        yield from _schema(member, f"{path}.{name}", depth + 1)


def _extra(node: dict[str, Any], allowed: frozenset[str], path: str) -> Iterator[str]:
    for keyword in sorted(node.keys() - allowed):
        yield f"{path}: {keyword} is not portable here"
