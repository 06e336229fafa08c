"""References among arguments, and arguments that are deep, large or of any kind at all."""
# ruff: noqa: E501  the tables below are read by line

import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_server.errors import InvalidArgumentsError
from mcp_server.execution.request import ExecuteRequest, build_request
from mcp_server.protocol.arguments import check
from mcp_server.protocol.tool_schemas import closed_object
from tests.mcp_server.execution.tools_called import (
    BUFFER,
    GEOMETRY,
    KEPT,
    NESTED,
    POINT,
    RESULT,
    many,
    outcome,
    problems_of,
    sent,
    tool_with,
)

REFERENCES: list[tuple[str, Any, Any, Any]] = [
    ("for a geometry", GEOMETRY, str(RESULT), RESULT),
    ("for an object", {"type": "object"}, str(KEPT), KEPT),
    ("for encoded content", {"type": "string", "contentMediaType": "image/tiff"}, str(RESULT), RESULT),
    ("for any value", {}, str(RESULT), RESULT),
    ("for an array", {"type": "array", "items": {"type": "number"}}, str(RESULT), RESULT),
    ("as href", {"type": "object", "required": ["a"], "properties": {"a": {}}}, {"href": str(RESULT), "type": "a/b"}, RESULT),
    ("for a member of an array", {"type": "array", "items": GEOMETRY}, [str(RESULT), POINT], [RESULT, POINT]),
    ("for a declared property", {"type": "object", "properties": {"g": GEOMETRY}}, {"g": str(RESULT), "o": str(RESULT)}, {"g": RESULT, "o": str(RESULT)}),
    ("not within a plain text", {"type": "string"}, f"see {RESULT}", f"see {RESULT}"),
    ("not for a text that names no result", {"type": "string"}, "ogc://local/jobs/j1", "ogc://local/jobs/j1"),
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
        (
            "ogc://local/jobs/j1",
            "is not the URI of a result",
            "get_job tells the URIs of its outputs, ogc://local/jobs/j1/results/OUTPUT",
        ),
        ("ogc://local/processes/p", "is not the URI of a result", None),
    ],
)
def test_a_uri_that_is_no_result_is_refused(uri: str, told: str, suggestion: str | None) -> None:
    (problem,) = problems_of(BUFFER, {"geometry": uri, "distance": 5})
    assert problem.path == "$.geometry"
    assert told in problem.message
    assert problem.suggestion == suggestion


HREF = {"href": "https://example.org/a"}
VALUE = "read_result tells the value, write that"


@pytest.mark.parametrize(
    ("schema", "given", "path", "suggestion"),
    [
        ({"type": "string"}, str(RESULT), "$.x", VALUE),
        ({"type": "string", "format": "uri"}, {"href": str(KEPT)}, "$.x", VALUE),
        ({"type": "number"}, str(RESULT), "$.x", VALUE),
        ({"type": "array", "items": {"type": "string"}}, ["a", str(RESULT)], "$.x[1]", VALUE),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": str(RESULT)}, "$.x.a", VALUE),
        ({"type": "string"}, HREF, "$.x", "write the value itself, or the URL alone"),
        ({"type": "boolean"}, HREF, "$.x", "write the value itself"),
    ],
)
def test_where_no_reference_can_stand_it_is_told_what_to_write(
    schema: Any, given: Any, path: str, suggestion: str
) -> None:
    (problem,) = problems_of(tool_with(x=schema), {"x": given})
    assert problem.path == path
    assert str(problem.suggestion).endswith(suggestion)


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


def test_two_hundred_levels_are_taken_and_no_more() -> None:
    tool = tool_with(x={})
    assert sent(tool, {"x": nested(200)}) == {"x": nested(200)}
    assert [problem.path for problem in problems_of(tool, {"x": nested(202)})] == ["$.x"]


def seconds_to_write(value: Any) -> float:
    """Processor time of writing a value as JSON, the measure for work that grows with it."""
    started = time.thread_time()
    json.dumps(value)
    return time.thread_time() - started


def test_a_large_geometry_is_taken_in_about_the_time_it_takes_to_write_it() -> None:
    geometry = {"type": "Polygon", "coordinates": [[[n / 1e5, n / 1e6] for n in range(50_000)]]}
    ratios: list[float] = []
    # The least of three: other processes on the machine cost time too.
    for _ in range(3):
        started = time.thread_time()
        assert sent(BUFFER, {"geometry": geometry, "distance": 5})["geometry"] is geometry
        ratios.append((time.thread_time() - started) / seconds_to_write(geometry))
    assert min(ratios) < 20  # quadratic, it would be thousands


def test_a_large_array_with_many_faults_is_refused_quickly_with_a_few_of_them() -> None:
    tool = tool_with(x={"type": "array", "items": {"type": "number", "minimum": 0}})
    value = ["a"] * 100_000
    started = time.thread_time()
    problems = problems_of(tool, {"x": value})
    assert time.thread_time() - started < 50 * seconds_to_write(value)
    assert 1 <= len(problems) <= 8


def test_every_faulty_member_of_an_array_is_told_up_to_eight() -> None:
    tool = tool_with(x={"type": "array", "items": {"type": "number", "minimum": 0}})
    assert [problem.path for problem in problems_of(tool, {"x": [1, -1, 2, -3]})] == ["$.x[1]", "$.x[3]"]
    assert len(problems_of(tool, {"x": [-1] * 20})) == 8


@pytest.mark.parametrize("value", ["\ud800", {"\ud800": 1}, [{"a": {"x\udfff": 1}}]])
def test_half_a_character_is_refused_in_names_as_well(value: Any) -> None:
    (problem,) = problems_of(tool_with(x={}), {"x": value})
    assert problem.message == "has characters that are no valid Unicode"


def test_a_reference_within_data_of_unknown_structure_is_data() -> None:
    tool = tool_with(x={})
    assert sent(tool, {"x": [str(RESULT)]})["x"] == [RESULT]
    assert sent(tool, {"x": [[str(RESULT)]]})["x"] == [[str(RESULT)]]


@pytest.mark.parametrize(("value", "good"), [(0.3, True), (0.35, False), (3e9, True)])
def test_a_multiple_is_judged_in_decimal(value: float, good: bool) -> None:
    tool = tool_with(x={"type": "number", "multipleOf": 0.1})
    if good:
        assert sent(tool, {"x": value}) == {"x": value}
    else:
        assert problems_of(tool, {"x": value})[0].message == "must be a multiple of 0.1, is 0.35"


def test_of_very_many_unknown_names_the_first_are_told_with_what_was_meant() -> None:
    names = {f"distanc{number}": 1 for number in range(200_000)}
    started = time.thread_time()
    found = problems_of(BUFFER, {"geometry": POINT, **names})
    with pytest.raises(InvalidArgumentsError) as raised:
        check(closed_object({"distance": {"type": "number"}}), names)
    assert time.thread_time() - started < 40  # with every one explained, minutes
    for problems in (found, raised.value.problems):
        unknown = [problem for problem in problems if "unknown" in problem.message]
        assert len(unknown) == 200_000
        assert [bool(problem.suggestion) for problem in unknown[:21]] == [True] * 20 + [False]


def test_messages_stay_short_whatever_was_sent() -> None:
    problems = problems_of(BUFFER, {"geometry": POINT, "distance": "x" * 10_000, "y" * 10_000: 1})
    assert all(len(problem.path) + len(problem.message) + len(problem.suggestion or "") < 500 for problem in problems)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("ogc://local/jobs/1/results/a"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["href", "value", "a", "v"]), inner),
    max_leaves=8,
)  # fmt: skip
WIDE = many(NESTED, maxOccurs=3)


@settings(suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(["geometry", "distance", "units", "inputs", "x"]), JSON, max_size=4))
def test_any_arguments_are_taken_or_refused(arguments: dict[str, Any]) -> None:
    for tool in (BUFFER, WIDE):
        found = outcome(tool, arguments)
        if isinstance(found, tuple):
            assert found
            assert all(problem.path.startswith("$.") for problem in found)
        else:
            assert found.process_id == tool.process.id
