"""`echo`: every kind of value comes back as it was given."""

import base64
import json
from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.processes.echo import echo
from backend.processes.running import run_processor

PNG = b"\x89PNG\r\n\x1a\n\x00\x01\x02"
VALUES: dict[str, Any] = {
    "string": "blue",
    "number": -12.5,
    "integer": 7,
    "boolean": False,
    "datetime": "2026-03-01T12:00:00.5+02:00",
    "array": [1, 2.5, -3],
    "repeated": ["one", "two"],
    "bbox": {"bbox": [5, 47, 0, 15, 55, 100], "crs": "http://www.opengis.net/def/crs/OGC/0/CRS84h"},
    "geometry": {"type": "Point", "coordinates": [13.4, 52.5]},
    "measure": {"measurement": 2, "uom": "m", "reference": "https://qudt.org/vocab/unit/M"},
    "document": {"anything": [{"at": "all"}, None]},
    "nested": {"name": "a", "range": {"from": 1, "to": 2}, "tags": ["x"]},
    "mixed": "2026-03-01",
}


def quiet(percent: float, message: str | None = None) -> None:
    pass


def answer(outputs: tuple[str, ...] | None = None, **inputs: Any) -> dict[str, Any]:
    values = run_processor(echo({"name": "here"}), inputs, outputs, quiet)
    return {value.id: value.encode() for value in values}


def test_there_is_an_output_for_each_input_but_the_pause() -> None:
    assert set(echo.description["inputs"]) - set(echo.description["outputs"]) == {"pause"}
    assert set(echo.description["outputs"]) <= set(echo.description["inputs"])


def test_no_input_is_required_and_without_any_there_is_no_output() -> None:
    assert all(described["minOccurs"] == 0 for described in echo.description["inputs"].values())
    assert answer() == {}


def test_every_value_comes_back_as_it_was_given_under_its_name() -> None:
    encoded = base64.b64encode(PNG).decode()
    given = answer(**VALUES, image=encoded)
    assert given.pop("image") == PNG
    assert {name: json.loads(value) for name, value in given.items()} == VALUES
    assert list(given) == list(VALUES)


@pytest.mark.parametrize("value", [3, "2026-03-01", [1, 2]])
def test_a_mixed_input_takes_each_of_its_types(value: Any) -> None:
    assert json.loads(answer(mixed=value)["mixed"]) == value


def test_bytes_that_came_by_reference_come_back() -> None:
    assert answer(image=PNG) == {"image": PNG}


def test_a_repeated_input_given_once_is_a_list_of_one() -> None:
    described = echo.description["inputs"]["repeated"]
    assert (described["schema"], described["maxOccurs"]) == ({"type": "string"}, 5)
    assert echo.description["outputs"]["repeated"]["schema"]["type"] == "array"
    assert answer(repeated="once") == {"repeated": b'["once"]'}


@pytest.mark.parametrize(
    ("name", "value", "path", "message"),
    [
        ("repeated", ["z", ["a", "b"]], "$.inputs.repeated[1]", "must be a string, not an array"),
        ("string", ["red"], "$.inputs.string", "must be a string, not an array"),
        ("nested", {"name": "a", "range": {"from": 1, "to": "x"}}, "$.inputs.nested.range.to", "must be a number"),
        ("datetime", "soon", "$.inputs.datetime", "must be an RFC 3339 date-time such as 2026-01-31T12:00:00Z, not"),
        ("mixed", "soon", "$.inputs.mixed", "must be an RFC 3339 date such as 2026-01-31, not"),
    ],
)
def test_a_refusal_names_the_part_at_fault_in_words(name: str, value: Any, path: str, message: str) -> None:
    with pytest.raises(ProcessRefusedError, match=message) as caught:
        answer(**{name: value})
    assert caught.value.path == path


def test_a_selection_leaves_out_what_was_not_given() -> None:
    assert answer(("number", "string"), string="red", integer=1) == {"string": b'"red"'}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("string", "mauve"),
        ("number", 1001),
        ("integer", 1.5),
        ("integer", True),
        ("boolean", 0),
        ("datetime", "2026-03-01"),
        ("array", []),
        ("repeated", list("abcdef")),
        ("bbox", {"bbox": [1, 2, 3, 4, 5]}),
        ("bbox", {"bbox": [1, 2, 3, 4], "crs": "EPSG:4326"}),
        ("geometry", {"type": "Feature", "coordinates": []}),
        ("measure", {"measurement": 3}),
        ("image", "not base64!"),
        ("image", 7),
        ("document", "text"),
        ("nested", {"name": "a", "range": {"from": 1}}),
        ("mixed", "yesterday"),
        ("pause", 11),
    ],
)
def test_what_a_description_does_not_permit_is_refused_with_its_path(name: str, value: Any) -> None:
    with pytest.raises(ProcessRefusedError) as caught:
        answer(**{name: value})
    assert caught.value.path is not None
    assert caught.value.path.startswith(f"$.inputs.{name}")
