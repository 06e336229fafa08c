"""Every shape that descriptions come in; one fixture per quirk, written for these tests."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mcp_server.ogc.models import ABSENT
from mcp_server.schema.normalise import normalise
from mcp_server.schema.portable import lint
from mcp_server.schema.process import CanonicalProcess
from mcp_server.schema.tool import tool_spec
from tests.mcp_server.schema.descriptions import described, only_input

STRING = {"type": "string"}
NUMBER = {"type": "number"}
GEOMETRY = {"type": "object", "format": "geojson-geometry"}
BBOX_PROPERTIES = {
    "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
    "crs": {"type": "string"},
}

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
    ("nullable beside allOf", {"schema": {"nullable": True, "allOf": [{"type": "string"}]}}, False),
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
    ("flags", {"minOccurs": False, "maxOccurs": True}, (False, 0, 1)),
    ("what is no count", {"minOccurs": "some", "maxOccurs": [2]}, (False, 1, 1)),
    ("a negative count", {"minOccurs": -2, "maxOccurs": 3.0}, (True, 1, 3)),
    ("digits without end", {"minOccurs": "9" * 30, "maxOccurs": "2"}, (True, 1, 2)),
    ("from ten thousand on", {"maxOccurs": 10_000}, (True, 1, None)),
    ("below ten thousand", {"maxOccurs": "9999"}, (True, 1, 9999)),
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
    ("a boolean is no text", {"schema": {"type": "string", "default": True}}, ABSENT),
    ("a number for a text", {"schema": {"type": "string", "default": 4326}}, "4326"),
    ("a placeholder", {"schema": {"type": "string", "default": "Any value"}}, ABSENT),
    ("none", {"schema": STRING}, ABSENT),
]


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in DEFAULTS], ids=[case[0] for case in DEFAULTS])
def test_only_a_default_that_could_be_sent_is_kept(raw: dict[str, Any], expected: Any) -> None:
    assert only_input(raw).default == expected


URL = "https://example.org/data"
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


@pytest.mark.parametrize(
    "members",
    [
        {"example": {"inputs": {"a": 1}}},
        {"example": {"inputs": [{"id": "a", "value": 1}]}},
        {"example": {"inputs": [{"id": "a", "input": {"value": 1}}]}},
        {"example": {"inputs": [{"identifier": "a", "data": 1}]}},
        {"example": {"inputs": {"a": {"value": 1}}}},
        {"examples": [{"inputs": {"a": 1}}]},
        {"examples": {"first": {"value": {"inputs": {"a": 1}}}}},
    ],
)
def test_the_example_is_read_in_every_shape(members: dict[str, Any]) -> None:
    assert normalise(described({"a": {"schema": NUMBER}}, **members)).example == {"a": 1}


@pytest.mark.parametrize("entry", [{"id": "a", "href": URL}, {"id": "a", "input": {"href": URL}}])
def test_an_example_by_reference_is_read_as_a_link(entry: dict[str, Any]) -> None:
    process = normalise(described({"a": {"schema": {"type": "object"}}}, example={"inputs": [entry]}))
    assert process.example == {"a": {"href": URL}}


def test_an_object_that_an_input_takes_as_it_is_is_no_qualified_value() -> None:
    measure = {"type": "object", "properties": {"value": NUMBER}, "required": ["value"]}
    process = normalise(described({"a": {"schema": measure}}, example={"inputs": {"a": {"value": 1}}}))
    assert process.example == {"a": {"value": 1}}


def test_of_inputs_with_one_id_in_a_list_the_first_is_kept_and_the_other_noted() -> None:
    process = normalise({"id": "p", "inputs": [{"id": "a", "schema": NUMBER}, {"id": "a", "schema": STRING}]})
    assert [(spec.id, spec.schema) for spec in process.inputs] == [("a", NUMBER)]
    assert [note.path for note in process.diagnostics] == ["$.inputs[1]"]


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


@settings(suppress_health_check=list(HealthCheck))
@given(JSON)
def test_any_json_is_normalised(raw: Any) -> None:
    check(normalise(raw))


@settings(suppress_health_check=list(HealthCheck))
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
