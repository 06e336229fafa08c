"""Arguments become an execute request, or every problem is told at once with what would be right."""
# ruff: noqa: E501  the tables below are read by line

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_server.errors import ArgumentProblem, InvalidArgumentsError
from mcp_server.execution.request import ExecuteRequest, build_request
from mcp_server.references import KeptReference, ResultReference
from mcp_server.schema.normalise import normalise
from mcp_server.schema.tool import ToolSpec, tool_spec

POINT = {"type": "Point", "coordinates": [7.1, 50.7]}
RESULT = ResultReference("local", "j1", "buffer")
KEPT = KeptReference("r1", "out")


def tool_with(**schemas: Any) -> ToolSpec:
    inputs = {name: {"schema": schema, "minOccurs": 0} for name, schema in schemas.items()}
    return tool_spec(normalise({"id": "p", "inputs": inputs}), name="p", server="local")


GEOMETRY = {"anyOf": [{"type": "object", "format": "geojson"}, {"type": "string"}]}
BUFFER = tool_spec(
    normalise(
        {
            "id": "geometry-buffer",
            "inputs": {
                "geometry": {"description": "What to buffer.", "schema": GEOMETRY},
                "distance": {"description": "How far.", "schema": {"type": "number", "minimum": 0.001, "maximum": 1e6}},
                "units": {"schema": {"type": "string", "enum": ["metre", "kilometre", "foot"], "default": "metre"}},
                "resolution": {"schema": {"type": "integer", "exclusiveMinimum": 0}, "minOccurs": 0},
            },
        }
    ),
    name="geometry_buffer",
    server="local",
)


def sent(tool: ToolSpec, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    return build_request(tool, arguments).inputs


def problems_of(tool: ToolSpec, arguments: Mapping[str, Any] | None) -> list[ArgumentProblem]:
    with pytest.raises(InvalidArgumentsError) as raised:
        build_request(tool, arguments)
    return list(raised.value.problems)


def outcome(tool: ToolSpec, arguments: Mapping[str, Any]) -> ExecuteRequest | tuple[ArgumentProblem, ...]:
    try:
        return build_request(tool, arguments)
    except InvalidArgumentsError as error:
        return error.problems


def test_sound_arguments_are_sent_as_they_are() -> None:
    arguments = {"geometry": POINT, "distance": 500, "units": "foot"}
    assert build_request(BUFFER, arguments) == ExecuteRequest("geometry-buffer", arguments)


def test_a_tool_without_inputs_takes_no_arguments_at_all() -> None:
    assert sent(tool_with(), None) == {}


def test_property_names_lead_back_to_input_ids() -> None:
    tool = tool_with(**{"start date": {"type": "string"}})
    assert sent(tool, {"start_date": "2025-01-01"}) == {"start date": "2025-01-01"}
    assert sent(tool, {"start date": "2025-01-01"}) == {"start date": "2025-01-01"}


@pytest.mark.parametrize(
    "arguments",
    [
        {"inputs": {"geometry": POINT, "distance": 5}},
        {"inputs": json.dumps({"geometry": POINT, "distance": 5})},
        {"geometry": json.dumps(POINT), "distance": 5},
        {"geometry": f"  {json.dumps(POINT)}\n", "distance": "5"},
        {"geometry": POINT, "distance": 5, "units": None, "resolution": None},
        {"geometry": POINT, "distance": {"value": 5}},
    ],
)
def test_what_connectors_are_known_to_do_is_mended(arguments: dict[str, Any]) -> None:
    assert sent(BUFFER, arguments) == {"geometry": POINT, "distance": 5}


def test_a_text_for_a_geometry_stays_well_known_text() -> None:
    assert sent(BUFFER, {"geometry": "POINT (7 50)", "distance": 5})["geometry"] == "POINT (7 50)"


COERCED: list[tuple[str, Any, Any, Any]] = [
    ("a boolean as text", {"type": "boolean"}, "True", True),
    ("an integer as text", {"type": "integer"}, "12", 12),
    ("an array as text", {"type": "array", "items": {"type": "number"}}, "[1, 2.5]", [1, 2.5]),
    ("a number where a text is expected", {"type": "string"}, 202404, "202404"),
    ("a text that looks like a number stays a text", {"type": "string"}, "12", "12"),
    ("a text that looks like JSON stays a text", {"type": "string"}, '{"a": 1}', '{"a": 1}'),
    ("a number or a text keeps both", {"type": ["number", "string"]}, "12", "12"),
    ("any value is left alone", {}, '{"a": 1}', '{"a": 1}'),
    ("a URL stands for an object", {"type": "object"}, "https://example.org/a.json", "https://example.org/a.json"),
    ("a link stands for an object", {"type": "object", "properties": {"v": {"type": "number"}}, "required": ["v"]}, {"href": "https://example.org/a", "type": "a/b"}, {"href": "https://example.org/a", "type": "a/b"}),
    ("a qualified object is unwrapped", {"type": "object", "properties": {"v": {"type": "number"}}, "required": ["v"]}, {"value": {"v": 1}}, {"v": 1}),
    ("an opaque object with a value is left alone", {"type": "object"}, {"value": {"v": 1}}, {"value": {"v": 1}}),
    ("encoded content may tell its media type", {"type": "string", "contentMediaType": "image/tiff"}, {"value": "SUkq", "mediaType": "image/tiff"}, {"value": "SUkq", "mediaType": "image/tiff"}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "given", "expected"), [c[1:] for c in COERCED], ids=[c[0] for c in COERCED])
def test_a_value_with_one_reading_is_read_so(schema: Any, given: Any, expected: Any) -> None:
    found = sent(tool_with(x=schema), {"x": given})["x"]
    assert found == expected
    assert type(found) is type(expected)


FAULTS: list[tuple[str, dict[str, Any], str, str, str | None]] = [
    ("below the minimum", {"distance": -1}, "$.distance", "must be ≥ 0.001, is -1", None),
    ("above the maximum", {"distance": 1e9}, "$.distance", "must be ≤ 1000000.0, is 1000000000.0", None),
    ("at an exclusive minimum", {"resolution": 0}, "$.resolution", "must be > 0, is 0", None),
    ("a fraction", {"resolution": 1.5}, "$.resolution", "must be a whole number, not a number (1.5)", None),
    ("not in the enum", {"units": "meter"}, "$.units", '"meter" is not one of "metre", "kilometre", "foot"', 'did you mean "metre"?'),
    ("another case", {"units": "FOOT"}, "$.units", '"FOOT" is not one of "metre", "kilometre", "foot"', 'did you mean "foot"?'),
    ("a number with its unit", {"distance": "500 m"}, "$.distance", 'must be a number, not a string ("500 m")', "write the number alone: 500"),
    ("a boolean for a number", {"distance": True}, "$.distance", "must be a number, not a boolean (true)", None),
    ("a number for a geometry", {"geometry": [1, 2]}, "$.geometry", "must be an object or a string (or the URI of a result), not an array", None),
    ("NaN", {"distance": float("nan")}, "$.distance", "is not a number that can be sent", None),
    ("infinity inside", {"geometry": {"type": "Point", "coordinates": [float("inf"), 1]}}, "$.geometry.coordinates[0]", "is not a number that can be sent", None),
    ("an integer beyond double precision", {"distance": 10**400}, "$.distance", "is not a number that can be sent", None),
    ("an infinity in a JSON text", {"geometry": '{"type": "Point", "coordinates": [1e999, 0]}'}, "$.geometry.coordinates[0]", "is not a number that can be sent", None),
    ("half a character", {"geometry": "\ud800"}, "$.geometry", "has characters that are no valid Unicode", None),
    ("an unknown input", {"distanc": 5}, "$.distanc", "unknown input `distanc`", 'did you mean "distance"?'),
    ("an input like no other", {"zzz": 5}, "$.zzz", "unknown input `zzz`", "the inputs are: geometry, distance, units, resolution"),
    ("null for a required input", {"distance": None}, "$.distance", "is required", "How far."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "path", "message", "suggestion"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS]
)
def test_a_fault_is_told_with_its_path_and_what_would_be_right(
    change: dict[str, Any], path: str, message: str, suggestion: str | None
) -> None:
    assert problems_of(BUFFER, {"geometry": POINT, "distance": 5, **change}) == [
        ArgumentProblem(path, message, suggestion)
    ]


def test_all_faults_are_told_at_once() -> None:
    problems = problems_of(BUFFER, {"distance": "far", "units": "m", "nam": 1})
    assert [problem.path for problem in problems] == ["$.distance", "$.units", "$.nam", "$.geometry"]


def test_a_missing_input_is_described() -> None:
    assert problems_of(BUFFER, None) == [
        ArgumentProblem("$.geometry", "is required", "What to buffer."),
        ArgumentProblem("$.distance", "is required", "How far."),
    ]


NESTED = {
    "type": "object",
    "properties": {
        "value": {"type": "number"},
        "uom": {"type": "string", "enum": ["m", "km"]},
        "at": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["value", "uom"],
    "additionalProperties": False,
}

NESTED_FAULTS: list[tuple[Any, list[tuple[str, str, str | None]]]] = [
    ({"value": 1}, [("$.x.uom", "is required", None)]),
    ({"value": 1, "uo": "m"}, [("$.x.uo", "is unknown", 'did you mean "uom"?'), ("$.x.uom", "is required", "rename `uo`")]),
    ({"value": "1 m", "uom": "m"}, [("$.x.value", 'must be a number, not a string ("1 m")', "write the number alone: 1")]),
    ({"value": 1, "uom": "kn"}, [("$.x.uom", '"kn" is not one of "m", "km"', 'did you mean "km"?')]),
    ({"value": 1, "uom": "m", "at": ["a", 3]}, [("$.x.at[1]", "must be a string, not a whole number (3)", None)]),
    (["a"], [("$.x", "must be an object (or the URI of a result), not an array", None)]),
    ("text", [("$.x", 'must be an object (or the URI of a result), not a string ("text")', None)]),
    ({"href": 5}, [("$.x.href", "must be a string, not a whole number (5)", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), NESTED_FAULTS)
def test_a_fault_inside_an_object_is_told_where_it_is(value: Any, expected: list[tuple[str, str, str | None]]) -> None:
    problems = problems_of(tool_with(x=NESTED), {"x": value})
    assert sorted((problem.path, problem.message, problem.suggestion) for problem in problems) == sorted(
        expected, key=lambda problem: problem[0]
    )


ARRAY_FAULTS: list[tuple[Any, str, str, str | None]] = [
    ([1], "$.x", "must have at least 2 items", None),
    ([1, 2, 3, 4], "$.x", "must have at most 3 items", None),
    ([1, "b"], "$.x[1]", 'must be a number, not a string ("b")', None),
    (5, "$.x", "must be an array (or the URI of a result), not a whole number (5)", "write [5]"),
]


@pytest.mark.parametrize(("value", "path", "message", "suggestion"), ARRAY_FAULTS)
def test_a_fault_in_an_array_is_told(value: Any, path: str, message: str, suggestion: str | None) -> None:
    tool = tool_with(x={"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3})
    assert problems_of(tool, {"x": value}) == [ArgumentProblem(path, message, suggestion)]


def many(schema: Any, **occurrence: Any) -> ToolSpec:
    return tool_spec(normalise({"id": "p", "inputs": {"x": {"schema": schema, **occurrence}}}), name="p", server="s")


def test_an_input_that_occurs_often_takes_one_or_many() -> None:
    tool = many({"type": "number"}, maxOccurs=3)
    for value in (1, [1], [1, 2, 3]):
        assert sent(tool, {"x": value})["x"] == value
    assert sent(tool, {"x": "[1, 2]"})["x"] == [1, 2]
    assert sent(tool, {"x": ["1", 2]})["x"] == [1, 2]
    assert problems_of(tool, {"x": [1, 2, 3, 4]})[0].message == "must have at most 3 items"


def test_an_input_that_must_occur_twice_takes_no_single_value() -> None:
    tool = many({"type": "number"}, minOccurs=2, maxOccurs="unbounded")
    assert problems_of(tool, {"x": 1}) == [
        ArgumentProblem("$.x", "must be an array, not a whole number (1)", "write [1]")
    ]


def test_an_array_that_occurs_often_may_be_one_array() -> None:
    tool = many({"type": "array", "items": {"type": "number"}}, minOccurs=2, maxOccurs=5)
    assert sent(tool, {"x": [1, 2]})["x"] == [1, 2]
    assert sent(tool, {"x": [[1], [2]]})["x"] == [[1], [2]]


REFERENCES: list[tuple[str, Any, Any, Any]] = [
    ("for a geometry", GEOMETRY, str(RESULT), RESULT),
    ("for an object", {"type": "object"}, str(KEPT), KEPT),
    ("for encoded content", {"type": "string", "contentMediaType": "image/tiff"}, str(RESULT), RESULT),
    ("for any value", {}, str(RESULT), RESULT),
    ("for an array", {"type": "array", "items": {"type": "number"}}, str(RESULT), RESULT),
    ("as href", {"type": "object", "required": ["a"], "properties": {"a": {}}}, {"href": str(RESULT), "type": "a/b"}, RESULT),
    ("for a member of an array", {"type": "array", "items": GEOMETRY}, [str(RESULT), POINT], [RESULT, POINT]),
    ("for a declared property", {"type": "object", "properties": {"g": GEOMETRY}}, {"g": str(RESULT), "o": str(RESULT)}, {"g": RESULT, "o": str(RESULT)}),
    ("not for a plain text", {"type": "string"}, str(RESULT), str(RESULT)),
    ("not inside foreign data", {"type": "object"}, {"properties": {"see": str(RESULT)}}, {"properties": {"see": str(RESULT)}}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "given", "expected"), [c[1:] for c in REFERENCES], ids=[c[0] for c in REFERENCES])
def test_the_uri_of_a_result_becomes_a_reference(schema: Any, given: Any, expected: Any) -> None:
    assert sent(tool_with(x=schema), {"x": given})["x"] == expected


def test_references_stand_for_single_values_of_many() -> None:
    tool = many({"type": "object", "format": "geojson"}, minOccurs=2, maxOccurs=5)
    assert sent(tool, {"x": [POINT, str(RESULT)]})["x"] == [POINT, RESULT]


@pytest.mark.parametrize(
    ("uri", "told", "suggestion"),
    [
        ("ogc://local/jobs", "is no URI of this server", None),
        ("ogc://local/jobs/j1", "is not the URI of a result", "did you mean ogc://local/jobs/j1/results/OUTPUT?"),
        ("ogc://local/processes/p", "is not the URI of a result", None),
    ],
)
def test_a_uri_that_is_no_result_is_refused(uri: str, told: str, suggestion: str | None) -> None:
    (problem,) = problems_of(BUFFER, {"geometry": uri, "distance": 5})
    assert problem.path == "$.geometry"
    assert told in problem.message
    assert problem.suggestion == suggestion


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"type": "array"}, GEOMETRY, {"type": "number"}])
def test_deep_nesting_is_refused_and_nothing_else_happens(schema: Any) -> None:
    tool = tool_with(x=schema)
    deep = nested(10_000)
    for value in (deep, {"a": deep}):
        assert [problem.path for problem in problems_of(tool, {"x": value})] == ["$.x"]
    # Written as JSON it is a text where texts are taken, and no array where arrays are.
    text = "[" * 10_000 + "]" * 10_000
    found = outcome(tool, {"x": text})
    assert found == ExecuteRequest("p", {"x": text}) or [problem.path for problem in found] == ["$.x"]
    with pytest.raises(InvalidArgumentsError):
        build_request(tool, {"inputs": "[" * 10_000})


def seconds_to_write(value: Any) -> float:
    """Processor time of writing a value as JSON, the measure for work that grows with it."""
    started = time.process_time()
    json.dumps(value)
    return time.process_time() - started


def test_a_large_geometry_is_taken_in_about_the_time_it_takes_to_write_it() -> None:
    geometry = {"type": "Polygon", "coordinates": [[[n / 1e5, n / 1e6] for n in range(300_000)]]}
    started = time.process_time()
    assert sent(BUFFER, {"geometry": geometry, "distance": 5})["geometry"] is geometry
    assert time.process_time() - started < 6 * seconds_to_write(geometry)


def test_a_large_array_with_many_faults_is_refused_quickly_with_a_few_of_them() -> None:
    tool = tool_with(x={"type": "array", "items": {"type": "number", "minimum": 0}})
    value = ["a"] * 300_000
    started = time.process_time()
    problems = problems_of(tool, {"x": value})
    assert time.process_time() - started < 50 * seconds_to_write(value)
    assert 1 <= len(problems) <= 8


@pytest.mark.parametrize(("value", "good"), [(0.3, True), (0.35, False), (3e9, True)])
def test_a_multiple_is_judged_in_decimal(value: float, good: bool) -> None:
    tool = tool_with(x={"type": "number", "multipleOf": 0.1})
    if good:
        assert sent(tool, {"x": value}) == {"x": value}
    else:
        assert problems_of(tool, {"x": value})[0].message == "must be a multiple of 0.1, is 0.35"


def test_messages_stay_short_whatever_was_sent() -> None:
    problems = problems_of(BUFFER, {"geometry": POINT, "distance": "x" * 10_000, "y" * 10_000: 1})
    assert all(len(problem.path) + len(problem.message) + len(problem.suggestion or "") < 500 for problem in problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("ogc://local/jobs/1/results/a"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["href", "value", "a", "v"]), inner),
    max_leaves=8,
)  # fmt: skip
WIDE = many(NESTED, maxOccurs=3)


@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(["geometry", "distance", "units", "inputs", "x"]), JSON, max_size=4))
def test_any_arguments_are_taken_or_refused(arguments: dict[str, Any]) -> None:
    for tool in (BUFFER, WIDE):
        found = outcome(tool, arguments)
        if isinstance(found, tuple):
            assert found
            assert all(problem.path.startswith("$.") for problem in found)
        else:
            assert found.process_id == tool.process.id
