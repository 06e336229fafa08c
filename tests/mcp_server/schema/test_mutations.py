"""Descriptions as people write them, broken in every place: what is made of them stays right, small and quick."""

import contextlib
import copy
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_server.errors import InvalidArgumentsError
from mcp_server.execution.request import build_request
from mcp_server.schema.normalise import normalise
from mcp_server.schema.portable import lint
from mcp_server.schema.tool import ToolSpec, tool_spec

_SCHEMAS = jsonschema_rs.Draft202012Validator(
    {"$ref": "https://json-schema.org/draft/2020-12/schema"}, validate_formats=True
)
"""What is a schema, its patterns included; hundreds of times as fast as in Python."""
_CASES = 60
_CASES_IN_FULL = 1000
_SECONDS = 2.0
"""Longest for one description: ten times what is usual, for machines that do something else meanwhile."""
_BYTES = 40_000
_UNCHECKED = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

OGC: dict[str, Any] = {
    "id": "clip",
    "title": "Clip",
    "version": "1.0.0",
    "jobControlOptions": ["sync-execute", "async-execute"],
    "inputs": {
        "area": {
            "schema": {"oneOf": [{"format": "geojson-geometry"}, {"type": "string", "contentMediaType": "text/xml"}]},
            "maxOccurs": 5,
        },
        "box": {"schema": {"allOf": [{"format": "ogc-bbox"}, {"$ref": "../bbox.yaml"}]}},
        "size": {"schema": {"type": "number", "minimum": 0, "exclusiveMinimum": True, "default": 5}, "minOccurs": 0},
        "steps": {
            "schema": {
                "$defs": {"Step": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Step"}}}},
                "type": "array",
                "items": {"$ref": "#/$defs/Step"},
            }
        },
        "mode": {"schema": {"type": "string", "enum": ["a", "b", "c"], "nullable": True}},
    },
    "outputs": {"result": {"schema": {"type": "object", "contentMediaType": "application/geo+json"}}},
    "example": {"inputs": {"area": {"type": "Point", "coordinates": [1, 2]}, "size": "7", "mode": "d"}},
}
WPS: dict[str, Any] = {
    "process": {
        "Identifier": "slope",
        "Title": "Slope",
        "Input": [
            {"Identifier": "z", "LiteralData": {"LiteralDataDomain": [{"DataType": {"name": "double"}}]}},
            {"Identifier": "m", "literalDataDomain": {"dataType": "string", "allowedValues": ["x", "y"]}},
            {"Identifier": "dem", "ComplexData": {"Format": [{"mimeType": "image/tiff", "encoding": "base64"}]}},
        ],
        "Output": [{"Identifier": "out", "ComplexData": {"Format": [{"mimeType": "image/tiff"}]}}],
    }
}
PYWPS: dict[str, Any] = {
    "identifier": "grow",
    "title": {"en": "Grow"},
    "inputs": [
        {"identifier": "a", "type": "literal", "data_type": "float", "min_occurs": 0, "max_occurs": 2**63 - 1},
        {"identifier": "b", "type": "complex", "supported_formats": [{"mime_type": "application/json"}]},
        {"identifier": "c", "type": "bbox", "crs": "epsg:4326"},
    ],
}
EVERYTHING: list[Any] = [
    None, True, 0, -1, 1.5, 10**400, float("nan"), "", "unbounded", "Optional[List[int]]", "application/json",
    "\u202e\u0000\ud800", "x" * 5000, [], [[]], {}, [{}], ["a", 1, None], {"$ref": "#"}, {"$ref": "#/inputs"},
    {"type": {"type": {"type": "array"}}}, {"type": ["null", {"items": 3}]}, {"oneOf": [{"oneOf": [{}]}, 7]},
    {"enum": [*range(20_000)]}, {"enum": [f"value {number}" for number in range(5000)]},
    {"properties": {f"p{number}": {"type": "string"} for number in range(500)}},
    {"properties": {"ключ ☃": {"type": "int"}, "": {"type": "x"}}, "required": ["", "no", 3]},
    {"pattern": "(a+)+$"}, {"pattern": "["}, {"minimum": "9", "maximum": "1"}, {"minItems": 10**12},
    {"anyOf": [{"type": "number", "minimum": number} for number in range(300)]},
]  # fmt: skip
NAMES = ["a/b", "ключ", "", "x" * 300, "inputs", "properties", "$ref", "type", "id", "schema", "__proto__"]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every member of a document with the container it is in."""
    members = cast("dict[Any, Any]", node).items() if isinstance(node, dict) else enumerate(cast("list[Any]", node))
    for step, member in list(members):
        yield node, step
        if isinstance(member, dict | list):
            yield from places(cast("Any", member))


def nested(value: Any, depth: int, wrap: Callable[[Any], Any]) -> Any:
    for _ in range(depth):
        value = wrap(value)
    return value


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A description with up to four members replaced, renamed, repeated, nested deeply or removed."""
    document: Any = json.loads(json.dumps(draw(st.sampled_from([OGC, WPS, PYWPS]))))
    for _ in range(draw(st.integers(1, 4))):
        container, step = draw(st.sampled_from(list(places(document)) or [(document, "inputs")]))
        match draw(st.sampled_from(["replace", "rename", "listed", "keyed", "deep", "drop"])):
            case "rename" if isinstance(container, dict):
                members = cast("dict[str, Any]", container)
                members[draw(st.sampled_from(NAMES))] = members.pop(step, None)
            case "listed":
                container[step] = [container[step]] * draw(st.integers(1, 3))
            case "keyed":
                container[step] = {draw(st.sampled_from(NAMES)): container[step]}
            case "deep":
                container[step] = nested(container[step], draw(st.sampled_from([5, 60])), wrapped_in(draw))
            case "drop" if len(container) > 1:
                del container[step]
            case _:
                container[step] = copy.deepcopy(draw(st.sampled_from(EVERYTHING)))
    return document


def wrapped_in(draw: st.DrawFn) -> Callable[[Any], Any]:
    wraps: list[Callable[[Any], Any]] = [
        lambda value: {"type": "array", "items": value},
        lambda value: {"properties": {"a": value}},
        lambda value: {"oneOf": [value, {"type": "string"}]},
        lambda value: {"schema": value},
        lambda value: {"input": value},
        lambda value: {"process": value},
        lambda value: [value],
    ]
    return draw(st.sampled_from(wraps))


def arguments(tool: ToolSpec, value: Any) -> list[dict[str, Any]]:
    example = dict(tool.process.example or {})
    return [{}, example, dict.fromkeys(tool.argument_names, value), {"nothing like it": value}]


def check(raw: dict[str, Any], value: Any) -> None:
    began = time.thread_time()
    process = normalise(raw)
    tool = tool_spec(process, name="p", server="remote")
    assert time.thread_time() - began < _SECONDS
    assert lint(tool.input_schema) == []
    _SCHEMAS.validate(tool.input_schema)
    _SCHEMAS.validate(tool.output_schema or {})
    assert len(json.dumps([tool.input_schema, tool.output_schema, tool.title, tool.description])) < _BYTES
    assert not [note for note in process.diagnostics if "cannot be read" in note.message]
    for given_arguments in arguments(tool, value):
        with contextlib.suppress(InvalidArgumentsError):
            json.dumps(build_request(tool, given_arguments).inputs, default=str)


def test_a_broken_description_becomes_a_portable_tool_quickly(request: pytest.FixtureRequest) -> None:
    cases = _CASES_IN_FULL if request.config.getoption("--full") else _CASES

    @settings(max_examples=cases, derandomize=True, deadline=None, database=None, suppress_health_check=_UNCHECKED)
    @given(mutated(), st.sampled_from(EVERYTHING))
    def each(raw: dict[str, Any], value: Any) -> None:
        check(raw, value)

    each()
