"""Every kind of value that the standard knows, in every way it can be given, through `echo` and back."""

import base64
from typing import Any

import httpx
import pytest

from tests.backend.api.calls import local, run

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
POINT = {"type": "Point", "coordinates": [13.4, 52.5]}
SCALARS: dict[str, Any] = {
    "string": "red",
    "number": 1e-3,
    "integer": 100,
    "boolean": True,
    "datetime": "2026-03-01T12:00:00Z",
    "array": [1, 2.5],
    "repeated": ["one", "two"],
    "mixed": [3, 4],
}
OBJECTS: dict[str, Any] = {
    "bbox": {"bbox": [5.9, 47.3, 15, 55.1], "crs": CRS84},
    "geometry": POINT,
    "measure": {"measurement": 12.5, "uom": "km"},
    "document": {"a": {"b": [1, None, True]}},
    "nested": {"name": "n", "range": {"from": 0, "to": 1}, "tags": []},
}


async def echoed(client: httpx.AsyncClient, **inputs: Any) -> dict[str, Any]:
    """The outputs as the process gave them: qualified values unwrapped."""
    response = await run(client, "echo", inputs=inputs, response="document")
    assert response.status_code == 200, response.text
    return {
        name: value["value"] if isinstance(value, dict) and "mediaType" in value else value
        for name, value in response.json().items()
    }


async def test_every_kind_of_value_comes_back_as_it_was_given(client: httpx.AsyncClient) -> None:
    assert await echoed(client, **SCALARS, **OBJECTS) == SCALARS | OBJECTS


@pytest.mark.parametrize("qualifiers", [{}, {"mediaType": "application/json"}, {"schema": {"type": "object"}}])
async def test_every_kind_of_value_may_be_qualified(client: httpx.AsyncClient, qualifiers: dict[str, Any]) -> None:
    given = {name: {"value": value, **qualifiers} for name, value in (SCALARS | OBJECTS).items() if name != "repeated"}
    repeated = [{"value": value, **qualifiers} for value in SCALARS["repeated"]]
    assert await echoed(client, **given, repeated=repeated) == SCALARS | OBJECTS


@pytest.mark.parametrize(
    "bbox",
    [
        {"bbox": [1, 2, 3, 4]},
        {"bbox": [170, -10, -170, 10], "crs": CRS84},
        {"bbox": [1, 2, 3, 4, 5, 6], "crs": "http://www.opengis.net/def/crs/OGC/0/CRS84h"},
    ],
)
async def test_bounding_boxes_have_two_or_three_dimensions(client: httpx.AsyncClient, bbox: dict[str, Any]) -> None:
    assert (await echoed(client, bbox=bbox))["bbox"] == bbox


@pytest.mark.parametrize("bbox", [[1, 2, 3, 4], {"bbox": [1, 2, 3]}, {"bbox": [1, 2, 3, 4], "crs": "x"}, {"bbox": "1"}])
async def test_what_is_no_bounding_box_is_refused(client: httpx.AsyncClient, bbox: Any) -> None:
    response = await run(client, "echo", inputs={"bbox": bbox})
    assert response.status_code == 400
    assert response.json()["errors"][0]["path"].startswith("$.inputs.bbox")


@pytest.mark.parametrize("qualified", [False, True])
async def test_bytes_are_given_in_base64_and_come_back_raw(client: httpx.AsyncClient, qualified: bool) -> None:
    encoded = base64.b64encode(PNG).decode()
    image = {"value": encoded, "mediaType": "image/png", "encoding": "base64"} if qualified else encoded
    raw = await run(client, "echo", inputs={"image": image}, outputs={"image": {}})
    assert (raw.headers["content-type"], raw.content) == ("image/png", PNG)
    document = await run(client, "echo", inputs={"image": image}, response="document")
    assert document.json()["image"] == {"mediaType": "image/png", "encoding": "base64", "value": encoded}


@pytest.mark.parametrize(("name", "value"), [("image", "***"), ("datetime", "noon"), ("mixed", {}), ("pause", 11)])
async def test_a_value_of_another_kind_is_refused_with_its_path(
    client: httpx.AsyncClient, name: str, value: Any
) -> None:
    response = await run(client, "echo", inputs={name: value})
    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == [f"$.inputs.{name}"]


async def test_a_repeated_input_occurs_once_several_times_and_no_more_than_permitted(client: httpx.AsyncClient) -> None:
    assert (await echoed(client, repeated="once"))["repeated"] == ["once"]
    assert (await echoed(client, repeated=list("abcde")))["repeated"] == list("abcde")
    response = await run(client, "echo", inputs={"repeated": list("abcdef")})
    assert response.json()["errors"] == [{"path": "$.inputs.repeated", "message": "takes at most 5 values, not 6"}]


async def test_every_kind_of_value_may_be_given_by_reference(client: httpx.AsyncClient) -> None:
    inputs = SCALARS | OBJECTS | {"image": base64.b64encode(PNG).decode()}
    del inputs["repeated"]
    first = await run(client, "echo", inputs=inputs, response="document")
    job = local(first.headers["location"])
    links = {name: {"href": f"https://maps.example/ogc{job}/results/{name}"} for name in inputs}
    links["number"] |= {"type": "application/json", "rel": "item", "title": "a number"}
    second = await run(client, "echo", inputs=links, response="document")
    assert second.json() == first.json()


async def test_items_of_a_repeated_input_may_be_references_among_values(client: httpx.AsyncClient) -> None:
    job = (await run(client, "echo", inputs={"string": "green"})).headers["location"]
    given = ["first", {"href": f"{job}/results/string"}, {"value": "last", "mediaType": "text/plain"}]
    assert (await echoed(client, repeated=given))["repeated"] == ["first", "green", "last"]


async def test_a_referenced_value_of_another_kind_is_refused_with_its_path(client: httpx.AsyncClient) -> None:
    job = (await run(client, "echo", inputs={"string": "green"})).headers["location"]
    response = await run(client, "echo", inputs={"number": {"href": f"{job}/results/string"}})
    assert response.status_code == 400
    assert response.json()["errors"][0]["path"] == "$.inputs.number"
