"""What a server says of itself and its processes, as the client reads it."""

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from mcp_server.errors import (
    InvalidServerReplyError,
    RemoteProblemError,
)
from tests.mcp_server.ogc.site import BASE, OURS, Answer, client_of

pytestmark = pytest.mark.anyio


async def test_our_backend_is_known_by_its_conformance_class() -> None:
    async with client_of(OURS) as (client, site):
        assert (await client.connect()).dialect == "ogc-processes-mcp"
        await client.connect()
        assert len(site.requests) == 2, "asked once only"


async def test_a_server_without_landing_page_or_conformance_is_used_all_the_same() -> None:
    bare: dict[str, Answer] = {"GET /": HTMLResponse("<html>"), "GET /conformance": PlainTextResponse("no", 404)}
    async with client_of(bare | {"GET /processes": JSONResponse({"processes": [{"id": "a"}]})}) as (client, _):
        assert [process.id for process in await client.processes()] == ["a"]
        assert client.identity.dialect == "unknown"


async def test_a_server_that_insists_on_html_is_asked_for_json() -> None:
    def landing(request: Request) -> Response:
        wants = request.query_params.get("f") == "json"
        return JSONResponse({}, headers={"X-Powered-By": "pygeoapi 1"}) if wants else HTMLResponse("<html>")

    async with client_of({"GET /": landing}) as (client, _):
        assert (await client.connect()).dialect == "pygeoapi"


async def test_every_page_of_the_process_list_is_read() -> None:
    def listed(request: Request) -> Response:
        page = int(request.query_params.get("page", "0"))
        following = [{"rel": "next", "href": f"{BASE}/processes?page={page + 1}"}] if page < 2 else []
        return JSONResponse({"processes": [{"id": f"p{page}"}, {"id": "shared"}], "links": following})

    async with client_of({"GET /processes": listed}) as (client, _):
        assert [process.id for process in await client.processes()] == ["p0", "shared", "p1", "p2"]


async def test_a_list_that_refuses_the_limit_is_asked_without_it() -> None:
    def listed(request: Request) -> Response:
        if "limit" in request.query_params:
            return JSONResponse({"code": "InvalidParameterValue", "description": "Limit of 10 exceeded"}, 400)
        return JSONResponse({"processes": [{"id": "a"}]})

    async with client_of({"GET /processes": listed}) as (client, _):
        assert [process.id for process in await client.processes()] == ["a"]


async def test_a_next_link_to_another_origin_is_not_followed() -> None:
    elsewhere = [{"rel": "next", "href": "http://elsewhere.test/processes"}]
    listed = JSONResponse({"processes": [{"id": "a"}], "links": elsewhere})
    async with client_of({"GET /processes": listed}) as (client, site):
        assert [process.id for process in await client.processes()] == ["a"]
        assert {request.url.hostname for request in site.requests} == {"remote.test"}


async def test_links_under_the_servers_own_url_are_read_at_the_configured_one() -> None:
    landing = JSONResponse({"links": [{"rel": "self", "href": "https://public.test/api/?f=json"}]})

    def listed(request: Request) -> Response:
        if "page" in request.query_params:
            return JSONResponse({"processes": [{"id": "b"}]})
        following = {"rel": "next", "href": "https://public.test/api/processes?page=2"}
        return JSONResponse({"processes": [{"id": "a"}], "links": [following]})

    async with client_of({"GET /": landing, "GET /processes": listed}) as (client, _):
        assert [process.id for process in await client.processes()] == ["a", "b"]
        assert client.reference("j 1", "out/put") == "https://public.test/api/jobs/j%201/results/out%2Fput"


async def test_html_in_place_of_a_list_is_an_invalid_reply() -> None:
    async with client_of({"GET /processes": HTMLResponse("<html>")}) as (client, _):
        with pytest.raises(InvalidServerReplyError, match=r"/ogc/processes with an HTML page"):
            await client.processes()


@pytest.mark.parametrize("body", ["{", "[1, 2", '{"processes": 3}', "null", '"text"', "[" * 100_000, "\udce4"])
async def test_what_is_no_process_list_is_an_invalid_reply(body: str) -> None:
    raw = body.encode(errors="surrogateescape")
    async with client_of({"GET /processes": Response(raw, media_type="application/json")}) as (client, _):
        with pytest.raises(InvalidServerReplyError):
            await client.processes()


async def test_ids_are_quoted_in_paths() -> None:
    answers: dict[str, Answer] = {"GET /processes/a%2Fb%3Fc": JSONResponse({"id": "a/b?c"})}
    async with client_of(answers) as (client, _):
        assert (await client.describe("a/b?c")).raw == {"id": "a/b?c"}


async def test_an_id_of_dots_does_not_climb() -> None:
    async with client_of({}) as (client, site):
        with pytest.raises(RemoteProblemError):
            await client.describe("..")
        assert site.requests[-1].scope["raw_path"].startswith(b"/ogc/processes/%2E%2E")
