"""The lint finds each construct that some model provider refuses."""

from typing import Any

import pytest

from mcp_server.schema.portable import lint


def tool_schema(member: Any, **root: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": member}, "required": [], "additionalProperties": False, **root}


FINE: list[Any] = [
    {"type": "string", "enum": ["a"], "description": "d", "default": "a"},
    {"type": "number", "minimum": 0, "exclusiveMaximum": 5},
    {"type": "array", "items": {"type": "array", "items": {"type": "number"}}, "minItems": 2},
    {"anyOf": [{"type": "object"}, {"type": "string"}], "description": "d"},
    {"type": "object", "properties": {"b": {"type": "boolean"}}, "required": ["b"], "additionalProperties": False},
    {"type": "object", "additionalProperties": {"type": "string"}},
]


@pytest.mark.parametrize("member", FINE)
def test_the_portable_subset_passes(member: Any) -> None:
    assert lint(tool_schema(member)) == []


BROKEN: list[Any] = [
    True,
    {},
    {"description": "no type"},
    {"type": ["string", "null"]},
    {"type": "strings"},
    {"type": "array"},
    {"type": "array", "items": True},
    {"type": "array", "items": {"type": "string"}, "prefixItems": [{"type": "string"}]},
    {"type": "string", "const": "a"},
    {"type": "string", "enum": []},
    {"type": "string", "minimum": 1},
    {"type": "string", "pattern": "(?i)^epsg:[0-9]+$"},
    {"type": "object", "patternProperties": {"^a": {"type": "string"}}},
    {"type": "object", "additionalProperties": True},
    {"type": "object", "properties": {"b c": {"type": "string"}}},
    {"type": "object", "properties": {"b": {"type": "string"}}, "required": ["c"]},
    {"type": "object", "properties": {"b": {"type": "string", "title": "B"}}},
    {"type": "object", "properties": ["b"]},
    {"type": "object", "properties": {"b": {"type": "string"}}, "required": "b"},
    {"oneOf": [{"type": "string"}]},
    {"anyOf": []},
    {"anyOf": [{"type": "string"}], "type": "string"},
    {"anyOf": [{"anyOf": [{"type": "array"}]}]},
    {"$ref": "#/$defs/x"},
]


@pytest.mark.parametrize("member", BROKEN)
def test_what_some_provider_refuses_is_found(member: Any) -> None:
    problems = lint(tool_schema(member))
    assert problems
    assert all(problem.startswith("$.") for problem in problems)


@pytest.mark.parametrize(
    "root",
    [
        {"$defs": {}},
        {"anyOf": [{"required": ["a"]}]},
        {"$schema": "https://json-schema.org/draft/2020-12/schema"},
        {"additionalProperties": True},
        {"type": "array"},
        {"required": ["b"]},
        {"required": ["a", "a"]},
    ],
)
def test_the_root_is_exactly_a_closed_object(root: dict[str, Any]) -> None:
    assert lint(tool_schema({"type": "string"}, **root))


def test_a_name_that_is_required_and_not_declared_is_told() -> None:
    assert lint(tool_schema({"type": "string"}, required=["a", "b"])) == [
        "$.required: names declared properties once each; see ['b']"
    ]


def test_a_root_without_required_is_found() -> None:
    schema = tool_schema({"type": "string"})
    del schema["required"]
    assert lint(schema)


def test_endless_nesting_is_found() -> None:
    member: dict[str, Any] = {"type": "string"}
    for _ in range(20):
        member = {"type": "array", "items": member}
    assert lint(tool_schema(member))
