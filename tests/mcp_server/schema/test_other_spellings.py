"""Descriptions of other generations and authors: one fixture per quirk, written for these tests."""

from typing import Any

import pytest

from mcp_server.ogc.models import ABSENT
from mcp_server.schema.normalise import normalise
from tests.mcp_server.schema.descriptions import described, only_input, schema_of

STRING = {"type": "string"}
NUMBER = {"type": "number"}
INTEGER = {"type": "integer"}
NUMBERS = {"type": "array", "items": NUMBER}
CONTENT = {"type": "string", "contentMediaType": "application/octet-stream"}
POINT = {"type": "object", "format": "geojson-geometry"}


def only_schema(raw: Any, **members: Any) -> dict[str, Any]:
    return only_input(raw, **members).schema


def test_members_are_found_in_the_spelling_of_wps() -> None:
    process = normalise(
        {
            "Identifier": "slope",
            "Title": "Slope",
            "Abstract": "How steep it is.",
            "Input": [
                {"Identifier": "z", "Title": "Factor", "MinOccurs": "0", "LiteralData": {"DataType": "xs:double"}},
                {"Identifier": "dem", "DataType": "ComplexData", "ComplexData": {"Format": [{"MimeType": "text/csv"}]}},
                {"Identifier": "box", "BoundingBoxData": {"SupportedCRS": [{"CRS": "EPSG:4326"}]}},
            ],
            "Output": [{"Identifier": "out", "ComplexData": {"Format": [{"mimeType": "image/tiff"}]}}],
        }
    )
    factor, dem, box = process.inputs
    assert (process.id, process.title, process.description) == ("slope", "Slope", "How steep it is.")
    assert (factor.id, factor.title, factor.required, factor.schema) == ("z", "Factor", False, NUMBER)
    assert dem.schema == {"type": "string", "contentMediaType": "text/csv"}
    assert box.schema["format"] == "ogc-bbox"
    assert [(spec.id, spec.media_type) for spec in process.outputs] == [("out", "image/tiff")]


def test_inputs_within_the_envelope_of_wps_1_are_found() -> None:
    process = normalise({"Identifier": "p", "DataInputs": {"Input": [{"Identifier": "a", "LiteralData": {}}]}})
    assert [spec.id for spec in process.inputs] == ["a"]


def test_a_member_in_its_own_spelling_goes_first() -> None:
    assert only_input({"Title": "wrong", "title": "right", "schema": STRING}).title == "right"
    assert only_input({"title": "right", "Title": "wrong", "schema": STRING}).title == "right"
    assert only_input({"Title": "right", "TITLE": "wrong", "schema": STRING}).title == "right"


def test_the_names_of_inputs_and_properties_are_left_as_they_are() -> None:
    process = normalise(described({"Title": {"schema": {"type": "object", "properties": {"MinOccurs": NUMBER}}}}))
    assert process.inputs[0].id == "Title"
    assert process.inputs[0].schema["properties"] == {"MinOccurs": NUMBER}


def test_objects_of_named_inputs_in_a_list_are_taken_apart() -> None:
    process = normalise(described([{"a": {"schema": STRING}, "b": {"schema": NUMBER}}, {"c": {"type": "integer"}}]))
    assert {spec.id: spec.schema for spec in process.inputs} == {"a": STRING, "b": NUMBER, "c": INTEGER}
    assert process.diagnostics == ()


def test_what_tells_nothing_of_an_input_is_no_object_of_named_ones() -> None:
    process = normalise(described([{"note": {"text": "see below"}}, {"id": "a", "schema": STRING}]))
    assert [spec.id for spec in process.inputs] == ["a"]
    assert [note.message for note in process.diagnostics] == ["has no id of its own; left out"]


def test_a_number_is_an_id() -> None:
    assert [spec.id for spec in normalise(described([{"id": 5, "schema": STRING}])).inputs] == ["5"]


def test_an_envelope_with_the_inputs_beside_the_process_is_opened() -> None:
    process = normalise({"processDescription": {"process": {"id": "p"}, "inputs": [{"id": "a", "schema": STRING}]}})
    assert (process.id, [spec.id for spec in process.inputs]) == ("p", ["a"])


def test_an_envelope_around_a_list_of_one_process_is_opened() -> None:
    process = normalise({"ProcessOfferings": {"ProcessOffering": [{"Process": {"Identifier": "p"}}]}})
    assert process.id == "p"


MODES: list[tuple[Any, set[str]]] = [
    (["SYNC_EXECUTE", "ASYNC_EXECUTE"], {"sync-execute", "async-execute"}),
    (["async"], {"async-execute"}),
    ("sync-execute async-execute", {"sync-execute", "async-execute"}),
    (["asyncExecute", "dismiss"], {"async-execute"}),
    (["DISMISS"], {"sync-execute"}),
    (None, {"sync-execute"}),
]


@pytest.mark.parametrize(("declared", "expected"), MODES)
def test_job_control_options_are_read_in_every_spelling(declared: Any, expected: set[str]) -> None:
    assert normalise(described({}, jobControlOptions=declared)).modes == expected


def domain(**members: Any) -> dict[str, Any]:
    return {"literalDataDomain": {"dataType": "integer", **members}}


def pywps(value: Any = None, low: Any = None, high: Any = None) -> dict[str, Any]:
    return {"type": "allowedvalue", "value": value, "minval": low, "maxval": high, "range_closure": "closed"}


DOMAINS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("options", domain(valueDefinition={"anyValue": False, "options": [1, 2]}), {**INTEGER, "enum": [1, 2]}),
    ("possible values", domain(possibleValues=[1, 2]), {**INTEGER, "enum": [1, 2]}),
    (
        "pywps's values",
        {"data_type": "integer", "allowed_values": [pywps(1), pywps(2)]},
        {**INTEGER, "enum": [1, 2]},
    ),
    (
        "pywps's range",
        {"data_type": "integer", "allowed_values": [pywps(low=1, high=9)]},
        {**INTEGER, "minimum": 1, "maximum": 9},
    ),
    (
        "ranges",
        domain(allowedValues=[{"minimumValue": 1, "maximumValue": 3}, {"minimumValue": 7}]),
        {"anyOf": [{**INTEGER, "minimum": 1, "maximum": 3}, {**INTEGER, "minimum": 7}]},
    ),
    (
        "values and ranges",
        domain(allowedValues=[0, {"minimumValue": 7}]),
        {"anyOf": [{**INTEGER, "minimum": 7}, {**INTEGER, "enum": [0]}]},
    ),
    (
        "an open range",
        domain(allowedValues={"minimumValue": 0, "maximumValue": 9, "rangeClosure": "open"}),
        {**INTEGER, "exclusiveMinimum": 0, "exclusiveMaximum": 9},
    ),
    (
        "a range without its greatest value",
        domain(minimum=0, maximum=9, exclusive_max=True),
        {**INTEGER, "minimum": 0, "exclusiveMaximum": 9},
    ),
    ("pywps's values of a type beside them", {"allowed_values": ["a", "b"]}, {**STRING, "enum": ["a", "b"]}),
    (
        "WPS's values and ranges by their names",
        domain(allowedValues={"value": [0], "range": [{"minimumValue": 7}]}),
        {"anyOf": [{**INTEGER, "minimum": 7}, {**INTEGER, "enum": [0]}]},
    ),
    (
        "the kind of an input for its data type",
        {"dataType": "literal", "allowedValues": ["a"]},
        {**STRING, "enum": ["a"]},
    ),
    ("numbers as text", domain(allowedValues=["1", "2"]), {**INTEGER, "enum": [1, 2]}),
    ("a name of a kind is no type", {"DataType": "LiteralData", "LiteralData": domain()}, INTEGER),
]


@pytest.mark.parametrize(("raw", "expected"), [case[1:] for case in DOMAINS], ids=[case[0] for case in DOMAINS])
def test_literal_data_domains_are_read_in_every_spelling(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    assert only_schema(raw) == expected


def test_a_domain_flagged_as_the_default_one_has_no_default_value() -> None:
    spec = only_input({"literalDataDomain": {"default": True, "dataType": "double"}})
    assert (spec.schema, spec.default, spec.required) == (NUMBER, ABSENT, True)


@pytest.mark.parametrize("member", ["defaultValue", "default"])
@pytest.mark.parametrize(("written", "value"), [(0, 0), (1, 1), ("0", 0), (5, 5)])
def test_a_number_that_looks_like_a_flag_is_a_default_value(member: str, written: Any, value: int) -> None:
    spec = only_input(domain(**{member: written}))
    assert (spec.schema, spec.default, spec.required) == (INTEGER, value, False)


def test_formats_tell_the_type_where_a_domain_is_empty() -> None:
    spec = only_input({"literalDataDomain": {"default": True}, "formats": [{"mimeType": "text/xml"}]})
    assert spec.schema == {"type": "string", "contentMediaType": "text/xml"}


TYPES: list[tuple[Any, dict[str, Any]]] = [
    ("float?", NUMBER),
    ("Optional[int]", INTEGER),
    ("List[float]", NUMBERS),
    ("list[float] | None", NUMBERS),
    ("Union[int, str]", {"anyOf": [INTEGER, STRING]}),
    ("<class 'float'>", NUMBER),
    ("np.float32", NUMBER),
    ("uint16", INTEGER),
    ("double precision", NUMBER),
    ("varchar(255)", STRING),
    ("angle", NUMBER),
    ("email", {"type": "string", "format": "email"}),
    ("Point", POINT),
    ("File", CONTENT),
    ("Directory", CONTENT),
    ("csv", {"type": "string", "contentMediaType": "text/csv"}),
    ({"type": "array", "items": "double"}, NUMBERS),
    ({"type": "enum", "symbols": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
    (["null", {"type": "array", "items": "double"}], NUMBERS),
]


@pytest.mark.parametrize(("declared", "expected"), TYPES, ids=[str(case[0]) for case in TYPES])
def test_a_type_is_understood_in_the_words_of_other_languages(declared: Any, expected: dict[str, Any]) -> None:
    assert schema_of({"type": declared}) == expected


def test_an_optional_type_makes_the_input_optional() -> None:
    types = ("float?", {"type": "Optional[int]"}, {"type": "string"}, {"type": "Union[int, str]"})
    specs = normalise(described(dict(zip("abcd", types, strict=True)))).inputs
    assert [spec.required for spec in specs] == [False, False, True, True]


def test_an_input_flagged_as_optional_is_optional() -> None:
    assert only_input({"schema": STRING, "optional": True}).required is False


def test_a_list_of_schemas_is_one_of_them() -> None:
    assert only_schema({"schema": [{"type": "integer"}, {"type": "string"}]}) == {"anyOf": [INTEGER, STRING]}


def test_a_reference_that_names_a_type_is_one() -> None:
    assert schema_of({"$ref": "string"}) == STRING


def test_a_reference_that_leads_nowhere_means_the_well_known_schema_of_its_name() -> None:
    assert schema_of({"$ref": "#/components/schemas/FeatureCollection"})["format"] == "geojson-feature-collection"


def test_a_schema_of_the_author_goes_before_the_well_known_one_of_its_name() -> None:
    own = {"Point": {"type": "array", "items": NUMBER}}
    assert only_schema({"schema": {"$ref": "#/$defs/Point"}}, **{"$defs": own}) == NUMBERS


@pytest.mark.parametrize("geometry", ["geojson-polygon", "geojson-point", "geojson-multilinestring"])
def test_the_format_of_one_geometry_is_that_of_a_geometry(geometry: str) -> None:
    assert schema_of({"format": geometry}) == POINT
    assert schema_of({"type": "object", "format": geometry}) == POINT


EXTENDED = {"type": "array", "minItems": 1, "maxItems": 9, "items": {"oneOf": [STRING]}}


def test_an_extended_schema_tells_how_often_the_value_of_a_schema_occurs() -> None:
    spec = only_input({"schema": STRING, "extended-schema": EXTENDED})
    assert (spec.schema, spec.multiple, spec.max_items) == (STRING, True, 9)


def test_what_is_declared_goes_before_an_extended_schema() -> None:
    spec = only_input({"schema": STRING, "extended-schema": EXTENDED, "maxOccurs": 3})
    assert spec.max_items == 3
    assert only_input({"schema": NUMBERS, "extended-schema": EXTENDED}).multiple is False


def test_null_in_an_extended_schema_makes_the_input_optional() -> None:
    assert only_input({"schema": STRING, "extended-schema": {"nullable": True}}).required is False


def test_the_example_of_an_input_that_occurs_often_widens_its_schema() -> None:
    spec = only_input({"schema": NUMBER, "maxOccurs": 5}, example={"inputs": {"x": [1.5, "all"]}})
    assert spec.schema == {"anyOf": [NUMBER, STRING]}
    single = only_input({"schema": NUMBER, "maxOccurs": 5}, example={"inputs": {"x": "all"}})
    assert single.schema == {"anyOf": [NUMBER, STRING]}


@pytest.mark.parametrize("limit", [-1, "-1", "many", "Unlimited"])
def test_words_for_no_limit_are_understood(limit: Any) -> None:
    spec = only_input({"schema": STRING, "maxOccurs": limit})
    assert (spec.multiple, spec.max_items) == (True, None)


def test_a_default_beside_the_type_is_found() -> None:
    assert only_input({"type": "double", "DefaultValue": "1.5"}).default == 1.5
