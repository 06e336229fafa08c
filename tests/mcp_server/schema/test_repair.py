"""Schemas as authors write them, and the canonical ones they mean; one case per quirk."""
# ruff: noqa: E501  the tables below are read by line

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mcp_server.schema.normalise import normalise
from tests.mcp_server.schema.descriptions import described, only_input, schema_of

STRING = {"type": "string"}
NUMBER = {"type": "number"}
GEOMETRY = {"type": "object", "format": "geojson-geometry"}
BBOX_PROPERTIES = {
    "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
    "crs": {"type": "string"},
}

SCHEMAS: list[tuple[str, Any, dict[str, Any]]] = [
    ("a sound schema stays as it is", {"type": "integer", "minimum": 1, "maximum": 9}, {"type": "integer", "minimum": 1, "maximum": 9}),
    ("an empty schema is any value", {}, {}),
    ("true is any value", True, {}),
    ("a type's name alone is a schema", "float", NUMBER),
    ("types in another case", {"type": "String"}, STRING),
    ("float", {"type": "float"}, NUMBER),
    ("int", {"type": "int"}, {"type": "integer"}),
    ("bool", {"type": "bool"}, {"type": "boolean"}),
    ("json", {"type": "json"}, {"type": "object"}),
    ("XML Schema types", {"type": "xs:double"}, NUMBER),
    ("XML Schema types by URI", {"type": "http://www.w3.org/2001/XMLSchema#boolean"}, {"type": "boolean"}),
    ("dateTime as type", {"type": "dateTime"}, {"type": "string", "format": "date-time"}),
    ("dateTime as format", {"type": "string", "format": "dateTime"}, {"type": "string", "format": "date-time"}),
    ("an unknown type is any value", {"type": "gizmo"}, {}),
    ("an unknown type among others is any value", {"type": "float or gizmo"}, {}),
    ("an unknown type in a list of types is any value", {"type": ["float", "gizmo"]}, {}),
    ("a media type as type", {"type": "text/csv"}, {"type": "string", "contentMediaType": "text/csv"}),
    ("alternatives in one string", {"type": "string or array"}, {"anyOf": [STRING, {"type": "array"}]}),
    ("alternatives with a comma", {"type": "float, string"}, {"anyOf": [NUMBER, STRING]}),
    ("lists of something", {"type": "string or list of strings"}, {"anyOf": [STRING, {"type": "array", "items": STRING}]}),
    ("a list of types", {"type": ["number", "string"]}, {"anyOf": [NUMBER, STRING]}),
    ("type from enum", {"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
    ("types from the values of an enum", {"type": "array", "items": {"enum": ["a", 1.5, True, 2]}}, {"type": "array", "items": {"anyOf": [{"type": "boolean", "enum": [True]}, {"type": "number", "enum": [1.5, 2]}, {"type": "string", "enum": ["a"]}]}}),
    ("a step below one", {"type": "number", "multipleOf": 0.5}, {"type": "number", "multipleOf": 0.5}),
    ("a step of nothing", {"type": "number", "multipleOf": 0}, NUMBER),
    ("type from const", {"const": 3}, {"type": "integer", "enum": [3]}),
    ("type from properties", {"properties": {"a": STRING}}, {"type": "object", "properties": {"a": STRING}}),
    ("no other properties", {"type": "object", "properties": {"a": STRING}, "additionalProperties": False}, {"type": "object", "properties": {"a": STRING}, "additionalProperties": False}),
    ("no other properties than none", {"type": "object", "additionalProperties": False}, {"type": "object"}),
    ("type from items", {"items": NUMBER}, {"type": "array", "items": NUMBER}),
    ("type from a bound", {"minimum": 2}, {"type": "number", "minimum": 2}),
    ("type from a GeoJSON format", {"format": "geojson-geometry"}, GEOMETRY),
    ("draft 4's exclusive minimum", {"type": "number", "minimum": 0, "exclusiveMinimum": True}, {"type": "number", "exclusiveMinimum": 0}),
    ("draft 4's exclusive maximum", {"type": "number", "maximum": 5, "exclusiveMaximum": True}, {"type": "number", "exclusiveMaximum": 5}),
    ("draft 4's false bounds", {"type": "number", "minimum": 0, "exclusiveMinimum": False}, {"type": "number", "minimum": 0}),
    ("bounds as text", {"type": "number", "minimum": "0.5"}, {"type": "number", "minimum": 0.5}),
    ("an empty range is no range", {"type": "number", "minimum": 9, "maximum": 1}, NUMBER),
    ("a range of one number that is left out is none", {"type": "number", "exclusiveMinimum": 5, "maximum": 5}, NUMBER),
    ("a range of one number that is left out at its other end is none", {"type": "number", "minimum": 5, "exclusiveMaximum": 5}, NUMBER),
    ("a range of one number", {"type": "number", "minimum": 5, "maximum": 5}, {"type": "number", "minimum": 5, "maximum": 5}),
    ("an enum of another type gives way to type", {"type": "string", "enum": [1, 2]}, STRING),
    ("an enum beside type array is of its items", {"type": "array", "enum": ["a", "b"]}, {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}),
    ("oneOf branches may overlap", {"oneOf": [{"type": "integer"}, NUMBER]}, {"anyOf": [{"type": "integer"}, NUMBER]}),
    ("values one by one are an enum", {"oneOf": [{"const": "a", "title": "A"}, {"const": "b", "description": "B"}, NUMBER, {"enum": ["b", "c"]}]}, {"anyOf": [{"type": "string", "enum": ["a", "b", "c"]}, NUMBER]}),
    ("many values one by one are an enum", {"oneOf": [{"const": f"v{n}"} for n in range(40)]}, {"type": "string", "enum": [f"v{n}" for n in range(40)]}),
    ("values of several types one by one", {"anyOf": [{"const": 1}, {"const": True}, {"const": 2}, {"const": "a"}]}, {"anyOf": [{"type": "integer", "enum": [1, 2]}, {"type": "boolean", "enum": [True]}, {"type": "string", "enum": ["a"]}]}),
    ("values beside texts of a form", {"anyOf": [{"const": "a"}, {"type": "string", "pattern": "^b"}, {"const": "c"}]}, {"anyOf": [{"type": "string", "enum": ["a", "c"]}, {"type": "string", "pattern": "^b"}]}),
    ("nested oneOf is one anyOf", {"oneOf": [STRING, {"oneOf": [NUMBER, STRING]}]}, {"anyOf": [STRING, NUMBER]}),
    ("invalid members of oneOf", {"oneOf": [STRING, None, 4, "float"]}, {"anyOf": [STRING, NUMBER]}),
    ("oneOf of requirements keeps the type", {"type": "object", "properties": {"a": STRING}, "oneOf": [{"required": ["a"]}]}, {"type": "object", "properties": {"a": STRING}, "required": ["a"]}),
    ("allOf is merged", {"allOf": [{"type": "number", "minimum": 0}, {"type": "integer", "minimum": 2}]}, {"type": "integer", "minimum": 2}),
    ("allOf of arrays whose items contradict each other", {"allOf": [{"type": "array", "items": STRING}, {"type": "array", "items": NUMBER}]}, {"type": "array", "items": STRING}),
    ("unique items", {"type": "array", "items": STRING, "uniqueItems": True}, {"type": "array", "items": STRING, "uniqueItems": True}),
    ("unique items that are costly to tell apart", {"type": "array", "items": NUMBER, "uniqueItems": True}, {"type": "array", "items": NUMBER}),
    ("items that may repeat", {"type": "array", "items": STRING, "uniqueItems": False}, {"type": "array", "items": STRING}),
    ("allOf of arrays", {"allOf": [{"type": "array", "items": NUMBER}, {"items": {"type": "integer"}, "maxItems": 3}]}, {"type": "array", "items": {"type": "integer"}, "maxItems": 3}),
    ("allOf of objects with a member in common", {"allOf": [{"properties": {"a": NUMBER, "b": STRING}}, {"properties": {"a": {"type": "integer"}}}]}, {"type": "object", "properties": {"a": {"type": "integer"}, "b": STRING}}),
    ("allOf of objects with members of their own", {"allOf": [{"properties": {"a": NUMBER}}, {"properties": {"b": STRING}}]}, {"type": "object", "properties": {"a": NUMBER, "b": STRING}}),
    ("allOf of a format and a reference", {"allOf": [{"format": "geojson-geometry"}, {"$ref": "http://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/geometryGeoJSON.yaml"}]}, GEOMETRY),
    ("GeoJSON at geojson.org", {"$ref": "https://geojson.org/schema/FeatureCollection.json"}, {"type": "object", "format": "geojson-feature-collection"}),
    ("a bounding box by a relative reference", {"$ref": "../../openapi/schemas/bbox.yaml"}, {"type": "object", "format": "ogc-bbox", "properties": BBOX_PROPERTIES, "required": ["bbox"]}),
    ("a bounding box by format", {"type": "object", "format": "ogc-bbox"}, {"type": "object", "format": "ogc-bbox", "properties": BBOX_PROPERTIES, "required": ["bbox"]}),
    ("a dangling reference is any value", {"$ref": "https://example.org/gone.json"}, {}),
    ("a local reference", {"$ref": "#/$defs/n", "$defs": {"n": NUMBER}}, NUMBER),
    ("a local reference that never ends", {"$ref": "#/$defs/n", "$defs": {"n": {"type": "array", "items": {"$ref": "#/$defs/n"}}}}, {"type": "array", "items": {}}),
    ("a reference into a list", {"anyOf": [{"$ref": "#/$defs/all/1"}, {"type": "boolean"}], "$defs": {"all": [STRING, NUMBER]}}, {"anyOf": [NUMBER, {"type": "boolean"}]}),
    ("a reference behind the end of a list", {"type": "array", "items": {"$ref": "#/$defs/all/2"}, "$defs": {"all": [STRING, NUMBER]}}, {"type": "array", "items": {}}),
    ("a schema as the type", {"type": {"type": "array", "items": "int"}}, {"type": "array", "items": {"type": "integer"}}),
    ("a tuple", {"type": "array", "items": [NUMBER, STRING]}, {"type": "array", "items": {"anyOf": [NUMBER, STRING]}}),
    ("prefixItems", {"type": "array", "prefixItems": [NUMBER, NUMBER], "minItems": 2}, {"type": "array", "items": NUMBER, "minItems": 2}),
    ("a tuple with more behind it", {"type": "array", "prefixItems": [STRING, STRING], "items": NUMBER}, {"type": "array", "items": {"anyOf": [STRING, NUMBER]}}),
    ("draft 4's tuple with more behind it", {"type": "array", "items": [STRING], "additionalItems": {"type": "integer"}}, {"type": "array", "items": {"anyOf": [STRING, {"type": "integer"}]}}),
    ("a tuple with anything behind it", {"type": "array", "prefixItems": [STRING], "items": True}, {"type": "array", "items": {}}),
    ("a tuple with nothing behind it", {"type": "array", "prefixItems": [STRING, NUMBER], "items": False}, {"type": "array", "items": {"anyOf": [STRING, NUMBER]}, "maxItems": 2}),
    ("draft 4's tuple with nothing behind it", {"type": "array", "items": [STRING, STRING, STRING], "additionalItems": False, "maxItems": 2}, {"type": "array", "items": STRING, "maxItems": 2}),
    ("a tuple that must be whole", {"type": "array", "prefixItems": [NUMBER, NUMBER], "items": False, "minItems": 2}, {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}),
    ("a tuple that must be longer than it may be", {"type": "array", "prefixItems": [NUMBER, NUMBER], "items": False, "minItems": 3}, {"type": "array", "items": NUMBER, "minItems": 3}),
    ("additionalItems without a tuple", {"type": "array", "items": STRING, "additionalItems": False}, {"type": "array", "items": STRING}),
    ("names by a pattern", {"type": "object", "patternProperties": {"^B[0-9]+$": STRING}, "additionalProperties": False}, {"type": "object", "additionalProperties": STRING}),
    ("names by a pattern beside properties", {"type": "object", "properties": {"a": NUMBER}, "patternProperties": {"^x-": STRING}, "additionalProperties": False}, {"type": "object", "properties": {"a": NUMBER}, "additionalProperties": STRING}),
    ("names by a pattern beside other names", {"type": "object", "patternProperties": {"^x-": STRING}, "additionalProperties": NUMBER}, {"type": "object", "additionalProperties": {"anyOf": [NUMBER, STRING]}}),
    ("names by a pattern beside any", {"type": "object", "patternProperties": {"^x-": STRING}}, {"type": "object"}),
    ("required names that no property has", {"type": "object", "properties": {"a": STRING}, "required": ["a", "b"]}, {"type": "object", "properties": {"a": STRING}, "required": ["a"]}),
    ("required as a flag of a property", {"type": "object", "properties": {"a": {"type": "string", "required": "true"}}}, {"type": "object", "properties": {"a": STRING}, "required": ["a"]}),
    ("required as a flag of the schema", {"type": "string", "required": True}, STRING),
    ("nullable inside", {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}}, {"type": "object", "properties": {"a": {"anyOf": [STRING, {"type": "null"}]}}}),
    ("a bound beside a reference", {"$ref": "#/$defs/n", "minimum": 2, "$defs": {"n": NUMBER}}, {"type": "number", "minimum": 2}),
    ("a reference into a list", {"$ref": "#/$defs/1", "$defs": [STRING, NUMBER]}, NUMBER),
    ("a reference behind a list", {"$ref": "#/$defs/2", "$defs": [STRING, NUMBER]}, {}),
    ("a reference by name into a list", {"$ref": "#/$defs/first", "$defs": [STRING, NUMBER]}, {}),
    ("a bounding box with members of its own", {"type": "object", "format": "bbox", "properties": {"a": NUMBER}}, {"type": "object", "properties": {"a": NUMBER}}),
    ("nullable beside a reference", {"type": "array", "items": {"nullable": True, "allOf": [{"$ref": "#/$defs/n"}]}, "$defs": {"n": NUMBER}}, {"type": "array", "items": {"anyOf": [NUMBER, {"type": "null"}]}}),
    ("nullable within a reference", {"type": "array", "items": {"nullable": True, "$ref": "#/$defs/n"}, "$defs": {"n": NUMBER}}, {"type": "array", "items": {"anyOf": [NUMBER, {"type": "null"}]}}),
    ("nullable beside alternatives", {"type": "array", "items": {"nullable": True, "oneOf": [NUMBER, STRING]}}, {"type": "array", "items": {"anyOf": [NUMBER, STRING, {"type": "null"}]}}),
    ("null among the values", {"type": "array", "items": {"type": "string", "enum": ["a", None]}}, {"type": "array", "items": {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}}),
    ("a default that does not fit", {"type": "object", "properties": {"a": {"type": "number", "default": "much"}}}, {"type": "object", "properties": {"a": NUMBER}}),
    ("a pattern that is no pattern", {"type": "string", "pattern": "("}, STRING),
    ("a pattern that could take for ever", {"type": "string", "pattern": "^(a+)+$"}, STRING),
    ("a sound pattern", {"type": "string", "pattern": "^EPSG:[0-9]+$"}, {"type": "string", "pattern": "^EPSG:[0-9]+$"}),
    ("not a schema at all", 17, {}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "expected"), [case[1:] for case in SCHEMAS], ids=[case[0] for case in SCHEMAS])
def test_a_schema_becomes_canonical(schema: Any, expected: dict[str, Any]) -> None:
    found = schema_of(schema)
    assert found == expected
    Draft202012Validator.check_schema(found)


INPUTS: list[tuple[str, Any, dict[str, Any]]] = [
    ("an enum beside schema", {"schema": {"type": "string"}, "enum": ["a"]}, {"type": "string", "enum": ["a"]}),
    ("schema keywords on the input itself", {"type": "number", "minimum": 1}, {"type": "number", "minimum": 1}),
    ("WPS formats of text", {"formats": [{"mimeType": "text/xml", "encoding": "base64"}]}, {"type": "string", "contentMediaType": "text/xml", "contentEncoding": "base64"}),
    ("WPS formats of GeoJSON", {"input": {"formats": [{"mimeType": "application/geo+json"}]}}, {"type": "object", "contentMediaType": "application/geo+json"}),
    ("a WPS literal", {"input": {"literalDataDomain": {"dataType": "float", "valueDefinition": {"anyValue": True}}}}, NUMBER),
    ("WPS literals in a list", {"input": {"literalDataDomains": [{"dataType": {"name": "integer"}}]}}, {"type": "integer"}),
    ("allowed values", {"literalDataDomain": {"dataType": {"name": "string"}, "valueDefinition": ["x"], "allowedValues": ["a", "b"]}}, {"type": "string", "enum": ["a", "b"]}),
    ("an allowed range", {"literalDataDomain": {"dataType": "double", "allowedValues": {"minimumValue": "0", "maximumValue": "5"}}}, {"type": "number", "minimum": 0, "maximum": 5}),
    ("a literal domain beside schema", {"schema": {"type": "number"}, "literalDataDomains": [{"minimum": 0, "exclusive_min": True, "maximum": 10}]}, {"type": "number", "exclusiveMinimum": 0, "maximum": 10}),
    ("a WPS bounding box", {"supportedCRS": [{"crs": "EPSG:4326"}]}, {"type": "object", "format": "ogc-bbox", "properties": BBOX_PROPERTIES, "required": ["bbox"]}),
    ("a bounding box by its kind alone", {"type": "BoundingBox"}, {"type": "object", "format": "ogc-bbox", "properties": BBOX_PROPERTIES, "required": ["bbox"]}),
    ("null for a keyword", {"type": "number", "minimum": None, "maximum": 5}, {"type": "number", "maximum": 5}),
    ("a pywps literal", {"type": "literal", "data_type": "float", "allowed_values": [], "any_value": False}, NUMBER),
    ("a pywps complex input", {"type": "complex", "data_format": {"mime_type": "application/x-netcdf", "encoding": "base64"}}, {"type": "string", "contentMediaType": "application/x-netcdf", "contentEncoding": "base64"}),
    ("no schema at all", {"title": "X"}, {}),
    ("null for an input", None, {}),
    ("a text for an input", "string", STRING),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in INPUTS], ids=[case[0] for case in INPUTS])
def test_an_input_of_any_generation_has_the_schema_it_means(raw: Any, expected: dict[str, Any]) -> None:
    assert only_input(raw).schema == expected


def test_any_value_is_nothing_to_note() -> None:
    assert not normalise(described({"x": {"schema": True, "minOccurs": 0}})).diagnostics


def test_a_schema_without_end_becomes_any_value_with_a_note() -> None:
    schema: dict[str, Any] = STRING
    for _ in range(20):
        schema = {"type": "array", "items": schema}
    found, *_ = normalise(described({"x": {"schema": schema}})).diagnostics
    assert (found.path.count("items"), found.message) == (17, "goes deeper than is read here; any value is taken")
