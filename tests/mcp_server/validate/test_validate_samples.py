"""Values made for a schema fit it; values made against it do not."""

from typing import Any

import pytest

from mcp_server.schema.normalise import normalise
from mcp_server.schema.validation import fits
from mcp_server.validate.candidates import is_lasting, lasting, nonsense, plans
from mcp_server.validate.samples import sample, unfit

SCHEMAS: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "string", "enum": ["b", "a"]},
    {"type": "string", "minLength": 30},
    {"type": "string", "maxLength": 1},
    {"type": "string", "pattern": "^[a-z][0-9]$"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"},
    {"type": "integer", "minimum": 5, "maximum": 7},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.1},
    {"type": "number", "minimum": -9, "maximum": -8},
    {"type": "boolean"},
    {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
    {"type": "array", "items": {"type": "string"}, "minItems": 2},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "object", "required": ["b"]}}},
    {"oneOf": [{"type": "integer"}, {"type": "string"}]},
    {
        "type": "object",
        "required": ["value", "uom"],
        "properties": {"value": {"type": "number"}, "uom": {"enum": ["m"]}},
    },
]


def canonical(schema: dict[str, Any]) -> dict[str, Any]:
    raw = {"id": "a", "inputs": {"i": {"schema": schema}}}
    return normalise(raw).inputs[0].schema


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_sample_fits(schema: dict[str, Any]) -> None:
    value = sample(canonical(schema))
    assert value is not None
    assert fits(value, canonical(schema))


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_a_wrong_value_does_not_fit_and_is_no_reference(schema: dict[str, Any]) -> None:
    value = unfit(canonical(schema))
    assert value is not None
    assert not fits(value, canonical(schema))
    assert not (isinstance(value, dict) and {"href", "value"} & value.keys())


def test_four_numbers_are_in_the_order_of_a_bounding_box_and_an_object_with_one_is_a_whole_one() -> None:
    corners = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
    min_x, min_y, max_x, max_y = sample(canonical(corners))
    assert min_x < max_x
    assert min_y < max_y
    box = sample(canonical({"type": "object", "properties": {"bbox": corners, "crs": {"type": "string"}}}))
    assert box["bbox"][0] < box["bbox"][2]
    assert sample(canonical({"type": "object", "properties": {"a": {"type": "number"}}})) == {}


def test_nothing_is_made_up_where_nothing_fits_or_everything_does() -> None:
    assert sample(canonical({"type": "string", "pattern": "^unguessable-[0-9]{40}$"})) is None
    assert unfit({}) is None


def process(name: str, inputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"id": name, "version": "1", "inputs": inputs or {}, "outputs": {}, **more}


REQUIRED = {"text": {"schema": {"type": "string"}}}


def test_harmless_processes_are_tried_first_and_those_that_change_things_never() -> None:
    described = [process(name) for name in ("delete-all", "PublishLayer", "slow-steps", "area", "hello-world", "echo")]
    found = plans(described, process=None, inputs={})
    assert [plan.id for plan in found] == ["echo", "hello-world", "area", "slow-steps"]


def test_a_process_that_is_named_is_the_only_one_even_if_it_changes_things() -> None:
    found = plans([process("delete-all", REQUIRED), process("echo")], process="delete-all", inputs={"text": "x"})
    assert [(plan.id, plan.inputs, plan.invented) for plan in found] == [("delete-all", {"text": "x"}, False)]


def test_the_author_s_example_counts_more_than_what_the_schema_suggests() -> None:
    (plan,) = plans([process("a", REQUIRED, example={"inputs": {"text": "as meant"}})], process=None, inputs={})
    assert (plan.inputs, plan.invented) == ({"text": "as meant"}, False)
    (plan,) = plans([process("a", REQUIRED)], process=None, inputs={})
    assert plan.inputs.keys() == {"text"}
    assert plan.invented


def test_an_input_without_a_process_is_for_those_that_know_it() -> None:
    described = [process("a", REQUIRED, example={"inputs": {"text": "as meant"}}), process("b")]
    found = plans(described, process=None, inputs={"text": "as told"})
    assert {plan.id: plan.inputs for plan in found} == {"a": {"text": "as told"}, "b": {}}


def test_a_process_that_cannot_be_given_its_inputs_is_left_out() -> None:
    inputs = {"key": {"schema": {"type": "string", "pattern": "^unguessable-[0-9]{40}$"}}}
    assert plans([process("a", inputs)], process=None, inputs={}) == ()


def test_a_job_is_made_to_last_within_what_its_input_allows() -> None:
    inputs = {"seconds": {"minOccurs": 0, "schema": {"type": "number", "maximum": 3}}}
    (plan,) = plans([process("steps", inputs)], process=None, inputs={})
    assert is_lasting(plan)
    assert lasting(plan).inputs == {"seconds": 3}


def test_nonsense_fits_the_schemas() -> None:
    inputs = {"wkt": {"schema": {"type": "string"}}, "kind": {"schema": {"type": "string", "enum": ["a"]}}}
    (plan,) = plans([process("area", inputs)], process=None, inputs={})
    assert nonsense(plan).inputs == {"wkt": "nothing that means anything", "kind": "a"}
