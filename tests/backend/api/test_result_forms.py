"""Results in every form in which they can be asked for."""

import base64
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from typing import Any

import httpx
import pytest

from tests.backend.api.calls import finished, local, run

pytestmark = pytest.mark.anyio

REFERENCE = {"transmissionMode": "reference"}


async def test_a_results_document_has_every_output_qualified_where_it_must_be(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None]
) -> None:
    in_json = await run(client, "many-outputs", accept="application/json")
    for response in (in_json, await run(client, "many-outputs", response="document")):
        document = response.json()
        conforms(document, "results.yaml")
        assert list(document) == ["number", "place", "table", "picture"]
        assert document["number"] == 1.5
        assert document["place"]["mediaType"] == "application/geo+json"
        assert document["place"]["value"]["geometry"] == {"type": "Point", "coordinates": [1, 2]}
        assert document["table"] == {"mediaType": "text/csv", "value": "a,b\n1,é\n"}
        assert document["picture"] == {
            "mediaType": "image/png",
            "encoding": "base64",
            "value": "iVBOR/+JUE5H/4lQTkf/",
        }


async def test_a_single_raw_output_is_the_value_itself(client: httpx.AsyncClient) -> None:
    response = await run(client, "many-outputs", outputs={"table": {}})
    assert (response.headers["content-type"], response.text) == ("text/csv", "a,b\n1,é\n")
    response = await run(client, "many-outputs", outputs={"picture": {"format": {"mediaType": "image/png"}}})
    assert (response.headers["content-type"], response.content) == ("image/png", b"\x89PNG\xff" * 3)


async def test_the_document_form_holds_the_outputs_asked_for(client: httpx.AsyncClient) -> None:
    outputs = {"place": None, "number": {"transmissionMode": "value"}}
    document = (await run(client, "many-outputs", outputs=outputs, response="document")).json()
    assert list(document) == ["place", "number"]
    echo = (await run(client, "hello-world", inputs={"name": "x"}, response="document")).json()
    assert echo == {"echo": {"mediaType": "application/json", "value": {"id": "echo", "value": "Hello x!"}}}


def parts_of(response: httpx.Response) -> dict[str, Message]:
    """The parts of a multipart answer by their `Content-ID`, as Python's own parser reads them."""
    header = b"Content-Type: " + response.headers["content-type"].encode() + b"\r\n\r\n"
    message = message_from_bytes(header + response.content)
    assert message.get_content_type() == "multipart/related"
    assert not message.defects
    return {part["Content-ID"]: part for part in message.walk() if part is not message}


def content(part: Message) -> Any:
    return part.get_payload(decode=True)


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("body", [{"response": "raw"}, {}])
async def test_several_raw_values_are_parts_as_they_were_written(
    client: httpx.AsyncClient, mode: str, body: dict[str, Any]
) -> None:
    response = await run(client, "many-outputs", **body, mode=mode)
    if mode == "async":
        response = await later(client, response)
    assert response.status_code == 200
    parts = parts_of(response)
    assert [(name, part["Content-Type"]) for name, part in parts.items()] == [
        ("number", "application/json"),
        ("place", "application/geo+json"),
        ("table", "text/csv"),
        ("picture", "image/png"),
    ]
    assert content(parts["number"]) == b"1.5"
    assert content(parts["table"]) == "a,b\n1,é\n".encode()
    assert content(parts["picture"]) == b"\x89PNG\xff" * 3


async def later(client: httpx.AsyncClient, accepted: httpx.Response) -> httpx.Response:
    """The results of an execution that was accepted as a job."""
    assert accepted.status_code == 201
    job = local(accepted.headers["location"])
    assert (await finished(client, job))["status"] == "successful"
    return await client.get(f"{job}/results")


@pytest.mark.parametrize("mode", ["sync", "async"])
async def test_of_raw_values_those_by_reference_are_empty_parts_that_say_where_they_are(
    client: httpx.AsyncClient, mode: str
) -> None:
    response = await run(client, "many-outputs", outputs={"table": {}, "picture": REFERENCE}, mode=mode)
    if mode == "async":
        response = await later(client, response)
    parts = parts_of(response)
    assert content(parts["table"]) == "a,b\n1,é\n".encode()
    assert "Content-Location" not in parts["table"]
    assert content(parts["picture"]) == b""
    assert parts["picture"]["Content-Type"] == "image/png"
    assert (await client.get(local(parts["picture"]["Content-Location"]))).content == b"\x89PNG\xff" * 3


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("outputs", [["picture"], ["picture", "table"]])
async def test_raw_values_that_are_all_by_reference_are_links_without_content(
    client: httpx.AsyncClient, mode: str, outputs: list[str]
) -> None:
    response = await run(client, "many-outputs", outputs=dict.fromkeys(outputs, REFERENCE), mode=mode)
    if mode == "async":
        response = await later(client, response)
    assert (response.status_code, response.content) == (204, b"")
    links = [link for link in response.headers.get_list("link") if 'rel="item"' in link]
    hrefs = [link.split(">")[0].lstrip("<") for link in links]
    assert [href.rsplit("/", 1)[-1] for href in hrefs] == outputs
    for link, href in zip(links, hrefs, strict=True):
        value = await client.get(local(href))
        assert f'type="{value.headers["content-type"]}"' in link
    assert (await client.get(local(hrefs[0]))).content == b"\x89PNG\xff" * 3


@pytest.mark.parametrize("mode", ["sync", "async"])
async def test_a_results_document_has_links_in_the_place_of_outputs_by_reference(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None], mode: str
) -> None:
    outputs = {"number": {}, "place": REFERENCE}
    response = await run(client, "many-outputs", outputs=outputs, response="document", mode=mode)
    if mode == "async":
        response = await later(client, response)
    document = response.json()
    conforms(document, "results.yaml")
    assert document["number"] == 1.5
    assert (await client.get(local(document["place"]["href"]))).json()["type"] == "Feature"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "multipart/related"),
        ("*/*", "multipart/related"),
        ("multipart/related", "multipart/related"),
        ("application/json", "application/json"),
        ("application/json, */*", "application/json"),
        ("multipart/related;q=0.5, application/json", "application/json"),
        ("text/csv", "multipart/related"),
    ],
)
async def test_who_accepts_json_rather_than_parts_gets_several_raw_values_in_a_document(
    client: httpx.AsyncClient, accept: str, media_type: str
) -> None:
    response = await run(client, "many-outputs", accept=accept, outputs={"number": {}, "table": {}})
    assert response.headers["content-type"].partition(";")[0] == media_type


async def test_of_outputs_that_were_not_given_nothing_is_sent(client: httpx.AsyncClient) -> None:
    response = await run(client, "echo", outputs={"string": {}})
    assert (response.status_code, response.content) == (204, b"")
    assert (await run(client, "echo", outputs={"string": {}}, response="document")).json() == {}


async def test_minimal_results_have_links_summaries_and_small_values(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None]
) -> None:
    response = await run(client, "many-outputs", "return=minimal, wait=20")
    assert response.headers["preference-applied"] == "wait=20, return=minimal"
    document = response.json()
    conforms(document, "results.yaml")
    number = document["number"]
    assert (number["rel"], number["type"], number["length"], number["value"]) == ("item", "application/json", 3, 1.5)
    assert number["summary"]["kind"] == "number"
    assert document["table"]["value"] == "a,b\n1,é\n"
    assert "value" not in document["picture"]
    assert (await client.get(local(document["picture"]["href"]))).content == b"\x89PNG\xff" * 3


async def test_minimal_results_leave_out_values_that_are_large_together(client: httpx.AsyncClient) -> None:
    inputs = {"kind": "features", "count": 1000, "filling": 5000}
    response = await run(client, "sequence", "return=minimal", inputs=inputs)
    document = response.json()["sequence"]
    assert "value" not in document
    assert document["length"] > 5_000_000
    assert document["summary"]["count"] == 1000
    assert len(response.content) < 8000


async def test_a_result_that_stands_in_a_file_comes_whole_in_every_form(client: httpx.AsyncClient) -> None:
    inputs = {"kind": "features", "count": 100, "filling": 5000}
    raw = await run(client, "sequence", inputs=inputs)
    assert len(raw.json()["features"]) == 100
    document = await run(client, "sequence", inputs=inputs, response="document")
    assert document.json()["sequence"]["value"] == raw.json()
    picture = await run(client, "sequence", inputs={"kind": "bytes", "count": 700_000}, response="document")
    assert base64.b64decode(picture.json()["sequence"]["value"]) == bytes(index % 256 for index in range(700_000))


async def test_a_media_type_that_no_header_can_carry_is_not_passed_on(client: httpx.AsyncClient) -> None:
    response = await run(client, "trouble", inputs={"kind": "header"})
    assert response.headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in response.headers


async def test_a_number_alone_is_json(client: httpx.AsyncClient) -> None:
    response = await run(client, "many-outputs", outputs={"number": {}})
    assert (response.headers["content-type"], response.content) == ("application/json", b"1.5")


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": "application/json"}])
async def test_results_are_a_page_only_for_those_who_ask_for_one(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    job = local((await run(client, "hello-world", inputs={"name": "x"}, response="document")).headers["location"])
    response = await client.get(f"{job}/results", headers=headers)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["vary"] == "Accept, Prefer"
    assert response.json()["echo"]["value"]["value"] == "Hello x!"
