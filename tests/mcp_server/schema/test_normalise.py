"""Every shape that descriptions come in; one fixture per quirk, written for these tests."""
# ruff: noqa: E501  the tables below are read by line

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mcp_server.ogc.models import ABSENT
from mcp_server.schema.normalise import CanonicalProcess, InputSpec, normalise
from mcp_server.schema.portable import lint
from mcp_server.schema.tool import tool_spec


def described(inputs: Any, **members: Any) -> dict[str, Any]:
    return {"id": "p", "version": "1", "inputs": inputs, **members}


def only_input(raw: Any, **members: Any) -> InputSpec:
    (spec,) = normalise(described({"x": raw}, **members)).inputs
    return spec


def schema_of(schema: Any) -> dict[str, Any]:
    return only_input({"schema": schema}).schema


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
    ("a media type as type", {"type": "text/csv"}, {"type": "string", "contentMediaType": "text/csv"}),
    ("alternatives in one string", {"type": "string or array"}, {"anyOf": [STRING, {"type": "array"}]}),
    ("alternatives with a comma", {"type": "float, string"}, {"anyOf": [NUMBER, STRING]}),
    ("lists of something", {"type": "string or list of strings"}, {"anyOf": [STRING, {"type": "array", "items": STRING}]}),
    ("a list of types", {"type": ["number", "string"]}, {"anyOf": [NUMBER, STRING]}),
    ("type from enum", {"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
    ("type from const", {"const": 3}, {"type": "integer", "enum": [3]}),
    ("type from properties", {"properties": {"a": STRING}}, {"type": "object", "properties": {"a": STRING}}),
    ("type from items", {"items": NUMBER}, {"type": "array", "items": NUMBER}),
    ("type from a bound", {"minimum": 2}, {"type": "number", "minimum": 2}),
    ("type from a GeoJSON format", {"format": "geojson-geometry"}, GEOMETRY),
    ("draft 4's exclusive minimum", {"type": "number", "minimum": 0, "exclusiveMinimum": True}, {"type": "number", "exclusiveMinimum": 0}),
    ("draft 4's exclusive maximum", {"type": "number", "maximum": 5, "exclusiveMaximum": True}, {"type": "number", "exclusiveMaximum": 5}),
    ("draft 4's false bounds", {"type": "number", "minimum": 0, "exclusiveMinimum": False}, {"type": "number", "minimum": 0}),
    ("bounds as text", {"type": "number", "minimum": "0.5"}, {"type": "number", "minimum": 0.5}),
    ("an empty range is no range", {"type": "number", "minimum": 9, "maximum": 1}, NUMBER),
    ("an enum of another type gives way to type", {"type": "string", "enum": [1, 2]}, STRING),
    ("an enum beside type array is of its items", {"type": "array", "enum": ["a", "b"]}, {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}),
    ("oneOf branches may overlap", {"oneOf": [{"type": "integer"}, NUMBER]}, {"anyOf": [{"type": "integer"}, NUMBER]}),
    ("nested oneOf is one anyOf", {"oneOf": [STRING, {"oneOf": [NUMBER, STRING]}]}, {"anyOf": [STRING, NUMBER]}),
    ("invalid members of oneOf", {"oneOf": [STRING, None, 4, "float"]}, {"anyOf": [STRING, NUMBER]}),
    ("oneOf of requirements keeps the type", {"type": "object", "properties": {"a": STRING}, "oneOf": [{"required": ["a"]}]}, {"type": "object", "properties": {"a": STRING}, "required": ["a"]}),
    ("allOf is merged", {"allOf": [{"type": "number", "minimum": 0}, {"type": "integer", "minimum": 2}]}, {"type": "integer", "minimum": 2}),
    ("allOf of a format and a reference", {"allOf": [{"format": "geojson-geometry"}, {"$ref": "http://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/geometryGeoJSON.yaml"}]}, GEOMETRY),
    ("GeoJSON at geojson.org", {"$ref": "https://geojson.org/schema/FeatureCollection.json"}, {"type": "object", "format": "geojson-feature-collection"}),
    ("a bounding box by a relative reference", {"$ref": "../../openapi/schemas/bbox.yaml"}, {"type": "object", "format": "ogc-bbox", "properties": BBOX_PROPERTIES, "required": ["bbox"]}),
    ("a bounding box by format", {"type": "object", "format": "ogc-bbox"}, {"type": "object", "format": "ogc-bbox", "properties": BBOX_PROPERTIES, "required": ["bbox"]}),
    ("a dangling reference is any value", {"$ref": "https://example.org/gone.json"}, {}),
    ("a local reference", {"$ref": "#/$defs/n", "$defs": {"n": NUMBER}}, NUMBER),
    ("a local reference that never ends", {"$ref": "#/$defs/n", "$defs": {"n": {"type": "array", "items": {"$ref": "#/$defs/n"}}}}, {"type": "array", "items": {}}),
    ("a tuple", {"type": "array", "items": [NUMBER, STRING]}, {"type": "array", "items": {"anyOf": [NUMBER, STRING]}}),
    ("prefixItems", {"type": "array", "prefixItems": [NUMBER, NUMBER], "minItems": 2}, {"type": "array", "items": NUMBER, "minItems": 2}),
    ("required names that no property has", {"type": "object", "properties": {"a": STRING}, "required": ["a", "b"]}, {"type": "object", "properties": {"a": STRING}, "required": ["a"]}),
    ("required as a flag of a property", {"type": "object", "properties": {"a": {"type": "string", "required": "true"}}}, {"type": "object", "properties": {"a": STRING}, "required": ["a"]}),
    ("required as a flag of the schema", {"type": "string", "required": True}, STRING),
    ("nullable inside", {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}}, {"type": "object", "properties": {"a": {"anyOf": [STRING, {"type": "null"}]}}}),
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
    ("a pywps literal", {"type": "literal", "data_type": "float", "allowed_values": [], "any_value": False}, NUMBER),
    ("a pywps complex input", {"type": "complex", "data_format": {"mime_type": "application/x-netcdf", "encoding": "base64"}}, {"type": "string", "contentMediaType": "application/x-netcdf", "contentEncoding": "base64"}),
    ("no schema at all", {"title": "X"}, {}),
    ("null for an input", None, {}),
    ("a text for an input", "string", STRING),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in INPUTS], ids=[case[0] for case in INPUTS])
def test_an_input_of_any_generation_has_the_schema_it_means(raw: Any, expected: dict[str, Any]) -> None:
    assert only_input(raw).schema == expected


REQUIRED: list[tuple[str, dict[str, Any], bool]] = [
    ("no minOccurs is 1", {"schema": STRING}, True),
    ("minOccurs 0", {"schema": STRING, "minOccurs": 0}, False),
    ("minOccurs as text", {"schema": STRING, "minOccurs": "0"}, False),
    ("pywps min_occurs", {"schema": STRING, "min_occurs": 0}, False),
    ("a default", {"schema": {"type": "string", "default": "a"}, "minOccurs": 1}, False),
    ("a default beside schema", {"schema": NUMBER, "minOccurs": 1, "default": 5}, False),
    ("null as default", {"schema": {"type": "string", "default": None}, "minOccurs": 1}, False),
    ("a placeholder is no default", {"schema": {"type": "string", "default": "Any value"}}, True),
    ("nullable", {"schema": {"type": "string", "nullable": True}}, False),
    ("null among the types", {"schema": {"type": ["string", "null"]}}, False),
    ("required as a flag", {"type": "string", "required": "false"}, False),
]


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in REQUIRED], ids=[case[0] for case in REQUIRED])
def test_an_input_is_required_only_when_nothing_says_otherwise(raw: dict[str, Any], expected: bool) -> None:
    spec = only_input(raw)
    assert spec.required is expected
    assert spec.schema["type"] in ("string", "number")


OCCURRENCES: list[tuple[str, dict[str, Any], tuple[bool, int, int | None]]] = [
    ("absent is once", {}, (False, 1, 1)),
    ("unbounded", {"maxOccurs": "unbounded"}, (True, 1, None)),
    ("a text", {"minOccurs": "2", "maxOccurs": "5"}, (True, 2, 5)),
    ("pywps's largest integer", {"max_occurs": 2**63 - 1}, (True, 1, None)),
    ("an impossible maximum keeps the input", {"minOccurs": 1, "maxOccurs": 0}, (False, 1, 1)),
]


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in OCCURRENCES], ids=[case[0] for case in OCCURRENCES])
def test_occurrence_is_read_in_every_spelling(raw: dict[str, Any], expected: tuple[bool, int, int | None]) -> None:
    spec = only_input({"schema": STRING, **raw})
    assert (spec.multiple, spec.min_items, spec.max_items) == expected


DEFAULTS: list[tuple[str, dict[str, Any], Any]] = [
    ("a fitting default", {"schema": {"type": "number", "default": 0.5}}, 0.5),
    ("false is a default", {"schema": {"type": "boolean", "default": False}}, False),
    ("a number as text", {"schema": {"type": "integer", "default": "16"}}, 16),
    ("a boolean as text", {"schema": {"type": "boolean", "default": "True"}}, True),
    ("an impossible default", {"schema": {"type": "integer", "default": "sixteen"}}, ABSENT),
    ("a default outside the enum", {"schema": {"type": "string", "enum": ["a"], "default": "b"}}, ABSENT),
    ("a list where many are taken", {"schema": {"type": "string", "default": ["a", "b"]}, "maxOccurs": 9}, ["a", "b"]),
    ("a placeholder", {"schema": {"type": "string", "default": "Any value"}}, ABSENT),
    ("none", {"schema": STRING}, ABSENT),
]


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in DEFAULTS], ids=[case[0] for case in DEFAULTS])
def test_only_a_default_that_could_be_sent_is_kept(raw: dict[str, Any], expected: Any) -> None:
    assert only_input(raw).default == expected


BY_REFERENCE: list[tuple[str, Any, bool]] = [
    ("an object", {"type": "object"}, True),
    ("encoded content", {"type": "string", "contentMediaType": "image/tiff"}, True),
    ("any value", {}, True),
    ("an array", {"type": "array", "items": NUMBER}, True),
    ("GeoJSON or WKT", {"anyOf": [{"type": "object", "format": "geojson"}, STRING]}, True),
    ("a string", STRING, False),
    ("a number", NUMBER, False),
]


@pytest.mark.parametrize(("schema", "expected"), [case[1:] for case in BY_REFERENCE], ids=[c[0] for c in BY_REFERENCE])
def test_complex_values_are_taken_by_reference(schema: Any, expected: bool) -> None:
    assert only_input({"schema": schema}).by_reference is expected


def test_inputs_and_outputs_may_be_lists_with_id_or_identifier() -> None:
    process = normalise(
        {
            "identifier": "p",
            "abstract": "What it does.",
            "inputs": [{"id": "a", "schema": STRING}, {"identifier": "b", "abstract": "Second.", "schema": NUMBER}],
            "outputs": [{"id": "o", "schema": NUMBER}],
        }
    )
    assert (process.id, process.description) == ("p", "What it does.")
    assert [(spec.id, spec.description) for spec in process.inputs] == [("a", ""), ("b", "Second.")]
    assert [spec.id for spec in process.outputs] == ["o"]


@pytest.mark.parametrize("wrapper", ["process", "processDescription", "processOffering"])
def test_a_wrapped_description_is_unwrapped(wrapper: str) -> None:
    process = normalise({wrapper: described({"a": {"schema": STRING}}), "jobControlOptions": ["async-execute"]})
    assert process.id == "p"
    assert [spec.id for spec in process.inputs] == ["a"]
    assert process.modes == {"async-execute"}


def test_a_doubly_wrapped_description_is_unwrapped() -> None:
    assert normalise({"processOffering": {"process": described({"a": {}})}}).inputs[0].id == "a"


def test_texts_in_several_languages_are_told_in_english() -> None:
    process = normalise(
        {"id": "p", "title": {"fr": "Bonjour", "en-GB": "Hello"}, "description": {"de": "Hallo"}, "version": 1.1}
    )
    assert (process.title, process.description, process.version) == ("Hello", "Hallo", "1.1")


def test_one_bad_input_costs_no_other() -> None:
    process = normalise(described({"bad": {"schema": 12}, "worse": [1, 2], "good": {"schema": NUMBER}}))
    assert {spec.id: spec.schema for spec in process.inputs} == {"bad": {}, "worse": {}, "good": NUMBER}
    assert {diagnostic.path for diagnostic in process.diagnostics} >= {"$.inputs.bad", "$.inputs.worse"}


def test_an_input_missing_in_the_authors_example_is_optional_and_noted() -> None:
    process = normalise(described({"a": {"schema": STRING}, "b": {"schema": STRING}}, example={"inputs": {"a": "1"}}))
    assert [spec.required for spec in process.inputs] == [True, False]
    assert [diagnostic.path for diagnostic in process.diagnostics] == ["$.inputs.b"]


def test_an_input_used_only_in_the_authors_example_is_offered() -> None:
    process = normalise(described({}, example={"inputs": {"file": "x.nc"}}))
    assert [(spec.id, spec.required, spec.schema) for spec in process.inputs] == [("file", False, {})]
    assert process.diagnostics


def test_a_schema_that_refuses_the_authors_example_is_widened() -> None:
    process = normalise(
        described(
            {"n": {"schema": {"type": "integer"}}, "mode": {"schema": {"type": "string", "enum": ["get"]}}},
            example={"inputs": {"n": "some text", "mode": "GET"}},
        )
    )
    assert [spec.schema for spec in process.inputs] == [
        {"anyOf": [{"type": "integer"}, STRING]},
        {"type": "string", "enum": ["get", "GET"]},
    ]
    assert len(process.diagnostics) == 2


@pytest.mark.parametrize(
    "members",
    [
        {"example": {"inputs": {"a": 1}}},
        {"example": {"inputs": [{"id": "a", "value": 1}]}},
        {"example": {"inputs": [{"id": "a", "input": {"value": 1}}]}},
        {"example": {"inputs": {"a": {"value": 1}}}},
        {"examples": [{"inputs": {"a": 1}}]},
        {"examples": {"first": {"value": {"inputs": {"a": 1}}}}},
    ],
)
def test_the_example_is_read_in_every_shape(members: dict[str, Any]) -> None:
    assert normalise(described({"a": {"schema": NUMBER}}, **members)).example == {"a": 1}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, {"sync-execute"}),
        (["sync-execute", "async-execute", "dismiss"], {"sync-execute", "async-execute"}),
        (["async-execute"], {"async-execute"}),
        ("nonsense", {"sync-execute"}),
    ],
)
def test_modes_are_the_job_control_options(options: Any, expected: set[str]) -> None:
    assert normalise(described({}, jobControlOptions=options)).modes == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"schema": {"type": "object", "contentMediaType": "application/geo+json"}}, "application/geo+json"),
        ({"schema": {"type": "object", "format": "geojson-feature"}}, "application/geo+json"),
        ({"formats": [{"mimeType": "a/b"}, {"mimeType": "text/csv", "default": True}]}, "text/csv"),
        ({"output": {"formats": [{"mimeType": "image/tiff"}]}}, "image/tiff"),
        ({"schema": {"type": "number"}}, None),
        ({}, None),
    ],
)
def test_an_outputs_media_type_is_found(raw: dict[str, Any], expected: str | None) -> None:
    (output,) = normalise({"id": "p", "outputs": {"o": raw}}).outputs
    assert output.media_type == expected


def test_references_that_multiply_are_cut_off() -> None:
    definitions: dict[str, Any] = {
        f"d{n}": {"type": "object", "properties": {k: {"$ref": f"#/$defs/d{n + 1}"} for k in "abcdefgh"}}
        for n in range(12)
    }
    process = normalise(described({"x": {"schema": {"$ref": "#/$defs/d0", "$defs": definitions}}}))
    assert any("deeper" in diagnostic.message for diagnostic in process.diagnostics)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
KEYWORDS = st.sampled_from(
    [
        "type",
        "enum",
        "const",
        "items",
        "properties",
        "required",
        "oneOf",
        "anyOf",
        "allOf",
        "$ref",
        "$defs",
        "format",
        "nullable",
        "default",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "maxItems",
        "minLength",
        "pattern",
        "multipleOf",
        "additionalProperties",
        "prefixItems",
        "contentMediaType",
        "uniqueItems",
        "schema",
        "input",
        "formats",
        "literalDataDomain",
        "dataType",
        "allowedValues",
        "minOccurs",
        "maxOccurs",
        "title",
        "description",
        "value",
        "mimeType",
    ]
)
WORDS = st.sampled_from(
    ["string", "array", "object", "number", "integer", "null", "float or list of ints", "#/inputs/a", "bbox.yaml", "2"]
)
WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS, inner, max_size=5),
    max_leaves=16,
)


def check(process: CanonicalProcess) -> None:
    tool = tool_spec(process, name="p", server="local")
    assert lint(tool.input_schema) == []
    Draft202012Validator.check_schema(tool.input_schema)
    assert set(tool.argument_names.values()) == {spec.id for spec in process.inputs}


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(JSON)
def test_any_json_is_normalised(raw: Any) -> None:
    check(normalise(raw))


@settings(max_examples=200, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(st.sampled_from(["a", "b", "å", "a b"]), WILD, max_size=3),
    st.dictionaries(st.sampled_from(["o", "p"]), WILD, max_size=2),
    WILD,
)
def test_any_inputs_become_a_portable_tool_without_failing_inside(inputs: Any, outputs: Any, example: Any) -> None:
    process = normalise(described(inputs, outputs=outputs, example={"inputs": {"a": example}}))
    assert {*inputs, "a"} == {spec.id for spec in process.inputs}
    assert not [note for note in process.diagnostics if "cannot be read" in note.message]
    check(process)
    for spec in process.inputs:
        Draft202012Validator.check_schema(spec.schema)
