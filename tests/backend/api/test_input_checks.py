"""Inputs against the description of their process: everything wrong at once, with paths."""

from typing import Any

import pytest

from backend.api.inputs import CheckedInputs, check_inputs, input_rules
from backend.jobs.references import OwnReference

BASE = "https://maps.example/ogc"
INPUTS: dict[str, Any] = {
    "distance": {"schema": {"type": "number", "exclusiveMinimum": 0, "maximum": 1e6}},
    "units": {"schema": {"type": "string", "enum": ["metre", "kilometre"]}, "minOccurs": 0},
    "geometry": {"schema": {"anyOf": [{"type": "object"}, {"type": "string"}]}, "minOccurs": 0},
    "points": {"schema": {"type": "array", "items": {"type": "string"}, "minItems": 1}, "minOccurs": 0},
    "layers": {"schema": {"type": "string"}, "minOccurs": 0, "maxOccurs": 3},
    "tags": {"schema": {"type": "string"}, "minOccurs": 0, "maxOccurs": "unbounded"},
    "anything": {"schema": {}, "minOccurs": 0},
    "pair": {"schema": {"type": "object", "properties": {"value": {"type": "integer"}}}, "minOccurs": 0},
    "size": {"schema": {"type": "integer", "default": 3}, "minOccurs": 1},
}


def check(described: dict[str, Any] | None = None, **inputs: Any) -> CheckedInputs:
    return check_inputs(input_rules({"inputs": described or INPUTS}), inputs, BASE)


def told(checked: CheckedInputs) -> dict[str, str]:
    return {problem.path: problem.message for problem in checked.problems}


def test_valid_inputs_have_no_problems_and_stay_as_they_are() -> None:
    inputs = {"distance": 5, "units": "metre", "geometry": {"type": "Point", "coordinates": [1, 2]}, "layers": "one"}
    checked = check(**inputs)
    assert not any((checked.problems, checked.refused, checked.references))
    assert dict(checked.values) == inputs


def test_every_problem_is_told_at_once_with_its_path() -> None:
    assert told(check(distanse=5, units="meter", geometry=3, points=["a", 2])) == {
        "$.inputs.distance": "is required",
        "$.inputs.distanse": "is no input of the process. Did you mean `distance`?",
        "$.inputs.units": 'must be one of "metre", "kilometre", not "meter". Did you mean `metre`?',
        "$.inputs.geometry": "must be an object or a string, not an integer",
        "$.inputs.points[1]": "must be a string, not an integer",
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("5", "must be a number, not a string"),
        (True, "must be a number, not a boolean"),
        (None, "must be a number, not null"),
        (0, "must be greater than 0, not 0"),
        (1e9, "must be at most 1000000.0, not 1000000000.0"),
    ],
)
def test_types_and_ranges_are_checked(value: Any, message: str) -> None:
    assert told(check(distance=value)) == {"$.inputs.distance": message}


def test_an_input_with_a_default_may_be_left_out() -> None:
    assert not check(distance=1).problems


def test_an_unknown_input_without_a_likeness_is_answered_with_all_inputs() -> None:
    assert "It takes `distance`, `units`" in told(check(distance=1, qqq=2))["$.inputs.qqq"]
    assert told(check_inputs({}, {"a": 1}, BASE))["$.inputs.a"] == "is unknown: the process takes no inputs"


def test_an_input_that_may_occur_often_takes_one_value_or_an_array() -> None:
    assert not check(distance=1, layers=["a", "b", "c"], tags=["x"] * 50).problems
    assert told(check(distance=1, layers=["a", "b", "c", "d"])) == {"$.inputs.layers": "takes at most 3 values, not 4"}
    assert told(check(distance=1, layers=["a", 5])) == {"$.inputs.layers[1]": "must be a string, not an integer"}
    assert told(check(distance=1, units=["metre"]))


def test_too_few_occurrences_are_told() -> None:
    described = {"pair": {"schema": {"type": "string"}, "minOccurs": 2, "maxOccurs": 2}}
    assert told(check(described, pair=["a"])) == {"$.inputs.pair": "needs at least 2 values, not 1"}
    assert told(check(described, pair="a")) == {"$.inputs.pair": "needs at least 2 values in an array"}
    assert not check(described, pair=["a", "b"]).problems


def test_very_many_wrong_items_are_told_by_a_few() -> None:
    assert 0 < len(check(distance=1, points=[1] * 300_000).problems) <= 20


def test_an_enumeration_beside_the_schema_counts() -> None:
    described = {"operation": {"schema": {"type": "string"}, "enum": ["union", "difference"]}}
    assert "Did you mean `union`?" in told(check(described, operation="onion"))["$.inputs.operation"]


@pytest.mark.parametrize("qualified", [{"value": 5, "mediaType": "application/json"}, {"value": 5}])
def test_qualified_values_are_unwrapped(qualified: dict[str, Any]) -> None:
    checked = check(distance=qualified)
    assert not checked.problems
    assert checked.values["distance"] == 5


def test_qualified_items_of_an_array_are_unwrapped() -> None:
    assert check(distance=1, layers=[{"value": "a", "mediaType": "text/plain"}, "b"]).values["layers"] == ["a", "b"]


def test_an_object_that_only_looks_like_a_qualified_value_stays_as_it_is() -> None:
    assert check(distance=1, pair={"value": 3}).values["pair"] == {"value": 3}
    # Where anything is taken it is a qualified value, as the standard has it.
    assert check(distance=1, anything={"value": 3}).values["anything"] == 3
    feature = {"value": 3, "type": "Feature"}
    assert check(distance=1, anything=feature).values["anything"] == feature


def test_a_reference_to_an_own_result_stands_for_a_value_of_any_schema() -> None:
    own = {"href": f"{BASE}/jobs/j%201/results/out", "type": "application/json"}
    checked = check(distance=own, points=["a", own], geometry={"deep": [own]})
    assert not checked.problems
    assert not checked.refused
    assert [(reference.path, reference.target) for reference in checked.references] == [
        (("distance",), OwnReference("j 1", "out")),
        (("points", 1), OwnReference("j 1", "out")),
        (("geometry", "deep", 0), OwnReference("j 1", "out")),
    ]


def test_beside_a_reference_other_items_are_still_checked() -> None:
    own = {"href": f"{BASE}/jobs/1/results/out"}
    assert told(check(distance=1, points=[own, 7])) == {"$.inputs.points[1]": "must be a string, not an integer"}


def test_a_reference_excuses_nothing_else_that_is_wrong_with_what_it_stands_in() -> None:
    own = {"href": f"{BASE}/jobs/1/results/out"}
    box = {"type": "object", "required": ["from", "to"], "additionalProperties": False}
    described = {
        "box": {"schema": {**box, "properties": {"from": {}, "to": {}}}, "minOccurs": 0},
        "pair": {"schema": {"type": "array", "maxItems": 2}, "minOccurs": 0},
    }
    assert told(check(described, box={"from": own, "to": own}, pair=[own, own])) == {}
    assert told(check(described, box={"from": own}, pair=[own, own, own])) == {
        "$.inputs.box": "lacks `to`",
        "$.inputs.pair": "must have at most 2 items",
    }


@pytest.mark.parametrize(
    "href",
    [
        "https://elsewhere.example/data.geojson",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:5001/jobs/1/results/out",
        "file:///etc/passwd",
        "data:application/json,1",
        "ftp://maps.example/x",
        "",
        f"{BASE}/jobs/1",
        f"{BASE}/jobs/1/results",
        f"{BASE}/jobs/1/results/out?f=json",
        f"{BASE}/jobs/1/results/../../admin",
        f"{BASE}.evil.example/jobs/1/results/out",
        f"{BASE}@evil.example/jobs/1/results/out",
    ],
)
def test_a_reference_to_anything_else_is_refused(href: str) -> None:
    checked = check(distance=1, geometry={"href": href}, points=[{"href": href, "rel": "item"}])
    assert [problem.path for problem in checked.refused] == ["$.inputs.geometry", "$.inputs.points[0]"]
    assert not checked.references


def test_links_within_data_are_data() -> None:
    item = {"type": "Feature", "links": [{"href": "https://elsewhere.example/", "rel": "self"}]}
    checked = check(distance=1, geometry=item)
    assert not checked.refused
    assert checked.values["geometry"] == item


def test_inputs_that_are_not_described_by_id_are_not_checked() -> None:
    assert input_rules({"inputs": [{"id": "a"}]}) is None
    assert not check_inputs(None, {"whatever": 1}, BASE).problems


def test_a_qualified_value_must_be_in_a_media_type_that_the_input_declares() -> None:
    picture = {"schema": {"type": "string", "contentMediaType": "image/png"}, "maxOccurs": 2}
    either = {"schema": {"oneOf": [{"type": "string", "contentMediaType": "image/png"}, {"type": "object"}]}}
    described = {
        "picture": picture,
        "either": either,
        "shape": {"schema": {"contentMediaType": "application/geo+json"}},
    }
    right = {"value": "AAAA", "mediaType": "Image/PNG; x=y"}
    wrong = {"value": "AAAA", "mediaType": "image/tiff"}
    checked = check(described, picture=[right, wrong], either=wrong, shape={"value": {}, "mediaType": "text/json"})
    assert told(checked) == {
        "$.inputs.picture[1].mediaType": "must be `image/png`, not `image/tiff`",
        "$.inputs.either.mediaType": "must be `image/png`, not `image/tiff`",
    }
    assert not check(described, picture=right, either={"value": {"a": 1}}, shape={}).problems


def test_a_reference_deep_within_a_value_is_no_reason_to_refuse_the_alternatives_above_it() -> None:
    coordinates = {"type": "array", "items": {"type": "number"}}
    place = {"type": "object", "properties": {"at": coordinates}, "required": ["at"]}
    described = {"place": {"schema": {"oneOf": [place, {"type": "string"}]}}}
    link = {"href": OwnReference("a" * 32, "out").href(BASE)}
    referred = check(described, place={"at": [1, link]})
    assert not referred.problems
    assert [reference.path for reference in referred.references] == [("place", "at", 1)]
    assert told(check(described, place={"at": [1, "x"]}))
    assert told(check(described, place=5))


def test_a_value_with_an_own_member_value_is_not_taken_for_a_qualified_one() -> None:
    pair = {"value": 5, "mediaType": "application/json"}
    assert check(distance=1, pair=pair).values["pair"] == pair
    assert check(distance=1, anything=pair).values["anything"] == 5
