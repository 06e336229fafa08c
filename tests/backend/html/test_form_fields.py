"""The fields of the execute form, from a description."""

from typing import Any

import pytest

from backend.html.fields import Field, Option, form_fields


def field(schema: Any, *, example: Any = ..., least: Any = 1, most: Any = 1, **described: Any) -> Field:
    description: dict[str, Any] = {
        "inputs": {"it": {"schema": schema, "minOccurs": least, "maxOccurs": most, **described}},
        "example": {"inputs": {} if example is ... else {"it": example}},
    }
    (found,) = form_fields(description)
    return found


@pytest.mark.parametrize(
    ("schema", "control"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "date"}, "date"),
        ({"type": "string", "format": "date-time"}, "text"),
        ({"type": "string", "maxLength": 5000}, "textarea"),
        ({"type": "string", "contentMediaType": "text/csv"}, "textarea"),
        ({"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}, "file"),
        ({"type": "string", "enum": ["a"]}, "select"),
        ({"type": "number"}, "number"),
        ({"type": "boolean"}, "checkbox"),
        ({"type": "object"}, "textarea"),
        ({"type": "array", "items": {"type": "number"}}, "textarea"),
        ({"anyOf": [{"type": "object"}, {"type": "string"}]}, "textarea"),
        ({}, "textarea"),
    ],
)
def test_each_kind_of_value_has_its_control(schema: Any, control: str) -> None:
    assert field(schema).control == control


def test_numbers_keep_their_range_and_step() -> None:
    assert field({"type": "integer", "minimum": 4, "maximum": 256}).attributes == {
        "step": "1",
        "min": "4",
        "max": "256",
    }
    assert field({"type": "number"}).attributes == {"step": "any"}


def test_the_authors_example_is_filled_in_before_the_default() -> None:
    assert field({"type": "number", "default": 1}, example=2).values == ("2",)
    assert field({"type": "number", "default": 1}).values == ("1",)
    assert field({"type": "number"}).values == ("",)


def test_the_default_is_told_apart_from_what_is_filled_in() -> None:
    assert field({"type": "number", "default": 1}, example=2).default == "1"
    assert field({"type": "string", "default": "a"}).default == "a"
    assert field({"type": "string"}).default is None


def test_objects_and_texts_that_look_like_json_are_filled_in_as_json() -> None:
    mixed = {"anyOf": [{"type": "object"}, {"type": "number"}, {"type": "string"}]}
    assert field(mixed, example={"a": 1}).values == ('{"a": 1}',)
    assert field(mixed, example="POINT (1 2)").values == ("POINT (1 2)",)
    assert field(mixed, example="12").values == ('"12"',)
    assert field({"type": "string"}, example="12").values == ("12",)


def test_a_qualified_example_of_a_plain_value_is_unwrapped() -> None:
    assert field({"type": "number"}, example={"value": 3, "mediaType": "text/plain"}).values == ("3",)
    assert field({"type": "object"}, example={"value": 3}).values == ('{"value": 3}',)


def test_an_optional_truth_value_without_default_may_be_left_out() -> None:
    optional = field({"type": "boolean"}, least=0)
    assert optional.control == "select"
    assert optional.options == (Option("true", "true"), Option("false", "false"))
    assert field({"type": "boolean", "default": True}, least=0).values == ("true",)


def test_choices_keep_their_json_type() -> None:
    chosen = field({"enum": [1, "1", None]}, example="1")
    assert chosen.options == (Option("1", "1"), Option('"1"', "1"), Option("null", "null"))
    assert chosen.values == ('"1"',)


def test_values_listed_beside_the_schema_are_choices_too() -> None:
    assert field({"type": "string"}, enum=["wkt", "geojson"]).control == "select"


@pytest.mark.parametrize(("most", "bound"), [("unbounded", None), (3, 3)])
def test_an_input_that_may_occur_more_than_once_is_repeated(most: Any, bound: int | None) -> None:
    repeated = field({"type": "string"}, most=most, example=["a", "b"])
    assert (repeated.repeated, repeated.most, repeated.values) == (True, bound, ("a", "b"))


def test_an_array_of_texts_is_given_one_by_one() -> None:
    texts = field({"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 2}, example=["b"])
    assert (texts.repeated, texts.most, texts.control, texts.values) == (True, 2, "select", ('"b"',))
    assert texts.type_text == "array of one of a, b, at most 2 items"


def test_an_example_that_is_no_list_fills_one_row() -> None:
    assert field({"type": "string"}, most=2, example="a").values == ("a",)
    assert field({"type": "string"}, most=2, example=[]).values == ("",)


@pytest.mark.parametrize(
    "inputs", [None, [], "x", {"a": None}, {"a": {"schema": None, "title": {"en": "A"}, "maxOccurs": "many"}}]
)
def test_descriptions_that_are_not_as_they_should_be_give_a_form_all_the_same(inputs: Any) -> None:
    fields = form_fields({"inputs": inputs, "example": "none"})
    assert [found.control for found in fields] == ["textarea"] * len(fields)
