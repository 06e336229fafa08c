"""Schemas of descriptions as the validator reads them."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from backend.api.schemas import accepts_anything, prepare

GEOJSON = {"$ref": "http://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/geometryGeoJSON.yaml"}


def takes(schema: Any, value: Any) -> bool:
    return Draft202012Validator(prepare(schema)).is_valid(value)


@pytest.mark.parametrize(
    ("schema", "taken", "refused"),
    [
        ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, 0.1, 0),
        ({"type": "number", "maximum": 9, "exclusiveMaximum": False}, 9, 10),
        ({"type": "string", "nullable": True}, None, 3),
        ({"type": "string", "enum": ["a"], "nullable": True}, None, "b"),
        ({"type": "object", "properties": {"a": {"type": "string", "required": True}}}, {}, {"a": 1}),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "id": "x", "type": "integer"}, 3, "3"),
        ({"$ref": "#/$defs/size", "$defs": {"size": {"type": "integer"}}}, 3, "3"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "x", 1.5),
    ],
)
def test_other_dialects_mean_what_they_meant(schema: Any, taken: Any, refused: Any) -> None:
    assert takes(schema, taken)
    assert not takes(schema, refused)


@pytest.mark.parametrize(
    "schema",
    [
        GEOJSON,
        {"$ref": "#/components/schemas/missing"},
        {"$ref": "other.yaml"},
        {"$ref": 3},
        {"type": "float"},
        None,
        "text",
        True,
    ],
)
def test_what_cannot_be_read_or_is_elsewhere_takes_anything(schema: Any) -> None:
    assert takes(schema, {"any": ["thing"]})


def test_an_alternative_that_cannot_be_checked_refuses_no_value_that_another_takes() -> None:
    schema = {"oneOf": [{"type": "string"}, {"oneOf": [{"format": "geojson-geometry"}, GEOJSON]}]}
    assert takes(schema, "POINT (0 0)")
    assert takes(schema, {"type": "Point", "coordinates": [0, 0]})


def test_oneof_that_can_be_checked_stays_exclusive() -> None:
    assert not takes({"oneOf": [{"type": "integer"}, {"minimum": 0, "type": "number"}]}, 3)


def test_data_within_a_schema_is_left_alone() -> None:
    reference = {"$ref": "http://elsewhere.example/"}
    assert prepare({"enum": [reference], "default": reference}) == {"enum": [reference], "default": reference}


@pytest.mark.parametrize(
    ("schema", "anything"),
    [
        ({}, True),
        ({"title": "x", "format": "y"}, True),
        ({"type": "string"}, False),
        ({"anyOf": [{"type": "string"}, {}]}, True),
        ({"allOf": [{"type": "string"}, {}]}, False),
        (True, True),
        (False, False),
    ],
)
def test_a_schema_that_refuses_nothing_is_recognised(schema: Any, anything: bool) -> None:
    assert accepts_anything(schema) is anything
