"""Schemas in the words of a table cell."""

from typing import Any

import pytest

from backend.html.schema_text import json_types, schema_text


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer", "minimum": 4, "maximum": 256}, "integer, 4 to 256"),
        ({"type": "number", "exclusiveMinimum": 0}, "number, more than 0"),
        ({"type": "number", "minimum": 0.5, "multipleOf": 0.5}, "number, at least 0.5, in steps of 0.5"),
        ({"type": "string", "maxLength": 9}, "string, at most 9 characters"),
        ({"enum": ["a", 1, None]}, "one of a, 1, null"),
        ({"oneOf": [{"const": "a"}, {"const": "b"}]}, "one of a, b"),
        ({"anyOf": [{"type": "object", "format": "geojson"}, {"type": "string"}]}, "object (geojson) or string"),
        ({"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, "object"),
        ({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}, "array of number, 4 to 6 items"),
        ({"type": ["string", "null"]}, "string or null"),
        (
            {"type": "string", "contentMediaType": "image/png", "contentEncoding": "base64"},
            "string (image/png, base64)",
        ),
        ({"$ref": "https://schemas.example/bbox.yaml"}, "bbox.yaml"),
        ({"properties": {"a": {}}}, "object"),
        ({}, "any value"),
        ("nonsense", "any value"),
        ({"type": 7}, "any value"),
    ],
)
def test_a_schema_is_told_in_words(schema: Any, text: str) -> None:
    assert schema_text(schema) == text


def test_a_long_enumeration_is_cut() -> None:
    assert schema_text({"enum": list(range(25))}).endswith("18, 19 and 5 more")


def test_a_schema_that_nests_without_end_is_told_to_a_depth() -> None:
    schema: dict[str, Any] = {}
    schema |= {"type": "array", "items": schema}
    assert schema_text(schema) == "array of array of array of array of array of any value"
    endless: dict[str, Any] = {}
    endless["anyOf"] = [endless]
    assert "string" in json_types(endless)


def test_the_types_of_alternatives_are_joined() -> None:
    assert json_types({"oneOf": [{"type": "number"}, {"type": ["string", "null"]}]}) == {"number", "string", "null"}
