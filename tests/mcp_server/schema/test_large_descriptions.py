"""However large a description says it is, the tool that becomes of it is one that a model can read, and soon."""

import time
from typing import Any

import pytest

from mcp_server.doctor.judging import judged
from mcp_server.errors import InvalidArgumentsError
from mcp_server.execution.request import build_request
from mcp_server.ogc.documents import compact
from mcp_server.ogc.models import ProcessDescription, ServerIdentity
from mcp_server.schema.normalise import normalise
from mcp_server.schema.portable import lint
from mcp_server.schema.tool import ToolSpec, tool_spec

NUMBER = {"type": "number"}


def tool_of(raw: dict[str, Any]) -> ToolSpec:
    return tool_spec(normalise({"id": "p", **raw}), name="p", server="remote")


def many(count: int, schema: dict[str, Any], required: set[int]) -> dict[str, Any]:
    return {f"i{n}": {"schema": schema, "minOccurs": int(n in required)} for n in range(count)}


def test_of_thousands_of_inputs_the_required_ones_are_told_first_and_all_are_taken() -> None:
    tool = tool_of({"inputs": many(3000, NUMBER, {2990, 2999})})
    told = tool.input_schema["properties"]
    assert list(told)[:3] == ["i2990", "i2999", "i0"]
    assert tool.input_schema["required"] == ["i2990", "i2999"]
    assert 15_000 < len(compact(tool.input_schema)) < 21_000
    assert f"{3000 - len(told)} more inputs" in tool.description
    assert lint(tool.input_schema) == []
    sent = build_request(tool, {"i2990": 1, "i2999": 2, "i2500": 3})
    assert sent.inputs == {"i2990": 1, "i2999": 2, "i2500": 3}
    with pytest.raises(InvalidArgumentsError, match=r"\$\.i2500"):
        build_request(tool, {"i2990": 1, "i2999": 2, "i2500": "x"})


def test_of_more_required_inputs_than_there_is_room_for_the_others_are_told_when_they_are_missing() -> None:
    tool = tool_of({"inputs": many(3000, NUMBER, set(range(3000)))})
    assert lint(tool.input_schema) == []
    with pytest.raises(InvalidArgumentsError) as raised:
        build_request(tool, {})
    assert len(raised.value.problems) == 3000


def test_of_large_inputs_the_types_are_told() -> None:
    large = {"type": "object", "properties": {f"member{n}": NUMBER for n in range(100)}}
    listed = {"type": "array", "items": large}
    tool = tool_of({"inputs": {"large": {"schema": large}, "listed": {"schema": listed}, **many(600, NUMBER, set())}})
    told = tool.input_schema["properties"]
    assert "member" not in compact(told)
    assert {branch["type"] for branch in told["large"]["anyOf"]} > {"object", "string"}
    assert {branch["type"] for branch in told["listed"]["anyOf"]} > {"array", "string"}
    assert (told["i0"], len(told)) == (NUMBER, 602)
    assert lint(tool.input_schema) == []


def test_a_tool_of_usual_size_tells_all_its_inputs() -> None:
    tool = tool_of({"inputs": many(60, NUMBER, {59})})
    assert list(tool.input_schema["properties"]) == [f"i{n}" for n in range(60)]
    assert "more inputs" not in tool.description


def test_an_examination_says_which_inputs_are_not_told() -> None:
    server = ServerIdentity("remote", "http://x.test", embedded=False, dialect="unknown")
    raw = {"id": "p", "inputs": many(3000, NUMBER, set())}
    inputs = judged(ProcessDescription(server, "p", raw), name="p").inputs
    assert (inputs[0].type, inputs[-1].type, len(inputs)) == ("number", "not told", 3000)


REPEATED: dict[str, dict[str, Any]] = {
    "values": {"type": "string", "enum": [f"v{n}" for n in range(3000)]},
    "names": {"type": "object", "properties": {"a": {}}, "required": [f"r{n}" for n in range(3000)]},
    "default": {"type": "array", "items": NUMBER, "default": [1] * 5000},
    "nested default": {"type": "object", "default": {"a": [[{"b": 1}] * 50] * 50}},
    "description": {"type": "string", "description": "a: [b] " * 3000},
    "type": {"type": "q" * 20_000},
}


@pytest.mark.parametrize("schema", REPEATED.values(), ids=REPEATED.keys())
def test_a_schema_that_is_referred_to_again_and_again_is_read_a_bounded_number_of_times(schema: dict[str, Any]) -> None:
    again = {"anyOf": [{"$ref": "#/$defs/d"}] * 1000, "$defs": {"d": schema}}
    started = time.thread_time()
    process = normalise({"id": "p", "inputs": {f"i{n}": {"schema": again} for n in range(50)}})
    assert time.thread_time() - started < 20  # some seconds; without a bound, minutes
    assert len(process.inputs) == 50
    assert max(len(note.path) + len(note.message) for note in process.diagnostics) <= 600


def test_one_input_may_list_thousands_of_values() -> None:
    values = [f"v{n}" for n in range(20_000)]
    listed = {"schema": {"type": "string", "enum": values}}
    process = normalise({"id": "p", "inputs": {"a": listed, "b": listed, "c": {"schema": NUMBER}}})
    assert [spec.schema.get("enum") for spec in process.inputs] == [values, values, None]
    assert process.inputs[2].schema == NUMBER


def test_of_an_example_with_thousands_of_values_the_first_are_heard() -> None:
    shown = [f"w{n}" for n in range(5000)]
    raw = {"inputs": {"x": {"schema": {"type": "string", "enum": ["a"]}, "maxOccurs": "unbounded"}}}
    started = time.thread_time()
    (spec,) = normalise({"id": "p", **raw, "example": {"inputs": {"x": shown}}}).inputs
    assert time.thread_time() - started < 20
    assert spec.schema["enum"] == ["a", *shown[:100]]
