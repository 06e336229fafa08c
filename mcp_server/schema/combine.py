"""Canonical schemas combined: a value that fits one of several, or all of them."""

import json
from typing import Any

from mcp_server.schema.plain import JsonObject, as_list, as_object

ANNOTATIONS = frozenset({"description", "default"})
_MAX_BRANCHES = 16
_LOWER_BOUNDS = frozenset({"minimum", "exclusiveMinimum", "minItems", "minLength"})
_UPPER_BOUNDS = frozenset({"maximum", "exclusiveMaximum", "maxItems", "maxLength"})


def is_any(schema: JsonObject) -> bool:
    """Whether a canonical schema takes every value."""
    return not schema.keys() - ANNOTATIONS


def annotations(schema: JsonObject) -> JsonObject:
    """What a canonical schema says for people, and the default."""
    return {key: schema[key] for key in ANNOTATIONS if key in schema}


def branches(schema: JsonObject) -> list[JsonObject]:
    """The single-typed alternatives of a canonical schema; itself where it has none."""
    return [as_object(branch) for branch in schema["anyOf"]] if "anyOf" in schema else [schema]


def union(schemas: list[JsonObject]) -> JsonObject:
    """The schema of a value that fits at least one, of one or more. oneOf may overlap: exclusiveness is not kept."""
    flat = [branch for schema in schemas for branch in branches(schema)]
    unique: dict[str, JsonObject] = {}
    for branch in flat:
        unique.setdefault(json.dumps(_bare(branch), sort_keys=True), branch)
    kept = list(unique.values())
    kept = _with_values_together(kept) if len(kept) > 1 else kept
    if len(kept) > _MAX_BRANCHES or any(is_any(branch) for branch in kept):
        return {}
    return kept[0] if len(kept) == 1 else {"anyOf": kept}


def _with_values_together(options: list[JsonObject]) -> list[JsonObject]:
    """The alternatives, with one list of the values of a type in place of many: authors write a `const` for each."""
    values: dict[str, JsonObject] = {}
    for option in filter(_is_enumeration, options):
        # Told apart by their form: 1 and true are one value in Python.
        by_form = {json.dumps(value, sort_keys=True): value for value in option["enum"]}
        values.setdefault(option["type"], {}).update(by_form)
    kept: list[JsonObject] = []
    for option in options:
        if not _is_enumeration(option):
            kept.append(option)
        elif listed := values.pop(option["type"], None):
            kept.append({"type": option["type"], "enum": list(listed.values())})
    return kept


def _is_enumeration(option: JsonObject) -> bool:
    return _bare(option).keys() == {"type", "enum"}


def both(left: JsonObject, right: JsonObject) -> JsonObject | None:
    """The schema of a value that fits the two; None where there is no such value."""
    told = annotations(right) | annotations(left)
    if is_any(left) or is_any(right):
        return (_bare(right) if is_any(left) else _bare(left)) | told
    pairs = [_both_typed(one, other) for one in branches(left) for other in branches(right)]
    fitting = [pair for pair in pairs if pair is not None]
    return union(fitting) | told if fitting else None


def _both_typed(left: JsonObject, right: JsonObject) -> JsonObject | None:
    kinds = {left["type"], right["type"]}
    if len(kinds) > 1 and kinds != {"integer", "number"}:
        return None
    merged = {key: _both_keyword(key, left.get(key), right.get(key)) for key in {**left, **right}}
    return merged | {"type": "integer" if "integer" in kinds else left["type"]}


def _both_keyword(key: str, left: Any, right: Any) -> Any:
    """The stricter of two values of a keyword; the first where neither is."""
    if left is None or right is None:
        return right if left is None else left
    if key in _LOWER_BOUNDS | _UPPER_BOUNDS:
        return max(left, right) if key in _LOWER_BOUNDS else min(left, right)
    match key:
        case "properties":
            return {name: _both_properties(left.get(name), right.get(name)) for name in {**left, **right}}
        case "required":
            return list(dict.fromkeys([*as_list(left), *as_list(right)]))
        case "enum":
            return [value for value in as_list(left) if value in as_list(right)] or left
        case _:
            return both(left, right) or left if key == "items" else left


def _both_properties(left: JsonObject | None, right: JsonObject | None) -> JsonObject:
    if left is None or right is None:
        return left or right or {}
    return both(left, right) or left


def _bare(schema: JsonObject) -> JsonObject:
    return {key: value for key, value in schema.items() if key not in ANNOTATIONS}
