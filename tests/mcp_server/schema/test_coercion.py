"""Values as connectors and people send them."""

from typing import Any

import pytest

from mcp_server.schema.coercion import meant, meant_inside
from mcp_server.schema.substitutes import BBOX

STRING = {"type": "string"}
CASES: list[tuple[Any, dict[str, Any], Any]] = [
    (9.5, STRING, "9.5"),
    (4326, STRING, "4326"),
    (True, STRING, True),
    (9.5, {"type": "integer"}, 9.5),
    (9.5, {"anyOf": [STRING, {"type": "boolean"}]}, 9.5),
    (5.0, {"type": "integer"}, 5),
]


@pytest.mark.parametrize(("value", "schema", "expected"), CASES)
def test_a_number_for_a_text_is_written_out(value: Any, schema: dict[str, Any], expected: Any) -> None:
    found = meant(value, schema)
    assert found == expected
    assert type(found) is type(expected)


CORNERS = [7, 50, 8.5, 51]
BOX_OR_LIST = {"anyOf": [BBOX, {"type": "array", "items": {"type": "number"}}]}
INLINE_BOX = {"type": "object", "required": ["bbox"], "properties": {"bbox": {"type": "array"}}}


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        (CORNERS, BBOX, {"bbox": CORNERS}),
        (CORNERS, INLINE_BOX, {"bbox": CORNERS}),
        ("[7, 50, 8.5, 51]", BBOX, {"bbox": CORNERS}),
        ([1, 2, 3, 4, 5, 6], {"anyOf": [{"type": "number"}, BBOX]}, {"bbox": [1, 2, 3, 4, 5, 6]}),
        ({"bbox": CORNERS}, BBOX, {"bbox": CORNERS}),
        (CORNERS, BOX_OR_LIST, CORNERS),
        (CORNERS, {"type": "object", "properties": {"bbox": {}, "name": {}}}, CORNERS),
        ([1, 2, 3], BBOX, [1, 2, 3]),
        ([1, 2, 3, "4"], BBOX, [1, 2, 3, "4"]),
        ([1, 2, 3, True], BBOX, [1, 2, 3, True]),
        ("here", {"anyOf": [BBOX, STRING]}, "here"),
    ],
)
def test_four_or_six_numbers_are_the_bounding_box_that_an_input_takes(
    value: Any, schema: dict[str, Any], expected: Any
) -> None:
    assert meant(value, schema) == expected


def test_the_members_of_an_array_of_which_nothing_is_told_stay_as_they_are() -> None:
    assert meant_inside(["1", 2.0], {"type": "array"}) == ["1", 2.0]
    assert meant_inside(["1", "2"], {"type": "array", "items": {"type": "integer"}}) == [1, 2]
