"""JSON Schemas in the words of a table cell. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

type Schema = Mapping[str, Any]

TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")

_DEEPEST = 4
_MOST_VALUES = 20
_BRANCHES = ("anyOf", "oneOf")


def schema_text(schema: Any, depth: int = 0) -> str:
    """What a value of this schema is: `integer, 4 to 256`; `object (geojson) or string`; `any value` for no schema."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return "any value"
    members = cast("Schema", schema)
    values = enumeration(members)
    if values:
        shown = ", ".join(_json(value) for value in values[:_MOST_VALUES])
        return f"one of {shown}" + (f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else "")
    alternatives = list(dict.fromkeys(schema_text(branch, depth + 1) for branch in branches(members)))
    # Beside a type, branches say what values of this type may be like.
    if alternatives and "type" not in members:
        return " or ".join(alternatives)
    if isinstance(members.get("$ref"), str):
        return members["$ref"].rsplit("/", 1)[-1]
    return ", ".join([_name(members, depth), *_limits(members)])


def enumeration(schema: Schema) -> Sequence[Any]:
    """The values that a schema lists, as `enum`, as `const`, or as branches that are each one value."""
    if isinstance(schema.get("enum"), list):
        return schema["enum"]
    if "const" in schema:
        return [schema["const"]]
    parts = list(branches(schema))
    return [part["const"] for part in parts] if parts and all("const" in part for part in parts) else []


def branches(schema: Schema) -> Iterator[Schema]:
    """The schemas of which a value must match one."""
    for keyword in _BRANCHES:
        parts = schema.get(keyword)
        for part in cast("list[Any]", parts) if isinstance(parts, list) else ():
            if isinstance(part, Mapping):
                yield cast("Schema", part)


def json_types(schema: Schema, depth: int = 0) -> frozenset[str]:
    """The JSON types a value may have; all of them where the schema does not say."""
    declared = schema.get("type")
    names = [declared] if isinstance(declared, str) else declared
    if isinstance(names, list):
        return frozenset(cast("list[str]", names)) & frozenset(TYPES) or frozenset(TYPES)
    if values := enumeration(schema):
        return frozenset(_type_of(value) for value in values)
    parts = list(branches(schema))
    if parts and depth < _DEEPEST:
        return frozenset[str]().union(*(json_types(part, depth + 1) for part in parts))
    return frozenset({"object"}) if "properties" in schema else frozenset(TYPES)


def _type_of(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    kinds = ((str, "string"), (int, "integer"), (float, "number"), (list, "array"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "object")


def _name(schema: Schema, depth: int) -> str:
    types = [name for name in TYPES if name in json_types(schema)]
    if len(types) == len(TYPES):
        name = "any value"
    elif types == ["array"] and isinstance(schema.get("items"), Mapping):
        name = f"array of {schema_text(schema['items'], depth + 1)}"
    else:
        name = " or ".join(types)
    notes = [schema[key] for key in ("format", "contentMediaType", "contentEncoding") if schema.get(key)]
    return f"{name} ({', '.join(map(str, notes))})" if notes else name


def _limits(schema: Schema) -> Iterator[str]:
    yield from _range(schema.get("minimum"), schema.get("maximum"), "{} to {}", "at least {}", "at most {}")
    for key, words in (("exclusiveMinimum", "more than {}"), ("exclusiveMaximum", "less than {}")):
        if isinstance(schema.get(key), int | float) and not isinstance(schema.get(key), bool):
            yield words.format(_json(schema[key]))
    if "multipleOf" in schema:
        yield f"in steps of {_json(schema['multipleOf'])}"
    for unit, least, most in (("characters", "minLength", "maxLength"), ("items", "minItems", "maxItems")):
        yield from _range(
            schema.get(least),
            schema.get(most),
            f"{{}} to {{}} {unit}",
            f"at least {{}} {unit}",
            f"at most {{}} {unit}",
        )


def _range(least: Any, most: Any, both: str, low: str, high: str) -> Iterator[str]:
    if least is not None and most is not None:
        yield both.format(_json(least), _json(most))
    elif least is not None:
        yield low.format(_json(least))
    elif most is not None:
        yield high.format(_json(most))


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
