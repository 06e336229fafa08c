"""Results in the shapes servers give them: known by their form, not by their server."""

import math
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mcp_server.ogc.documents import compact
from mcp_server.ogc.models import ABSENT, Completed
from mcp_server.ogc.outputs import taken_apart
from tests.mcp_server.ogc.site import POINT, Answer, client_of

COLLECTION: dict[str, Any] = {"type": "FeatureCollection", "features": []}
LINK = {"href": "https://example.org/a.tif", "type": "image/tiff"}


def found(document: Any, declared: list[str], *, keyed: bool) -> dict[str, Any] | None:
    outputs = taken_apart(document, declared, keyed=keyed)
    return None if outputs is None else {one.id: one.href if one.value is ABSENT else one.value for one in outputs}


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize(
    ("document", "declared", "outputs"),
    [
        ({"a": 1, "b": POINT}, ["a", "b", "c"], {"a": 1, "b": POINT}),
        ({"a": {"value": "AAEC", "encoding": "base64"}}, ["a"], {"a": b"\x00\x01\x02"}),
        ({"a": {"value": "AA\r\n EC\n", "encoding": "base64"}}, ["a"], {"a": b"\x00\x01\x02"}),
        ({"a": {"value": "no bäse64", "encoding": "base64"}}, ["a"], {"a": "no bäse64"}),
        ({"a": LINK}, ["a"], {"a": LINK["href"]}),
        ([{"id": "a", "value": 1}, {"id": "b", **LINK}], ["a", "b"], {"a": 1, "b": LINK["href"]}),
        ([{"identifier": "a", "data": [1]}], ["a"], {"a": [1]}),
        ({"outputs": [{"id": "a", "value": 1}], "links": []}, [], {"a": 1}),
        ({"outputs": {"a": 1}}, [], {"a": 1}),
        ({"results": {"a": 1}, "jobID": "j", "status": "successful"}, [], {"a": 1}),
        ({"outputs": 3}, ["outputs"], {"outputs": 3}),
    ],
)
def test_outputs_are_found_by_their_ids_in_every_shape(
    document: Any, declared: list[str], outputs: Any, keyed: bool
) -> None:
    assert found(document, declared, keyed=keyed) == outputs


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize(
    ("document", "declared"),
    [
        (COLLECTION, ["result"]),
        (POINT, []),
        ([{"id": 1, "value": 3}, {"id": 2, "value": 4}], ["table"]),
        ([{"id": 1, "value": 3}], []),
        ([{"id": "a", "value": 1}, {"id": "a", "value": 2}], ["a"]),
        ([], ["a"]),
        ("text", ["a"]),
        (None, []),
    ],
)
def test_a_value_is_not_taken_for_outputs(document: Any, declared: list[str], keyed: bool) -> None:
    assert found(document, declared, keyed=keyed) is None


def test_an_object_that_leaves_it_open_is_what_the_server_is_known_for() -> None:
    assert found({"sum": 3}, ["result"], keyed=True) == {"sum": 3}
    assert found({"sum": 3}, ["result"], keyed=False) is None


def test_an_output_may_be_called_type() -> None:
    assert found({"type": "Point", "coordinates": [1, 2]}, ["type", "coordinates"], keyed=True) == {
        "type": "Point",
        "coordinates": [1, 2],
    }


@pytest.mark.parametrize("beside", [{"mediaType": "image/tiff"}, {"format": {"mimeType": "image/tiff"}}])
def test_the_media_type_of_a_link_is_found_where_servers_write_it(beside: dict[str, Any]) -> None:
    outputs = taken_apart({"a": {"href": "https://example.org/a", **beside}}, ["a"], keyed=True)
    assert outputs is not None
    assert outputs[0].media_type == "image/tiff"


@pytest.mark.anyio
@pytest.mark.parametrize("answer", [JSONResponse(COLLECTION), PlainTextResponse("POINT (1 2)")], ids=["json", "text"])
async def test_a_bare_value_of_an_unknown_server_is_its_first_output(answer: Answer) -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": answer,
        "GET /processes/p": JSONResponse({"id": "p", "outputs": {"clipped": {}, "log": {}}}),
    }
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert [output.id for output in reply.outputs] == ["clipped"]


@pytest.mark.anyio
async def test_the_bare_value_of_a_job_is_named_by_its_process() -> None:
    answers: dict[str, Answer] = {
        "GET /jobs/j1/results": JSONResponse(COLLECTION),
        "GET /jobs/j1": JSONResponse({"jobID": "j1", "processID": "p", "status": "successful"}),
        "GET /processes/p": JSONResponse({"id": "p", "outputs": {"clipped": {}}}),
    }
    async with client_of(answers) as (client, _):
        assert [output.id for output in await client.outputs.of_job("j1")] == ["clipped"]
        assert (await client.outputs.read("j1", "clipped")).value == COLLECTION


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ("Müller".encode("latin-1"), "text/csv; header=present; charset=ISO-8859-1", "Müller"),
        ("Müller €".encode("cp1252"), 'text/plain;charset="windows-1252"', "Müller €"),
        ("Müller".encode("utf-16"), "text/plain; charset=utf-16", "Müller"),
        ("Müller".encode(), "text/plain; charset=iso-8859-1", "Müller"),
        ("Müller".encode("latin-1"), "text/plain", None),
        ("Müller".encode("latin-1"), "text/plain; charset=nonsense", None),
        ("Müller".encode("latin-1"), "text/plain; charset=idna", None),
        ("Müller".encode("latin-1"), "text/xml; charset=iso-8859-1", None),
    ],
)
async def test_a_text_is_read_in_the_character_set_that_its_answer_names(
    content: bytes, kind: str, text: str | None
) -> None:
    answer = Response(content, headers={"content-type": kind})
    described = JSONResponse({"id": "p", "outputs": {"out": {}}})
    async with client_of({"POST /processes/p/execution": answer, "GET /processes/p": described}) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    (output,) = reply.outputs
    expected = content if text is None else text.encode()
    assert (output.value, output.size) == (expected, len(expected))


@pytest.mark.parametrize(
    ("named", "media_type"),
    [
        ("Image/TIFF; application=geotiff", "image/tiff"),
        ("application/vnd.geo+json", "application/vnd.geo+json"),
        ("text/plain\nand do as I say", "application/json"),
        (f"x/{'y' * 3000}", "application/json"),
        (["text/csv"], "application/json"),
        (5, "application/json"),
    ],
)
@pytest.mark.parametrize("output", [{"value": "abc"}, {"href": "https://example.org/a"}])
def test_only_a_media_type_is_taken_for_one(output: dict[str, str], named: Any, media_type: str) -> None:
    member = "mediaType" if "value" in output else "type"
    outputs = taken_apart({"a": {**output, member: named}}, ["a"], keyed=True)
    assert outputs is not None
    assert [one.media_type for one in outputs] == [media_type]


def test_an_infinity_is_null_wherever_a_value_is_written_as_json() -> None:
    assert compact({"a": [math.inf, 1.5, "é"]}) == '{"a":[null,1.5,"é"]}'
