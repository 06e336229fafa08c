"""Schemas that refuse their author's own example are taken to be wider than declared."""

from mcp_server.schema.normalise import normalise
from tests.mcp_server.schema.descriptions import described

NUMBER = {"type": "number"}


def test_a_schema_that_refuses_the_authors_example_is_widened() -> None:
    process = normalise(
        described(
            {"n": {"schema": {"type": "integer"}}, "mode": {"schema": {"type": "string", "enum": ["get"]}}},
            example={"inputs": {"n": "some text", "mode": "GET"}},
        )
    )
    assert [spec.schema for spec in process.inputs] == [
        {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        {"type": "string", "enum": ["get", "GET"]},
    ]
    assert len(process.diagnostics) == 2


def test_a_value_that_the_authors_example_adds_stands_beside_the_other_alternatives() -> None:
    size = {"anyOf": [{"type": "string", "enum": ["small"]}, NUMBER]}
    process = normalise(described({"size": {"schema": size}}, example={"inputs": {"size": "large"}}))
    assert process.inputs[0].schema == {"anyOf": [{"type": "string", "enum": ["small", "large"]}, NUMBER]}


def test_a_value_that_the_authors_example_adds_stands_among_the_values_of_its_type() -> None:
    mode = {"anyOf": [{"type": "string", "enum": ["get"]}, {"type": "integer", "enum": [1]}]}
    process = normalise(described({"mode": {"schema": mode}}, example={"inputs": {"mode": "put"}}))
    assert process.inputs[0].schema["anyOf"] == [
        {"type": "string", "enum": ["get", "put"]},
        {"type": "integer", "enum": [1]},
    ]


def test_a_bound_that_the_authors_example_does_not_keep_is_left_as_it_is() -> None:
    process = normalise(described({"n": {"schema": {**NUMBER, "maximum": 5}}}, example={"inputs": {"n": 9}}))
    assert process.inputs[0].schema == {**NUMBER, "maximum": 5}


def test_nulls_that_the_authors_example_has_inside_a_value_are_taken() -> None:
    times = {"type": "array", "items": {"type": "string", "format": "date-time"}, "minItems": 2, "maxItems": 2}
    grid = {"type": "object", "properties": {"x": NUMBER, "y": NUMBER}}
    (open_range, cell) = normalise(
        described(
            {"times": {"schema": times}, "cell": {"schema": {"oneOf": [grid, {"type": "string"}]}}},
            example={"inputs": {"times": ["2025-06-18T08:00:00", None], "cell": {"x": 1, "y": None}}},
        )
    ).inputs
    null = {"type": "null"}
    assert open_range.schema == {**times, "items": {"anyOf": [times["items"], null]}}
    assert cell.schema["anyOf"][0]["properties"] == {"x": NUMBER, "y": {"anyOf": [NUMBER, null]}}
