"""Results in the shapes servers give them: known by their form, not by their server."""

import math
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mcp_server.errors import RemoteProblemError
from mcp_server.ogc.documents import compact
from mcp_server.ogc.models import ABSENT, Completed
from mcp_server.ogc.outputs import taken_apart
from tests.mcp_server.ogc.site import BASE, POINT, Answer, client_of

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
        ({"a": {"value": 5, "unit": "m2"}}, ["a"], {"a": {"value": 5, "unit": "m2"}}),
        ({"a": {"value": "AAEC", "format": {"encoding": "base64"}}}, ["a"], {"a": b"\x00\x01\x02"}),
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


@pytest.mark.parametrize("kind", [["integer", "null"], {"code": 3}, 3, None])
def test_a_member_type_that_is_no_text_is_a_value_as_any_other(kind: Any) -> None:
    assert found({"type": kind, "sum": 3}, [], keyed=True) == {"type": kind, "sum": 3}
    assert found({"out": {"type": kind}}, ["out"], keyed=True) == {"out": {"type": kind}}


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
    ("offset", "limit", "part"),
    [(None, None, [0, 1, 2, 3]), (None, 2, [0, 1]), (1, None, [1, 2, 3]), (0, None, [0, 1, 2, 3]), (3, 9, [3])],
)
async def test_a_page_of_an_array_begins_and_ends_where_it_is_asked_to(
    offset: int | None, limit: int | None, part: list[int]
) -> None:
    answers: dict[str, Answer] = {"GET /jobs/j1/results": JSONResponse({"out": [0, 1, 2, 3]})}
    async with client_of(answers) as (client, site):
        assert (await client.outputs.read("j1", "out", offset=offset, limit=limit)).value == part
        assert not site.asked("GET", "/jobs/j1"), "nobody needs to know of which process it is"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("output", "document"),
    [
        ("clipped", [{"id": "clipped", "value": COLLECTION}]),
        ("results", {"results": COLLECTION}),
        ("outputs", {"outputs": COLLECTION}),
    ],
)
async def test_what_a_job_gave_is_read_again_as_its_call_was_answered(output: str, document: Any) -> None:
    answers: dict[str, Answer] = {
        "GET /jobs/j1/results": JSONResponse(document),
        "GET /jobs/j1": JSONResponse({"jobID": "j1", "processID": "p", "status": "successful"}),
        "GET /processes/p": JSONResponse({"id": "p", "outputs": {output: {}}}),
    }
    async with client_of(answers) as (client, _):
        await client.describe("p")
        (told,) = await client.outputs.of_job("j1", process_id="p")
        assert (told.id, told.value) == (output, COLLECTION)
        assert (await client.outputs.read("j1", output)).value == COLLECTION
    async with client_of(answers) as (client, _):
        assert (await client.outputs.read("j1", output)).value == COLLECTION


@pytest.mark.anyio
async def test_wrapped_outputs_are_read_though_their_process_is_gone() -> None:
    answers: dict[str, Answer] = {
        "GET /jobs/j1/results": JSONResponse({"outputs": {"clipped": COLLECTION}}),
        "GET /jobs/j1": JSONResponse({"jobID": "j1", "processID": "p", "status": "successful"}),
    }
    async with client_of(answers) as (client, _):
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


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"out": "Köln"}'.encode("latin-1"), "application/json; charset=ISO-8859-1"),
        ('{"out": "Köln"}'.encode("cp1252"), 'application/json;charset="windows-1252"'),
        ('{"out": "Köln"}'.encode("utf-16"), "application/json; charset=utf-16"),
        ('{"out": "Köln"}'.encode("utf-16-le"), "application/json"),
        ('{"out": "Köln"}'.encode(), "application/json; charset=ISO-8859-1"),
        ('{"out": "Köln"}'.encode(), "application/json; charset=utf-16"),
        ('{"out": "Köln"}'.encode("utf-8-sig"), "application/json"),
    ],
)
async def test_json_is_read_in_the_character_set_that_it_is_written_in(content: bytes, kind: str) -> None:
    answer = Response(content, headers={"content-type": kind})
    async with client_of({"POST /processes/p/execution": answer}) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert {one.id: one.value for one in reply.outputs} == {"out": "Köln"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("href", "path"),
    [
        ("out.csv", "/jobs/j1/out.csv"),
        ("./results/out.csv", "/jobs/j1/results/out.csv"),
        ("../../files/out.csv", "/files/out.csv"),
        ("/ogc/files/out.csv", "/files/out.csv"),
    ],
)
async def test_a_relative_link_among_the_results_of_a_job_is_read_from_where_they_stand(href: str, path: str) -> None:
    answers: dict[str, Answer] = {
        "GET /jobs/j1/results": JSONResponse({"out": {"href": href, "type": "text/csv"}}),
        f"GET {path}": PlainTextResponse("a,b", media_type="text/csv"),
    }
    async with client_of(answers) as (client, _):
        assert (await client.outputs.read("j1", "out")).value == b"a,b"
        async with client.outputs.opened("j1", "out", seconds=20, most=1000) as download:
            assert b"".join([piece async for piece in download.pieces]) == b"a,b"


@pytest.mark.anyio
async def test_outputs_in_the_header_of_an_answer_that_names_its_job_too_are_results() -> None:
    headers = {"Location": f"{BASE}/jobs/j1", "Link": f'<{BASE}/files/a.tif>; rel="a"; type="image/tiff"'}
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": Response(status_code=204, headers=headers),
        "GET /processes/p": JSONResponse({"id": "p", "outputs": {"a": {}}}),
    }
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert [(one.id, one.media_type) for one in reply.outputs] == [("a", "image/tiff")]


@pytest.mark.anyio
@pytest.mark.parametrize("relation", ["http://www.opengis.net/def/rel/ogc/1.0/results", "results"])
async def test_results_that_stand_elsewhere_are_found_by_the_link_of_the_status(relation: str) -> None:
    links = [{"rel": "self", "href": "."}, {"rel": relation, "href": "../store/7"}]
    answers: dict[str, Answer] = {
        "GET /jobs/j1": JSONResponse({"jobID": "j1", "processID": "p", "status": "successful", "links": links}),
        "GET /store/7": JSONResponse({"out": {"href": "8", "type": "text/csv"}}),
        "GET /store/8": PlainTextResponse("a,b", media_type="text/csv"),
    }
    async with client_of(answers) as (client, _):
        assert (await client.outputs.read("j1", "out")).value == b"a,b"


@pytest.mark.anyio
@pytest.mark.parametrize("href", ["j1/results", "/ogc/jobs/j1/results?f=json", "https://example.org/results", None])
async def test_results_that_are_nowhere_are_told_as_the_server_tells_it(href: str | None) -> None:
    links = [{"rel": "results", "href": href}] if href else []
    answers: dict[str, Answer] = {
        "GET /jobs/j1": JSONResponse({"jobID": "j1", "processID": "p", "status": "successful", "links": links}),
        "GET /jobs/j1/results": JSONResponse({"title": "not ready yet"}, 404),
    }
    async with client_of(answers) as (client, site):
        with pytest.raises(RemoteProblemError, match="not ready yet"):
            await client.outputs.of_job("j1")
        assert len(site.asked("GET", "/jobs/j1/results")) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("links", "outputs"),
    [
        (
            '<files/a.tif>; rel="b"; type="image/tiff", </ogc/files/c>; rel=a',
            {"b": "image/tiff", "a": "application/json"},
        ),
        ('<files/a.tif>; rel="item"; title="b"; type="image/tiff"', {"b": "image/tiff"}),
        ('<files/a.tif>; rel="item result"; type="image/tiff"', {"a": "image/tiff"}),
        ('</jobs/j1>; rel="monitor up", <files/a.tif>; type="image/tiff"; rel="item"', {"a": "image/tiff"}),
        (
            '<1>; rel="item", <2>; rel="item", <3>; rel="item"',
            dict.fromkeys(("a", "b", "result-3"), "application/json"),
        ),
        ('<a>; rel="up", </jobs/j1>; rel="monitor"', {}),
        ('<1>; rel="service-doc", <2>; rel="item"; title="b"', {"b": "application/json"}),
        ("", {}),
    ],
)
async def test_outputs_by_reference_are_found_in_the_header_of_an_answer_without_a_body(
    links: str, outputs: dict[str, str]
) -> None:
    answers: dict[str, Answer] = {
        "GET /jobs/j1/results": Response(status_code=204, headers={"Link": links} if links else {}),
        "GET /jobs/j1": JSONResponse({"jobID": "j1", "processID": "p", "status": "successful"}),
        "GET /processes/p": JSONResponse({"id": "p", "outputs": {"a": {}, "b": {}}}),
        "GET /jobs/j1/files/a.tif": Response(b"II*", media_type="image/tiff"),
    }
    async with client_of(answers) as (client, _):
        assert {one.id: one.media_type for one in await client.outputs.of_job("j1")} == outputs
        for name, media_type in outputs.items():
            if media_type == "image/tiff":
                assert (await client.outputs.read("j1", name)).value == b"II*"
