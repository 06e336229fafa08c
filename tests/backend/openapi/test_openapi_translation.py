"""Any author's JSON Schema, said in OpenAPI 3.0."""

from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator

from backend.openapi.translation import translate

GEOMETRY = {"$ref": "#/components/schemas/geojsonGeometry"}


@pytest.mark.parametrize(
    ("schema", "translated"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": "string", "nullable": True}, {"type": "string", "nullable": True}),
        ({"type": ["string", "number"]}, {"anyOf": [{"type": "string"}, {"type": "number"}]}),
        (
            {"type": ["array", "object", "null"]},
            {"anyOf": [{"type": "array", "items": {}, "nullable": True}, {"type": "object"}]},
        ),
        (
            {"type": ["string", "number"], "anyOf": [{"minLength": 2}]},
            {"anyOf": [{"minLength": 2}], "allOf": [{"anyOf": [{"type": "string"}, {"type": "number"}]}]},
        ),
        ({"type": "null"}, {"enum": [None]}),
        ({"const": 3}, {"enum": [3]}),
        ({"type": ["string", "null"], "enum": ["a", None]}, {"type": "string", "nullable": True, "enum": ["a", None]}),
        ({"type": ["string", "null"], "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": "string", "nullable": True, "enum": ["a", None]},
        ),
        ({"type": "number", "exclusiveMinimum": 0}, {"type": "number", "minimum": 0, "exclusiveMinimum": True}),
        ({"minimum": 5, "exclusiveMinimum": 0}, {"minimum": 5}),
        ({"maximum": 5, "exclusiveMaximum": 5}, {"maximum": 5, "exclusiveMaximum": True}),
        ({"maximum": 9, "exclusiveMaximum": 5}, {"maximum": 5, "exclusiveMaximum": True}),
        ({"minimum": 0, "exclusiveMinimum": True}, {"minimum": 0, "exclusiveMinimum": True}),
        ({"exclusiveMinimum": True}, {}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        (
            {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}], "items": False},
            {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "string"}]}, "maxItems": 2},
        ),
        ({"items": [{"type": "number"}]}, {"items": {"anyOf": [{"type": "number"}, {}]}}),
        (
            {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"},
            {"type": "string", "format": "byte", "x-contentEncoding": "base64", "x-contentMediaType": "image/png"},
        ),
        (
            {"type": "string", "contentEncoding": "binary"},
            {"type": "string", "format": "binary", "x-contentEncoding": "binary"},
        ),
        ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
        ({"properties": {"a": True, "b": False}}, {"properties": {"a": {}, "b": {"not": {}}}}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        (
            {"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": False},
            {"additionalProperties": {"anyOf": [{"type": "string"}, {"not": {}}]}},
        ),
        ({"patternProperties": {"^x": {"type": "string"}}}, {"additionalProperties": True}),
        (
            {"type": "object", "format": "geojson-geometry"},
            {"type": "object", "format": "geojson-geometry", "allOf": [GEOMETRY]},
        ),
        ({"$ref": "https://geojson.org/schema/Geometry.json"}, GEOMETRY),
        ({"$ref": "https://geojson.org/schema/Geometry.json", "title": "A"}, {"title": "A", "allOf": [GEOMETRY]}),
        ({"$ref": "https://schemas.example/elsewhere.json"}, {}),
        ({"$id": "https://a.example/", "$schema": "https://b.example/", "$comment": "c"}, {}),
    ],
)  # fmt: skip
def test_what_has_another_form_there_gets_it(schema: dict[str, Any], translated: dict[str, Any]) -> None:
    assert translate(schema, "p").schema == translated


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "float"},
        {"type": ["string", "date"]},
        {"minimum": "0"},
        {"maxLength": -1},
        {"pattern": "("},
        {"enum": []},
        {"required": True},
        {"required": []},
        {"title": {"en": "A"}},
        {"properties": ["a"]},
        {"items": "string"},
        {"anyOf": []},
        {"type": 3},
        "string",
        None,
        ["a"],
    ],
)
def test_what_is_no_schema_takes_anything(schema: Any) -> None:
    assert translate(schema, "p").schema == {}


def test_a_default_of_another_type_is_left_out() -> None:
    assert "default" not in translate({"type": "integer", "default": "five"}, "p").schema
    assert translate({"type": "integer", "default": 5}, "p").schema["default"] == 5


def test_own_definitions_become_components_even_when_they_refer_to_themselves() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#/$defs/tree"}}}
    found = translate({"$ref": "#/$defs/tree", "$defs": {"tree": tree}}, "input.p.a")
    (name,) = found.components
    assert found.schema == {"$ref": f"#/components/schemas/{name}"}
    assert found.components[name]["properties"]["next"] == found.schema


def test_a_schema_may_refer_to_itself_as_a_whole() -> None:
    found = translate({"type": "array", "items": {"$ref": "#"}}, "input.p.a")
    (name,) = found.components
    assert found.schema["items"] == {"$ref": f"#/components/schemas/{name}"}
    assert found.components[name] == found.schema


def test_a_reference_to_nothing_takes_anything() -> None:
    assert translate({"$ref": "#/$defs/missing"}, "p").schema == {}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"not": {"contains": {"const": 1}}}, [2]),
        ({"not": {"type": "array", "prefixItems": [{"const": 1}]}}, [2]),
        ({"oneOf": [{"type": "array", "contains": {"const": 1}}, {"type": "array", "contains": {"const": 2}}]}, [1]),
        ({"oneOf": [{"$ref": "https://schemas.example/a"}, {"$ref": "https://schemas.example/b"}]}, "a"),
        ({"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"minimum": 3}}, "ab"),
        ({"type": ["object", "null"], "properties": {"a": {"type": "null"}}}, {"a": None}),
    ],
)
def test_what_cannot_be_said_there_refuses_nothing(schema: dict[str, Any], value: Any) -> None:
    OAS30Validator(translate(schema, "p").schema).validate(value)


def test_a_one_of_that_lost_nothing_stays_one() -> None:
    branches = [{"type": "string"}, {"type": "number"}]
    assert translate({"oneOf": branches}, "p").schema == {"oneOf": branches}
