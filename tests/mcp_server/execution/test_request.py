"""Arguments become an execute request, or every problem is told at once with what would be right."""
# ruff: noqa: E501  the tables below are read by line

import json
from typing import Any

import pytest

from mcp_server.errors import ArgumentProblem
from mcp_server.execution.request import ExecuteRequest, build_request
from tests.mcp_server.execution.tools_called import (
    BUFFER,
    NESTED,
    POINT,
    many,
    problems_of,
    sent,
    tool_with,
)


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
    ("a whole number with a decimal point", {"type": "integer"}, 5.0, 5),
    ("a whole number with a decimal point, of several", {"type": "integer", "enum": [5, 6]}, 6.0, 6),
    ("a whole number with a decimal point in a text", {"type": "integer"}, "5.0", 5),
    ("a number that may have decimals in a text", {"type": "number"}, "5.0", 5.0),
    ("a number that may have decimals", {"type": "number"}, 5.0, 5.0),
    ("a whole number or any other", {"type": ["integer", "number"]}, 5.0, 5.0),
    ("a text that looks like a number stays a text", {"type": "string"}, "12", "12"),
    ("a text that looks like JSON stays a text", {"type": "string"}, '{"a": 1}', '{"a": 1}'),
    ("a number or a text keeps both", {"type": ["number", "string"]}, "12", "12"),
    ("any value is left alone", {}, '{"a": 1}', '{"a": 1}'),
    ("a URL stands for an object", {"type": "object"}, "https://example.org/a.json", "https://example.org/a.json"),
    ("a link stands for an object", {"type": "object", "properties": {"v": {"type": "number"}}, "required": ["v"]}, {"href": "https://example.org/a", "type": "a/b"}, {"href": "https://example.org/a", "type": "a/b"}),
    ("a qualified object is unwrapped", {"type": "object", "properties": {"v": {"type": "number"}}, "required": ["v"]}, {"value": {"v": 1}}, {"v": 1}),
    ("an opaque object with a value is left alone", {"type": "object"}, {"value": {"v": 1}}, {"value": {"v": 1}}),
    ("a collection stands for encoded content", {"type": "string", "contentMediaType": "image/tiff"}, {"collection": "https://example.org/collections/a"}, {"collection": "https://example.org/collections/a"}),
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
    ("a number for one of several texts", {"units": [5]}, "$.units", "must be a string, not an array", None),
    ("a link for a text", {"units": {"href": "https://example.org/units"}}, "$.units", "must be a string, not an object", "no link can stand here: write the value itself, or the URL alone"),
    ("a link for a number", {"distance": {"href": "https://example.org/d"}}, "$.distance", "must be a number, not an object", "no link can stand here: write the value itself"),
    ("another case", {"units": "FOOT"}, "$.units", '"FOOT" is not one of "metre", "kilometre", "foot"', 'did you mean "foot"?'),
    ("a number with its unit", {"distance": "500 m"}, "$.distance", 'must be a number, not a string ("500 m")', 'write the number alone, in the unit of this input: 500 if that is "m"'),
    ("a number and its unit in one word", {"distance": "1.5km"}, "$.distance", 'must be a number, not a string ("1.5km")', 'write the number alone, in the unit of this input: 1.5 if that is "km"'),
    ("a number that is too small with its unit", {"distance": "-5 m"}, "$.distance", 'must be a number, not a string ("-5 m")', "write the number alone, in the unit of this input"),
    ("a fraction with its unit", {"resolution": "1.5 px"}, "$.resolution", 'must be a whole number, not a string ("1.5 px")', "write the number alone, in the unit of this input"),
    ("a number beyond double precision with its unit", {"distance": "1e999 m"}, "$.distance", 'must be a number, not a string ("1e999 m")', "write the number alone, in the unit of this input"),
    ("a number as no JSON has it with its unit", {"distance": "+007.50km"}, "$.distance", 'must be a number, not a string ("+007.50km")', 'write the number alone, in the unit of this input: 7.5 if that is "km"'),
    ("thousands set apart", {"distance": "1,000"}, "$.distance", 'must be a number, not a string ("1,000")', "write it in digits, with a point before decimals and nothing else"),
    ("a range", {"distance": "10-20 km"}, "$.distance", 'must be a number, not a string ("10-20 km")', "write it in digits, with a point before decimals and nothing else"),
    ("words that begin with a number", {"distance": "3 steps to the left, 2 to the right"}, "$.distance", 'must be a number, not a string ("3 steps to the left, 2 to the right")', None),
    ("a boolean for a number", {"distance": True}, "$.distance", "must be a number, not a boolean (true)", None),
    ("a number for a geometry", {"geometry": [1, 2]}, "$.geometry", "must be an object or a string (or the URI of a result), not an array", None),
    ("NaN", {"distance": float("nan")}, "$.distance", "must be a finite number, not NaN", None),
    ("infinity inside", {"geometry": {"type": "Point", "coordinates": [float("inf"), 1]}}, "$.geometry.coordinates[0]", "must be a finite number, not an infinity", None),
    ("an integer beyond double precision", {"distance": 10**400}, "$.distance", "must be a finite number, not one beyond double precision", None),
    ("an infinity in a JSON text", {"geometry": '{"type": "Point", "coordinates": [1e999, 0]}'}, "$.geometry.coordinates[0]", "must be a finite number, not an infinity", None),
    ("half a character", {"geometry": "\ud800"}, "$.geometry", "has characters that are no valid Unicode", None),
    ("an unknown input", {"distanc": 5}, "$.distanc", "unknown input `distanc`", 'did you mean "distance"?'),
    ("an input like one that is given", {"unit": "metre", "units": "foot"}, "$.unit", "unknown input `unit`", 'did you mean "units"?'),
    ("an input like no other", {"zzz": 5}, "$.zzz", "unknown input `zzz`", "the inputs are: geometry, distance, units, resolution"),
    ("null for a required number", {"distance": None}, "$.distance", "must be a finite number, not null, NaN or an infinity", None),
    ("null for a required input", {"geometry": None}, "$.geometry", "is required", "What to buffer."),
    ("letters beyond ASCII", {"units": "größe"}, "$.units", '"größe" is not one of "metre", "kilometre", "foot"', None),
    ("an abbreviation", {"units": "km"}, "$.units", '"km" is not one of "metre", "kilometre", "foot"', 'did you mean "kilometre"?'),
    ("a contraction", {"units": "ft"}, "$.units", '"ft" is not one of "metre", "kilometre", "foot"', 'did you mean "foot"?'),
    ("letters of a value in another order", {"units": "em"}, "$.units", '"em" is not one of "metre", "kilometre", "foot"', None),
    ("no abbreviation", {"units": "parsec"}, "$.units", '"parsec" is not one of "metre", "kilometre", "foot"', None),
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


NESTED_FAULTS: list[tuple[Any, list[tuple[str, str, str | None]]]] = [
    ({"value": 1}, [("$.x.uom", "is required", None)]),
    ({"value": 1, "uo": "m"}, [("$.x.uo", "is unknown", 'did you mean "uom"?'), ("$.x.uom", "is required", "rename `uo`")]),
    ({"value": 1, "uom": "m", "zzz": 2}, [("$.x.zzz", "is unknown", "there are: value, uom, at")]),
    ({"value": "1 m", "uom": "m"}, [("$.x.value", 'must be a number, not a string ("1 m")', 'write the number alone, in the unit of this input: 1 if that is "m"')]),
    ({"value": 1, "uom": "kn"}, [("$.x.uom", '"kn" is not one of "m", "km"', 'did you mean "km"?')]),
    ({"value": 1, "uom": "m", "at": ["a", 3]}, [("$.x.at[1]", "must be a string, not a whole number (3)", None)]),
    (["a"], [("$.x", "must be an object (or the URI of a result), not an array", None)]),
    ("text", [("$.x", 'must be an object (or the URI of a result), not a string ("text")', None)]),
    ({"href": 5}, [("$.x.href", "must be a string, not a whole number (5)", None)]),
]  # fmt: skip


def test_an_unknown_name_stands_most_likely_for_an_input_that_is_missing() -> None:
    tool = tool_with(crs={"type": "string"}, target_crs={"type": "string"})
    (unknown,) = problems_of(tool, {"from_crs": "a", "target_crs": "b"})[:1]
    assert unknown.suggestion == 'did you mean "crs"?'
    (unknown,) = problems_of(tool, {"to_crs": "a", "crs": "b"})[:1]
    assert unknown.suggestion == 'did you mean "target_crs"?'


def test_a_value_that_is_none_of_those_written_one_by_one_is_told_all_of_them() -> None:
    tool = tool_with(x={"oneOf": [{"const": "metre", "title": "m"}, {"const": "kilometre", "title": "km"}]})
    assert problems_of(tool, {"x": "km"}) == [
        ArgumentProblem("$.x", '"km" is not one of "metre", "kilometre"', 'did you mean "kilometre"?')
    ]


def test_an_unknown_name_stands_for_one_that_is_nearly_the_same_rather_than_for_one_that_is_missing() -> None:
    nested = {"properties": {"distance": {"type": "number"}, "steps": {"type": "integer"}}, "required": ["distance"]}
    tool = tool_with(x={"type": "object", **nested, "additionalProperties": False})
    assert problems_of(tool, {"x": {"step": 3}})[-1].suggestion == 'did you mean "steps"?'


def test_an_unknown_name_that_is_like_several_stands_for_the_one_that_is_missing() -> None:
    nested = {"properties": {"distance": {"type": "number"}, "disto": {"type": "integer"}}, "required": ["distance"]}
    tool = tool_with(x={"type": "object", **nested, "additionalProperties": False})
    assert problems_of(tool, {"x": {"dist_m": 3}})[-1].suggestion == 'did you mean "distance"?'


def test_items_that_repeat_are_told_where_none_may() -> None:
    tool = tool_with(x={**TEXTS, "uniqueItems": True})
    assert problems_of(tool, {"x": ["a", "b", "a"]}) == [ArgumentProblem("$.x", "must not repeat an item")]


def test_a_name_that_is_given_already_is_not_what_a_longer_one_was_meant_for() -> None:
    tool = tool_with(crs={"type": "string"}, target_crs={"type": "string"}, authority_axes={"type": "boolean"})
    (unknown,) = problems_of(tool, {"source_crs": "a", "target_crs": "b"})[:1]
    assert unknown.suggestion == 'did you mean "crs"?'
    (unknown,) = problems_of(BUFFER, {"geometry": POINT, "distance": 5, "distance_unit": "foot"})
    assert unknown.suggestion == 'did you mean "units"?'
    (unknown,) = problems_of(BUFFER, {"geometry": POINT, "distance": 5, "outputResolution": 8})
    assert unknown.suggestion == 'did you mean "resolution"?'
    (unknown,) = problems_of(tool_with(_={"type": "string"}), {"source_crs": "a"})
    assert unknown.suggestion == "the inputs are: _"


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
    (5, "$.x", "must be an array (or the URI of a result), not a whole number (5)", "write [5, …], at least 2 items"),
    ("5", "$.x", 'must be an array (or the URI of a result), not a string ("5")', "write [5, …], at least 2 items"),
    ("5, 6", "$.x", 'must be an array (or the URI of a result), not a string ("5, 6")', "write [5, 6]"),
    ("1,2,3,4", "$.x", 'must be an array (or the URI of a result), not a string ("1,2,3,4")', None),
]


@pytest.mark.parametrize(("value", "path", "message", "suggestion"), ARRAY_FAULTS)
def test_a_fault_in_an_array_is_told(value: Any, path: str, message: str, suggestion: str | None) -> None:
    tool = tool_with(x={"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3})
    assert problems_of(tool, {"x": value}) == [ArgumentProblem(path, message, suggestion)]


STYLES = {"type": "array", "items": {"type": "string", "enum": ["flat", "mitre"]}}
TEXTS = {"type": "array", "items": {"type": "string"}}
NUMBERS = {"type": "array", "items": {"type": "number"}}
ALONE: list[tuple[dict[str, Any], Any, str | None]] = [
    (STYLES, "flat", 'write ["flat"]'),
    (STYLES, "flat,mitre", 'write ["flat", "mitre"]'),
    (STYLES, "Flat; MITRE", 'write ["flat", "mitre"]'),
    (STYLES, "bevel", None),
    (TEXTS, "name", 'write ["name"]'),
    (TEXTS, "name, pupils", 'write ["name, pupils"], or ["name", "pupils"] if these are several'),
    (TEXTS, "sum:pupils", 'write ["sum:pupils"]'),
    (NUMBERS, "5", "write [5]"),
    (NUMBERS, "10, 20.5", "write [10, 20.5]"),
    (NUMBERS, "all", None),
    ({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, 5, None),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "suggestion"), ALONE)
def test_what_stands_alone_for_an_array_is_told_as_an_array_that_would_be_taken(
    schema: dict[str, Any], value: Any, suggestion: str | None
) -> None:
    (problem,) = problems_of(tool_with(x=schema), {"x": value})
    assert problem.message.startswith("must be an array")
    assert problem.suggestion == suggestion


def test_of_a_member_of_an_array_it_is_not_told_how_to_make_an_array_of_it_alone() -> None:
    rows = {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}
    problems = problems_of(tool_with(x=rows), {"x": [0, 100, 1]})
    assert problems[0] == ArgumentProblem("$.x[0]", "must be an array, not a whole number (0)")


def test_numbers_and_texts_in_an_array_are_read_as_they_are_outside_of_one() -> None:
    rows = {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}
    assert sent(tool_with(x=NUMBERS), {"x": ["7.1", "50"]})["x"] == [7.1, 50]
    assert sent(tool_with(x=rows), {"x": [["0", 100, "1"]]})["x"] == [[0, 100, 1]]
    assert sent(tool_with(x=rows), {"x": '[["0", "100"]]'})["x"] == [[0, 100]]
    assert sent(tool_with(x=TEXTS), {"x": [2024]})["x"] == ["2024"]
    position = {"anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "number"}}]}
    assert sent(tool_with(x={"type": "array", "items": position}), {"x": [["1", "2"]]})["x"] == [[1, 2]]


def test_what_stands_behind_the_members_that_are_looked_into_is_sent_as_it_is() -> None:
    small = {"type": "integer", "maximum": 5}
    value = [1] * 10_000 + [["ogc://local/jobs/j1/results/a"]]
    assert sent(tool_with(x={"type": "array", "items": small}), {"x": value})["x"] == value


def test_what_is_wrong_among_texts_that_are_numbers_is_told_alone() -> None:
    rows = {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}
    assert problems_of(tool_with(x=rows), {"x": [["0", "inf", "1"]]}) == [
        ArgumentProblem("$.x[0][1]", 'must be a number, not a string ("inf")')
    ]


FEATURE = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.1, 50.7]}, "properties": {"n": 1}}


def test_a_list_of_features_is_the_collection_that_an_input_takes() -> None:
    collection = {"type": "FeatureCollection", "features": [FEATURE]}
    for kind in ("geojson", "geojson-feature-collection"):
        of_one = tool_with(x={"type": "object", "format": kind})
        or_text = tool_with(x={"oneOf": [{"type": "object", "format": kind}, {"type": "string"}]})
        for tool in (of_one, or_text):
            assert sent(tool, {"x": [FEATURE]})["x"] == collection
            assert sent(tool, {"x": json.dumps([FEATURE])})["x"] == collection
    array = tool_with(x={"oneOf": [{"type": "object", "format": "geojson"}, {"type": "array"}]})
    assert sent(array, {"x": [FEATURE]})["x"] == [FEATURE]


@pytest.mark.parametrize("value", [[], [FEATURE, {"type": "Point", "coordinates": [1, 2]}], [[7.1, 50.7]]])
def test_a_list_of_anything_else_is_no_collection(value: list[Any]) -> None:
    (problem,) = problems_of(tool_with(x={"type": "object", "format": "geojson"}), {"x": value})
    assert problem.message == "must be an object (or the URI of a result), not an array"


def test_an_input_that_occurs_often_takes_one_or_many() -> None:
    tool = many({"type": "number"}, maxOccurs=3)
    for value in (1, [1], [1, 2, 3]):
        assert sent(tool, {"x": value})["x"] == value
    assert sent(tool, {"x": "[1, 2]"})["x"] == [1, 2]
    assert sent(tool, {"x": ["1", 2]})["x"] == [1, 2]
    assert problems_of(tool, {"x": [1, 2, 3, 4]})[0].message == "must have at most 3 items"


def test_what_is_no_number_where_one_or_many_are_taken_is_told_whole() -> None:
    (problem,) = problems_of(many({"type": "number"}, maxOccurs=3), {"x": "10 km"})
    assert problem == ArgumentProblem(
        "$.x",
        'must be a number or an array, not a string ("10 km")',
        'write the number alone, in the unit of this input: 10 if that is "km"',
    )


def test_an_infinity_is_no_number_to_write_alone() -> None:
    (problem,) = problems_of(tool_with(x={"type": "number"}), {"x": "1e999 m"})
    assert problem.suggestion == "write the number alone, in the unit of this input"


def test_an_input_that_must_occur_twice_takes_no_single_value() -> None:
    tool = many({"type": "number"}, minOccurs=2, maxOccurs="unbounded")
    assert problems_of(tool, {"x": 1}) == [
        ArgumentProblem("$.x", "must be an array, not a whole number (1)", "write [1, …], at least 2 items")
    ]


def test_the_members_of_an_array_that_occurs_often_stay_as_they_are_where_it_is_one_value() -> None:
    texts = many({"type": "array", "items": {"type": "string"}}, maxOccurs=3)
    assert sent(texts, {"x": ["a", "[1]"]})["x"] == ["a", "[1]"]
    assert sent(texts, {"x": [["a"], '["b"]']})["x"] == [["a"], ["b"]]
    mixed = many({"anyOf": [{"type": "array"}, {"type": "string"}]}, maxOccurs=3)
    assert sent(mixed, {"x": ["a", 2, True]})["x"] == ["a", 2, True]


def test_an_array_that_occurs_often_may_be_one_array() -> None:
    tool = many({"type": "array", "items": {"type": "number"}}, minOccurs=2, maxOccurs=5)
    assert sent(tool, {"x": [1, 2]})["x"] == [1, 2]
    assert sent(tool, {"x": [[1], [2]]})["x"] == [[1], [2]]
