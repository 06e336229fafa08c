"""Schemas of process descriptions, made ready for a JSON Schema 2020-12 validator. Pure.

Descriptions are written in OpenAPI 3.0 or any draft of JSON Schema, and refer to schemas elsewhere. Nothing is fetched:
what a reference to elsewhere would demand is not checked.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

type Schema = dict[str, Any]

_ONE = frozenset({"not", "items", "additionalProperties", "contains", "propertyNames", "if", "then", "else"})
_MANY = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})

_ANNOTATIONS = frozenset({
    "$comment", "$id", "$schema", "contentEncoding", "contentMediaType", "contentSchema", "default", "deprecated",
    "description", "example", "examples", "externalDocs", "format", "nullable", "readOnly", "title", "writeOnly", "xml",
})  # fmt: skip
"""Keywords that refuse no value."""


def prepare(schema: Any, *, sound: bool = False) -> Schema:
    """The 2020-12 schema that takes what `schema` means to take; one that cannot be read takes anything.

    sound: it is known that it can be read.
    """
    if not isinstance(schema, Mapping):
        return {}
    root = cast("Mapping[str, Any]", schema)
    prepared = _translate(root, root)
    if sound:
        return prepared
    try:
        Draft202012Validator.check_schema(prepared)
    except SchemaError:
        return {}
    return prepared


def accepts_anything(schema: Any) -> bool:
    """Whether a prepared schema refuses no value."""
    if not isinstance(schema, Mapping):
        return schema is True
    members = cast("Mapping[str, Any]", schema)
    constraints = members.keys() - _ANNOTATIONS
    if constraints == {"anyOf"}:
        return any(accepts_anything(branch) for branch in members["anyOf"])
    if constraints == {"allOf"}:
        return all(accepts_anything(branch) for branch in members["allOf"])
    return not constraints


def media_types_in(schema: Any) -> frozenset[str]:
    """The media types that a schema or its alternatives declare (`contentMediaType`), in lower case."""
    if not isinstance(schema, Mapping):
        return frozenset()
    members = cast("Mapping[str, Any]", schema)
    declared = members.get("contentMediaType")
    found = {essence(declared)} if isinstance(declared, str) else set[str]()
    for keyword in ("oneOf", "anyOf", "allOf"):
        branches = members.get(keyword)
        for branch in cast("list[Any]", branches) if isinstance(branches, list) else ():
            found |= media_types_in(branch)
    return frozenset(found)


def essence(media_type: str) -> str:
    """A media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def _translate(schema: Any, root: Mapping[str, Any]) -> Any:
    if not isinstance(schema, Mapping):
        return schema if isinstance(schema, bool) else {}
    source = cast("Mapping[str, Any]", schema)
    translated: Schema = {}
    for keyword, value in source.items():
        # `$id` and `$schema` would change what the validator takes a reference or a keyword to be.
        if keyword not in ("$id", "$schema", "nullable"):
            translated[keyword] = _translate_keyword(keyword, value, lambda part: _translate(part, root))
    if "$ref" in translated and not _is_local(translated["$ref"], root):
        del translated["$ref"]
    _bound(translated, "exclusiveMinimum", "minimum")
    _bound(translated, "exclusiveMaximum", "maximum")
    if not isinstance(translated.get("required", []), list):
        # Draft 3: whether this very value is required, which its parent decides today.
        del translated["required"]
    _loosen_alternatives(translated)
    if source.get("nullable") is True:
        _allow_null(translated)
    return translated


def _translate_keyword(keyword: str, value: Any, translate: Callable[[Any], Any]) -> Any:
    if keyword in _ONE:
        return translate(value)
    if keyword in _MANY and isinstance(value, list):
        return [translate(part) for part in cast("list[Any]", value)]
    if keyword in _NAMED and isinstance(value, Mapping):
        return {name: translate(part) for name, part in cast("Mapping[str, Any]", value).items()}
    return value


def _bound(schema: Schema, exclusive: str, inclusive: str) -> None:
    """Draft 4 and OpenAPI 3.0: a boolean says whether the inclusive bound is an exclusive one."""
    flag = schema.get(exclusive)
    if isinstance(flag, bool):
        del schema[exclusive]
        if flag and inclusive in schema:
            schema[exclusive] = schema.pop(inclusive)


def _allow_null(schema: Schema) -> None:
    """OpenAPI 3.0: `nullable` widens the `type` beside it, and has no meaning without one."""
    types = schema.get("type")
    if isinstance(types, str):
        schema["type"] = [types, "null"]
    if isinstance(schema.get("enum"), list):
        schema["enum"] = [*schema["enum"], None]


def _loosen_alternatives(schema: Schema) -> None:
    """`oneOf` with a branch that cannot be checked would refuse every value that another branch takes."""
    branches = schema.get("oneOf")
    if isinstance(branches, list) and any(accepts_anything(branch) for branch in cast("list[Any]", branches)):
        del schema["oneOf"]
        if "anyOf" not in schema:
            schema["anyOf"] = branches


def _is_local(reference: Any, root: Mapping[str, Any]) -> bool:
    """Whether a `$ref` points at something within the same schema."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        return False
    target: Any = root
    for part in reference[2:].split("/") if reference != "#" else ():
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, Mapping) or name not in target:
            return False
        target = cast("Mapping[str, Any]", target)[name]
    return isinstance(target, Mapping)
