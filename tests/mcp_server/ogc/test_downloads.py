"""Values as bytes: from servers of every kind, piece by piece, bounded."""

import base64
import gzip
import hashlib
from typing import Any

import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from mcp_server.errors import (
    InvalidServerReplyError,
    NoSuchJobError,
    ReferenceRefusedError,
    RemoteProblemError,
    ServerUnreachableError,
)
from mcp_server.ogc.client import OgcClient
from tests.mcp_server.ogc.site import BASE, FINISHED, OURS, POINT, PYGEOAPI, Answer, client_of
from tests.mcp_server.ogc.test_exchange import response, served

pytestmark = pytest.mark.anyio

TIFF = b"II*\x00" + bytes(range(256)) * 8
DIGEST = base64.b64encode(hashlib.sha256(TIFF).digest()).decode()


def finished(document: dict[str, Any]) -> dict[str, Answer]:
    """A server without a way to ask for one output alone, with one job and its results."""
    described = {"id": "p", "outputs": {name: {} for name in document}}
    return {
        **PYGEOAPI,
        "GET /processes/p": JSONResponse(described),
        "GET /jobs/j1": JSONResponse(FINISHED),
        "GET /jobs/j1/results": JSONResponse(document),
    }


async def whole(client: OgcClient, output: str = "out", most: int = 2**20) -> tuple[str, int | None, str | None, bytes]:
    async with client.outputs.opened("j1", output, seconds=20, most=most) as download:
        content = b"".join([piece async for piece in download.pieces])
        return download.media_type, download.size, download.sha256, content


async def test_a_server_of_our_kind_is_asked_for_the_value_itself() -> None:
    headers = {"Repr-Digest": f"md5=:AAAA:, sha-256=:{DIGEST}:"}
    answer = Response(TIFF, media_type="image/tiff; application=geotiff", headers=headers)
    async with client_of({**OURS, "GET /jobs/j1/results/out": answer}) as (client, _):
        assert await whole(client) == ("image/tiff", len(TIFF), hashlib.sha256(TIFF).hexdigest(), TIFF)


async def test_a_value_may_be_larger_than_any_other_reply() -> None:
    large = bytes(2**21)
    async with client_of({**OURS, "GET /jobs/j1/results/out": Response(large)}) as (client, _):
        assert client.identity.name
        with pytest.raises(InvalidServerReplyError, match="larger than"):
            await client.outputs.read("j1", "out")
        assert (await whole(client, most=2**21))[3] == large
        with pytest.raises(InvalidServerReplyError, match="larger than 1048576 bytes"):
            await whole(client)


async def test_the_values_of_a_results_document_are_written_as_what_they_are() -> None:
    document = {
        "raster": {"value": base64.b64encode(TIFF).decode(), "encoding": "base64", "mediaType": "image/tiff"},
        "place": {"value": POINT, "mediaType": "application/geo+json"},
        "name": "Zürich",
    }
    async with client_of(finished(document)) as (client, _):
        assert await whole(client, "raster") == ("image/tiff", len(TIFF), None, TIFF)
        assert (await whole(client, "place"))[3] == b'{"type":"Point","coordinates":[1,2]}'
        assert (await whole(client, "name"))[3] == '"Zürich"'.encode()
        with pytest.raises(RemoteProblemError, match="no output 'none'; it has raster, place, name"):
            await whole(client, "none")


async def test_a_value_behind_a_link_is_read_at_its_server_and_nowhere_else() -> None:
    document = {
        "own": {"href": f"{BASE}/files/a.tif", "type": "image/tiff"},
        "moved": {"href": f"{BASE}/old/a.tif"},
        "other": {"href": "http://elsewhere.test/a.tif"},
        "led": {"href": f"{BASE}/away"},
    }
    answers = {
        **finished(document),
        "GET /files/a.tif": Response(TIFF),
        "GET /old/a.tif": RedirectResponse("/ogc/files/a.tif"),
        "GET /away": RedirectResponse("http://elsewhere.test/a.tif"),
    }
    async with client_of(answers) as (client, _):
        assert await whole(client, "own") == ("image/tiff", len(TIFF), None, TIFF)
        assert (await whole(client, "moved"))[3] == TIFF
        with pytest.raises(ReferenceRefusedError, match=r"elsewhere\.test"):
            await whole(client, "other")
        with pytest.raises(ReferenceRefusedError, match="redirects to another origin"):
            await whole(client, "led")


async def test_a_refusal_is_told_in_the_servers_words() -> None:
    async with client_of({**OURS, "GET /jobs/j1/results/out": JSONResponse({"title": "gone"}, 410)}) as (client, _):
        with pytest.raises(RemoteProblemError, match="gone"):
            await whole(client)
    problem = JSONResponse({"type": "…/no-such-job", "detail": "no such job"}, 404)
    async with client_of({**OURS, "GET /jobs/j1/results/out": problem}) as (client, _):
        with pytest.raises(NoSuchJobError):
            await whole(client)


async def test_a_compressed_body_is_undone_and_bounded_by_what_it_becomes() -> None:
    packed = gzip.compress(bytes(50_000))
    async with served(response(packed, content_encoding="gzip")) as (wire, exchange, _):
        async with exchange.opened(wire.url, headers={}, seconds=20, most=50_000) as answer:
            assert answer.length is None
            assert b"".join([piece async for piece in answer.pieces]) == bytes(50_000)
        with pytest.raises(InvalidServerReplyError, match="larger than 49999"):
            async with exchange.opened(wire.url, headers={}, seconds=20, most=49_999) as answer:
                assert [piece async for piece in answer.pieces]


async def test_a_body_that_breaks_off_is_told() -> None:
    cut = response(b"0123456789")[:-4]
    async with served(cut) as (wire, exchange, _):
        with pytest.raises(InvalidServerReplyError, match="broke off"):
            async with exchange.opened(wire.url, headers={}, seconds=20, most=100) as answer:
                assert [piece async for piece in answer.pieces]


async def test_a_body_that_does_not_end_is_not_waited_for() -> None:
    async def stall(stream) -> None:
        await stream.send(response(b"0123456789")[:-4])
        await stream.receive()

    async with served(stall) as (wire, exchange, _):
        with pytest.raises(ServerUnreachableError, match=r"did not send all within 0\.2 s"):
            async with exchange.opened(wire.url, headers={}, seconds=0.2, most=100) as answer:
                assert [piece async for piece in answer.pieces]


TEXTS = {
    "text/csv": "place,count\r\nKöln,3\r\n",
    "application/gml+xml": '<gml:pos xmlns:gml="http://www.opengis.net/gml/3.2">1 2</gml:pos>',
}


@pytest.mark.parametrize("kind", TEXTS)
async def test_a_text_that_was_sent_within_results_is_saved_and_read_as_that_text(kind: str) -> None:
    text = TEXTS[kind]
    async with client_of(finished({"out": {"value": text, "mediaType": kind}})) as (client, _):
        media_type, size, _, content = await whole(client)
        output = await client.outputs.read("j1", "out")
    assert (media_type, content, size) == (kind, text.encode(), len(text.encode()))
    assert (output.value, output.size) == (text, size)


async def test_a_text_that_is_json_is_saved_as_json() -> None:
    async with client_of(finished({"out": {"value": "Köln", "mediaType": "application/json"}, "bare": "a"})) as (
        client,
        _,
    ):
        assert (await whole(client))[3] == '"Köln"'.encode()
        assert (await whole(client, "bare"))[3] == b'"a"'


async def test_a_linked_value_is_of_the_kind_that_its_link_tells_where_it_does_not_tell_itself() -> None:
    linked = {"out": {"href": f"{BASE}/files/x", "type": "application/json"}}
    async with client_of({**finished(linked), "GET /files/x": Response(b'"K\xc3\xb6ln"')}) as (client, _):
        output = await client.outputs.read("j1", "out")
        assert (output.value, output.media_type) == ("Köln", "application/json")
        assert (await whole(client))[0] == "application/json"
