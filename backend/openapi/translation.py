"""JSON Schemas of process descriptions as schema objects of OpenAPI 3.0. Pure.

Descriptions are written in any draft of JSON Schema, or in OpenAPI 3.0 itself, well or badly. What OpenAPI 3.0 cannot
say is left out, so that the translation takes at least what the original takes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from backend.openapi.keywords import KEPT, TYPES, is_bound, members
from backend.openapi.names import component_name, reference
from backend.openapi.wellknown import known_component

type Schema = dict[str, Any]

_ALTERNATIVES = ("allOf", "anyOf", "oneOf")
_LOST = frozenset({
    "contains", "dependencies", "dependentRequired", "dependentSchemas", "else", "if", "maxContains", "minContains",
    "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties", "$dynamicRef", "$recursiveRef",
})  # fmt: skip
"""Keywords that refuse values and have no counterpart."""


@dataclass(slots=True)
class _Translation:
    """One description's schema on its way: `components` are found as references to them are met."""

    root: Mapping[str, Any]
    name: str
    components: dict[str, Schema] = field(default_factory=dict[str, Schema])
    losses: int = 0
    """Constraints left out or guessed so far: a branch that lost one may take what its author refused."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A schema object, and the components that it and they refer to."""

    schema: Schema
    components: Mapping[str, Schema]


def translate(schema: Any, name: str) -> Translated:
    """`schema` for OpenAPI 3.0; its own definitions become components whose names begin with `name`."""
    work = _Translation(members(schema), name)
    return Translated(_translate(schema, work), work.components)


def _translate(schema: Any, work: _Translation) -> Schema:
    if schema is False:
        return {"not": {}}
    if not isinstance(schema, Mapping):
        return {}
    source = cast("Mapping[str, Any]", schema)
    target: Schema = {key: value for key, value in source.items() if _is_kept(key, value)}
    work.losses += sum(1 for key in source if key in _LOST)
    _objects(source, target, work)
    _arrays(source, target, work)
    _alternatives(source, target, work)
    _types(source, target)
    _bounds(source, target)
    _values(source, target)
    _content(source, target)
    return _referring(source, target, work)


def _is_kept(key: str, value: Any) -> bool:
    return key.startswith("x-") or (key in KEPT and KEPT[key](value))


def _objects(source: Mapping[str, Any], target: Schema, work: _Translation) -> None:
    properties = source.get("properties")
    if isinstance(properties, Mapping):
        named = cast("Mapping[str, Any]", properties)
        target["properties"] = {str(name): _translate(part, work) for name, part in named.items()}
    patterns = source.get("patternProperties")
    others = source.get("additionalProperties", True)
    if isinstance(patterns, Mapping) and patterns:
        work.losses += 1
        branches = [_translate(part, work) for part in cast("Mapping[str, Any]", patterns).values()]
        target["additionalProperties"] = True if others is True else {"anyOf": [*branches, _translate(others, work)]}
    elif isinstance(others, bool) and "additionalProperties" in source:
        target["additionalProperties"] = others
    elif isinstance(others, Mapping):
        target["additionalProperties"] = _translate(others, work)


def _arrays(source: Mapping[str, Any], target: Schema, work: _Translation) -> None:
    items = source.get("items")
    first = source.get("prefixItems", items if isinstance(items, list) else None)
    if isinstance(first, list):
        rest = source.get("additionalItems", True) if items is first else source.get("items", True)
        places = cast("list[Any]", first)
        work.losses += 1
        target["items"] = {"anyOf": [_translate(part, work) for part in (*places, *([rest] if rest else []))]}
        if rest is False:
            target["maxItems"] = min(len(places), target.get("maxItems", len(places)))
    elif isinstance(items, Mapping | bool):
        target["items"] = _translate(items, work)


def _alternatives(source: Mapping[str, Any], target: Schema, work: _Translation) -> None:
    for key in _ALTERNATIVES:
        branches = source.get(key)
        if isinstance(branches, list) and branches:
            before = work.losses
            translated = [_translate(branch, work) for branch in cast("list[Any]", branches)]
            # Branches that lost a constraint may overlap, and `oneOf` would refuse what both take.
            loose = key == "oneOf" and work.losses > before and "anyOf" not in source
            target["anyOf" if loose else key] = translated
    if "not" in source:
        before = work.losses
        excluded = _translate(source["not"], work)
        if work.losses == before:
            target["not"] = excluded


def _types(source: Mapping[str, Any], target: Schema) -> None:
    declared = source.get("type")
    given = cast("list[Any]", declared) if isinstance(declared, list) else [declared]
    names = [name for name in given if isinstance(name, str) and name in TYPES]
    nullable = "null" in given or (source.get("nullable") is True and bool(names))
    if not names:
        if nullable:
            _constrain(target, {"enum": [None]})
    elif len(names) == 1 and len(names) == len(set(given) - {"null"}):
        target["type"] = names[0]
        if nullable:
            target["nullable"] = True
    elif len(names) == len(set(given) - {"null"}):
        branches: list[Schema] = [{"type": name} | ({"items": {}} if name == "array" else {}) for name in names]
        if nullable:
            branches[0]["nullable"] = True
        _constrain(target, {"anyOf": branches})
    if target.get("type") == "array":
        target.setdefault("items", {})


def _constrain(target: Schema, condition: Schema) -> None:
    """Add a condition without touching one of the same keyword."""
    if target.keys().isdisjoint(condition):
        target.update(condition)
    else:
        target["allOf"] = [*target.get("allOf", ()), condition]


def _bounds(source: Mapping[str, Any], target: Schema) -> None:
    """A number as an exclusive bound becomes the inclusive one and a flag; of two bounds the tighter counts."""
    for inclusive, exclusive, tighter in (
        ("minimum", "exclusiveMinimum", cast("Callable[[Any, Any], Any]", max)),
        ("maximum", "exclusiveMaximum", cast("Callable[[Any, Any], Any]", min)),
    ):
        bound = source.get(exclusive)
        if isinstance(bound, bool):
            if inclusive in target:
                target[exclusive] = bound
        elif is_bound(bound):
            other = target.get(inclusive, bound)
            target[inclusive] = tighter(bound, other)
            if other == bound or target[inclusive] == bound:
                target[exclusive] = True


def _values(source: Mapping[str, Any], target: Schema) -> None:
    if "const" in source:
        _constrain(target, {"enum": [source["const"]]})
    if target.get("nullable") and "enum" in target and None not in target["enum"]:
        if source.get("nullable") is True:
            target["enum"] = [*target["enum"], None]
        else:
            del target["nullable"]
    examples = source.get("examples")
    if "example" not in source and isinstance(examples, list) and examples:
        target["example"] = examples[0]
    if "default" in target and not _has_type(target["default"], target):
        del target["default"]


def _has_type(value: Any, schema: Schema) -> bool:
    """Whether a default is of the type beside it, as OpenAPI demands."""
    if value is None:
        return "type" not in schema or schema.get("nullable") is True
    return "type" not in schema or TYPES[schema["type"]](value)


def _content(source: Mapping[str, Any], target: Schema) -> None:
    encoding = source.get("contentEncoding")
    if isinstance(encoding, str):
        target["x-contentEncoding"] = encoding
        if target.get("type") == "string":
            target.setdefault("format", "binary" if encoding.lower() == "binary" else "byte")
    media_type = source.get("contentMediaType")
    if isinstance(media_type, str):
        target["x-contentMediaType"] = media_type


def _referring(source: Mapping[str, Any], target: Schema, work: _Translation) -> Schema:
    """`target` with what `source` refers to, by `$ref` or by a format that the standard registers."""
    found: list[str | None] = []
    pointer = source.get("$ref")
    if isinstance(pointer, str):
        own = _definition(pointer, work)
        # What stands for a schema from elsewhere may differ from it.
        work.losses += own is None
        found.append(own or known_component(pointer))
    registered = target.get("format")
    if isinstance(registered, str) and "properties" not in target and target.get("type", "object") == "object":
        found.append(known_component(registered))
        work.losses += found[-1] is not None
    parts = [{"$ref": reference(name)} for name in found if name is not None]
    if not parts:
        return target
    if not target and len(parts) == 1:
        return dict(parts[0])
    # What stands beside a `$ref` has no meaning in OpenAPI 3.0.
    return {**target, "allOf": [*target.get("allOf", ()), *parts]}


def _definition(pointer: str, work: _Translation) -> str | None:
    """The component for what a local `$ref` points at; None where it points elsewhere or at nothing."""
    if pointer != "#" and not pointer.startswith("#/"):
        return None
    target: Any = work.root
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer[2:].split("/")] if pointer != "#" else []
    for step in steps:
        if not isinstance(target, Mapping) or step not in target:
            return None
        target = cast("Mapping[str, Any]", target)[step]
    name = component_name(work.name, *(step for step in steps if step not in ("$defs", "definitions")))
    if not steps:
        name = component_name(work.name, "self")
    if name not in work.components:
        work.components[name] = {}  # before its translation, which may refer to it
        work.components[name] = _translate(target, work)
    return name
