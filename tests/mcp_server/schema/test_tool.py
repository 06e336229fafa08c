"""A process as a tool: faithful, portable and short."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mcp_server.schema.normalise import normalise
from mcp_server.schema.portable import lint
from mcp_server.schema.tool import ToolSpec, tool_spec

BUFFER: dict[str, Any] = {
    "id": "geometry-buffer",
    "title": "Buffer a geometry",
    "description": "The area within a distance of a geometry, measured on the ellipsoid, as a GeoJSON Feature.",
    "version": "1.0.0",
    "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
    "inputs": {
        "geometry": {
            "title": "Geometry",
            "description": "GeoJSON (geometry, Feature or FeatureCollection) or WKT; longitude, latitude in degrees.",
            "schema": {"anyOf": [{"type": "object", "format": "geojson"}, {"type": "string"}]},
            "minOccurs": 1,
            "maxOccurs": 1,
        },
        "distance": {
            "title": "Distance",
            "description": "How far, in `units`.",
            "schema": {"type": "number", "minimum": 0.001, "maximum": 1e6},
            "minOccurs": 1,
            "maxOccurs": 1,
        },
        "units": {
            "title": "Units",
            "description": "Unit of length.",
            "schema": {"type": "string", "enum": ["metre", "kilometre", "foot", "mile"], "default": "metre"},
            "minOccurs": 0,
            "maxOccurs": 1,
        },
    },
    "outputs": {
        "buffer": {
            "title": "Buffer",
            "description": "A Feature with area and method.",
            "schema": {"type": "object", "contentMediaType": "application/geo+json"},
        }
    },
    "example": {"inputs": {"geometry": "POINT (7.1 50.7)", "distance": 500}},
}

HELLO: dict[str, Any] = {
    "id": "hello-world",
    "title": {"en": "Hello World", "fr": "Bonjour le monde"},
    "description": {"en": "Greets a name.", "fr": "Salue un nom."},
    "keywords": ["hello"],
    "inputs": {
        "name": {"title": "Name", "description": "Whom to greet", "schema": {"type": "string"}, "minOccurs": 1},
        "shout": {"title": "Shout", "schema": {"type": "boolean", "default": False}, "minOccurs": 0},
    },
    "outputs": {"echo": {"title": "Echo", "schema": {"type": "object", "contentMediaType": "application/json"}}},
    "example": {"inputs": {"name": "World"}},
}


def tool_of(raw: dict[str, Any], server: str = "local") -> ToolSpec:
    return tool_spec(normalise(raw), name="tool", server=server)


def properties_of(inputs: dict[str, Any]) -> dict[str, Any]:
    tool = tool_of({"id": "p", "inputs": inputs})
    assert lint(tool.input_schema) == []
    return tool.input_schema["properties"]


def size(tool: ToolSpec) -> int:
    """Bytes of the tool in `tools/list`, with annotations of the usual length."""
    hints = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
    members = [tool.name, tool.title, tool.description, hints, tool.input_schema, tool.output_schema]
    keys = ("name", "title", "description", "annotations", "inputSchema", "outputSchema")
    return len(json.dumps(dict(zip(keys, members, strict=True)), ensure_ascii=False, separators=(",", ":")).encode())


def test_names_requirements_ranges_enums_and_defaults_are_kept() -> None:
    tool = tool_of(BUFFER)
    assert tool.input_schema == {
        "type": "object",
        "properties": {
            "geometry": {
                "anyOf": [{"type": "object"}, {"type": "string"}],
                "description": "GeoJSON (geometry, Feature or FeatureCollection) or WKT; longitude, latitude in "
                "degrees. Or an ogc:// URI.",
            },
            "distance": {
                "type": "number",
                "minimum": 0.001,
                "maximum": 1e6,
                "description": "How far, in `units`.",
            },
            "units": {
                "type": "string",
                "enum": ["metre", "kilometre", "foot", "mile"],
                "description": "Unit of length.",
                "default": "metre",
            },
        },
        "required": ["geometry", "distance"],
        "additionalProperties": False,
    }


def test_the_description_tells_outputs_and_the_authors_example() -> None:
    assert tool_of(BUFFER).description == (
        "The area within a distance of a geometry, measured on the ellipsoid, as a GeoJSON Feature.\n"
        "Returns buffer (application/geo+json).\n"
        'Example: {"geometry":"POINT (7.1 50.7)","distance":500}'
    )


def test_a_tool_of_several_languages_speaks_one() -> None:
    tool = tool_of(HELLO)
    assert tool.title == "Hello World"
    assert tool.description.startswith("Greets a name.")
    assert tool.input_schema["properties"]["shout"] == {"type": "boolean", "description": "Shout", "default": False}


def test_the_title_names_a_remote_server() -> None:
    assert tool_of(HELLO, "city").title == "Hello World (city)"


@pytest.mark.parametrize("raw", [BUFFER, HELLO])
def test_our_kind_of_process_is_a_short_tool(raw: dict[str, Any]) -> None:
    assert size(tool_of(raw)) <= 1100


@pytest.mark.parametrize(
    "example",
    [
        {"geometry": "POINT (7 50)", "distance": -1},
        {"geometry": {"type": "LineString", "coordinates": [[n, n] for n in range(90)]}, "distance": 1},
        {"geometry": "POINT\u200b (7 50)", "distance": 1},
        {},
    ],
    ids=["wrong", "long", "with hidden characters", "empty"],
)
def test_an_example_that_would_mislead_is_not_shown(example: dict[str, Any]) -> None:
    assert "Example" not in tool_of({**BUFFER, "example": {"inputs": example}}).description


def test_a_process_without_a_description_is_described_by_its_title_or_id() -> None:
    assert tool_of({"id": "p", "title": "Slope of a terrain"}).description == "Slope of a terrain"
    assert tool_of({"id": "slope-of-a-terrain"}).description == "slope-of-a-terrain"


def test_a_default_that_is_short_is_told_and_a_long_one_left_to_the_server() -> None:
    for length, told in ((100, True), (300, False)):
        default = "x" * length
        found = properties_of({"a": {"schema": {"type": "string", "default": default}}})["a"]
        assert (found.get("default") == default) is told


def test_foreign_texts_are_trimmed_and_visible() -> None:
    raw = {"id": "p", "title": "T\u202eitle", "description": "word " * 400, "inputs": {"a": {"title": "x" * 900}}}
    tool = tool_of(raw)
    assert tool.title == "Title"
    assert len(tool.description) <= 400
    assert len(tool.input_schema["properties"]["a"]["description"]) <= 200


def test_an_input_of_any_value_is_portable() -> None:
    schema = properties_of({"a": {}})["a"]
    for value in ("x", 1.5, True, {"b": 1}, [1, "x"], [[1, 2], [3, 4]]):
        Draft202012Validator(schema).validate(value)


def test_an_input_that_occurs_often_takes_one_or_many() -> None:
    schema = properties_of({"a": {"schema": {"type": "string"}, "maxOccurs": 5}})["a"]
    assert schema == {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": 5}]}


def test_an_input_that_must_occur_twice_takes_an_array() -> None:
    schema = properties_of({"a": {"schema": {"type": "object", "format": "geojson"}, "minOccurs": 2, "maxOccurs": 3}})
    assert schema["a"] == {
        "type": "array",
        "items": {"anyOf": [{"type": "object"}, {"type": "string"}]},
        "minItems": 2,
        "maxItems": 3,
        "description": "GeoJSON or ogc:// URI.",
    }


def test_a_nested_object_is_kept_and_may_be_a_reference() -> None:
    member = {"type": "object", "properties": {"v": {"type": "number"}, "u": {"type": "string"}}, "required": ["v"]}
    schema = properties_of({"a": {"schema": member}})["a"]
    assert schema["anyOf"][0] == member
    for value in ({"v": 1}, {"href": "https://example.org/x"}, "ogc://local/jobs/1/results/a"):
        Draft202012Validator(schema).validate(value)
    assert not Draft202012Validator(schema).is_valid({"u": "m"})


def test_how_a_bounding_box_is_written_is_told() -> None:
    told = properties_of({"a": {"title": "Extent", "schema": {"type": "object", "format": "ogc-bbox"}}})["a"]
    assert told["description"] == "Extent. Bounding box [min x, min y, max x, max y] or ogc:// URI."
    told = properties_of({"a": {"title": "A bounding box", "schema": {"type": "object", "format": "ogc-bbox"}}})["a"]
    assert told["description"] == "A bounding box. [min x, min y, max x, max y] or ogc:// URI."


def test_only_where_geojson_is_taken_a_text_beside_it_is_called_wkt() -> None:
    for of, told in (({"format": "geojson-geometry"}, "GeoJSON, WKT or ogc:// URI."), ({}, "Object or ogc:// URI.")):
        schema = {"anyOf": [{"type": "object", **of}, {"type": "string"}]}
        assert properties_of({"a": {"schema": schema}})["a"]["description"] == told


def test_media_types_are_told() -> None:
    schema = {"oneOf": [{"type": "string", "contentMediaType": kind} for kind in ("image/tiff", "image/jp2")]}
    told = properties_of({"a": {"title": "Scene", "schema": schema}})["a"]
    assert told == {"type": "string", "description": "Scene. image/tiff, image/jp2 or ogc:// URI."}


@pytest.mark.parametrize(
    "member", [{"type": "object", "format": "geojson-geometry"}, {"type": "string", "contentMediaType": "image/tiff"}]
)
def test_a_reference_may_stand_for_geojson_or_content_within_an_object(member: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"part": member, "other": {"type": "object"}}}
    told = properties_of({"a": {"schema": schema}})["a"]
    (whole,) = [branch for branch in told["anyOf"] if "part" in branch.get("properties", {})]
    part = whole["properties"]["part"]
    assert {"type": "string"} in part.get("anyOf", [part])
    assert whole["properties"]["other"] == {"type": "object"}


def test_geojson_is_told_by_its_name_whichever_way_it_is_declared() -> None:
    media_type = {"type": "object", "contentMediaType": "application/geo+json"}
    for schema in (media_type, {"type": "object", "format": "geojson-feature-collection"}):
        told = properties_of({"a": {"title": "Area", "schema": schema}})["a"]
        assert told["description"] == "Area. GeoJSON or ogc:// URI."


def test_a_process_of_many_inputs_is_told_in_fewer_words() -> None:
    kinds = [f"image/x-a-rather-long-name-of-a-format-{n}; profile=something" for n in range(6)]
    content = {"oneOf": [{"type": "string", "contentMediaType": kind, "contentEncoding": "base64"} for kind in kinds]}
    raw: dict[str, Any] = {f"i{n}": {"description": "many words " * 60, "schema": content} for n in range(10)}
    for told in properties_of(raw).values():
        assert told["description"].startswith("many words")
        assert len(told["description"]) <= 350


def test_an_input_of_any_value_among_many_takes_every_kind_of_value() -> None:
    schema = properties_of({f"i{n}": {} for n in range(20)})["i0"]
    assert len(json.dumps(schema, separators=(",", ":"))) < 200
    for value in ("x", 1.5, True, {"b": 1}, [1, "x", {"b": 1}], [1, 2]):
        Draft202012Validator(schema).validate(value)


def test_names_and_types_within_inputs_are_told_however_many_inputs_there_are() -> None:
    box = {
        "type": "object",
        "properties": {"bbox": {"type": "array", "items": {"type": "number"}}, "crs": {"type": "string"}},
        "required": ["bbox"],
    }
    boxes = properties_of({f"i{n}": {"description": "many words " * 20, "schema": box} for n in range(12)})
    assert boxes["i0"]["anyOf"][0] == box


def test_a_long_enumeration_is_described() -> None:
    values = [f"value-number-{n:04}" for n in range(500)]
    schema = properties_of({"a": {"schema": {"type": "string", "enum": values}}})["a"]
    assert schema == {
        "type": "string",
        "description": "One of 500 values, such as value-number-0000, value-number-0001, value-number-0002.",
    }


def test_deep_structure_ends_in_plain_objects() -> None:
    member: dict[str, Any] = {"type": "object", "properties": {"z": {"type": "string"}}}
    for _ in range(12):
        member = {"type": "object", "properties": {"z": member}, "required": ["z"]}
    assert len(json.dumps(properties_of({"a": {"schema": member}}))) < 600


@pytest.mark.parametrize("several", [1, 5])
def test_alternatives_within_alternatives_are_told_as_deep_as_is_portable(several: int) -> None:
    member: dict[str, Any] = {"type": ["array", "string"]}
    for _ in range(4):
        member = {"type": ["object", "string"], "properties": {"z": member}}
    tool = tool_of({"id": "p", "inputs": {"a": {"schema": member, "maxOccurs": several}}})
    assert lint(tool.input_schema) == []
    kinds = [option["type"] for option in tool.input_schema["properties"]["a"]["anyOf"]]
    assert kinds[:2] == ["object", "string"]


def test_inputs_with_names_no_client_takes_lead_back_to_their_ids() -> None:
    tool = tool_of({"id": "p", "inputs": {"ä b": {}, "a b": {}, "x.y": {}}})
    assert lint(tool.input_schema) == []
    assert set(tool.argument_names.values()) == {"ä b", "a b", "x.y"}
    assert tool.argument_names.keys() == tool.input_schema["properties"].keys()


ENVELOPES: list[dict[str, Any]] = [
    {
        "status": "successful",
        "job": "ogc://local/jobs/1",
        "outputs": {"buffer": {"uri": "ogc://local/jobs/1/results/buffer", "media_type": "a/b", "bytes": 9}},
        "warnings": [],
    },
    {"status": "running", "job": "ogc://local/jobs/1", "progress": 40, "message": "half", "next": "call get_job"},
    {"status": "accepted", "job": "ogc://local/jobs/1", "progress": None},
    {"status": "successful", "job": None, "outputs": {"other": {"uri": "ogc://bridge/results/1/other", "value": [1]}}},
]


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_the_output_schema_takes_results_and_running_jobs(envelope: dict[str, Any]) -> None:
    schema = tool_of(BUFFER).output_schema
    assert schema is not None
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(envelope)


def test_the_output_schema_names_the_outputs_and_refuses_another_shape() -> None:
    schema = tool_of(BUFFER).output_schema
    assert schema is not None
    assert schema["type"] == "object"
    assert set(schema["properties"]["outputs"]["properties"]) == {"buffer"}
    assert not Draft202012Validator(schema).is_valid({"buffer": {}})


@pytest.mark.parametrize(
    ("media_type", "declared"),
    [
        ("image/png", False),
        ("Image/PNG", False),
        ("image/jpeg; q=1", False),
        ("image/tiff; application=geotiff", True),
        ("text/csv", True),
    ],
)
def test_a_tool_that_answers_with_a_picture_declares_no_output_schema(media_type: str, declared: bool) -> None:
    raw = {"id": "p", "outputs": {"map": {"schema": {"type": "string", "contentMediaType": media_type}}}}
    assert (tool_of(raw).output_schema is not None) is declared


def test_a_picture_beside_another_output_is_structured() -> None:
    outputs = {"map": {"schema": {"type": "string", "contentMediaType": "image/png"}}, "count": {"schema": {}}}
    assert tool_of({"id": "p", "outputs": outputs}).output_schema is not None
