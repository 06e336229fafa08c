"""Credentials reach the server that they are for, and nobody else: two real servers, and one leads to the other."""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from mcp_server.errors import BridgeError, ReferenceRefusedError, RemoteProblemError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.connecting import open_http
from mcp_server.ogc.exchange import Exchange
from mcp_server.ogc.models import Accepted
from mcp_server.servers import ServerSettings
from tests.serving import served

pytestmark = pytest.mark.anyio

TOKEN, KEY, TENANT = "t0ken-of-ours", "k3y-of-ours", "ten4nt-of-ours"
SECRETS = (TOKEN, KEY, TENANT)
FINISHED = {"jobID": "j1", "processID": "p", "status": "successful"}

type Answer = Callable[["Site", Request], Response]


@dataclass
class Site:
    """A server that remembers what reached it."""

    answers: dict[str, Answer]
    """By `METHOD path`; anything else is an empty object."""
    elsewhere: str = ""
    """URL of the server to which it leads."""
    url: str = ""
    requests: list[Request] = field(default_factory=list)

    def app(self, url: str) -> Starlette:
        self.url = url
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST", "DELETE"])])

    async def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self.answers.get(f"{request.method} {request.url.path}")
        return JSONResponse({}) if answer is None else answer(self, request)


@contextmanager
def two_sites(answers: dict[str, Answer]) -> Iterator[tuple[Site, Site]]:
    """A server, and one at another origin."""
    own, other = Site(answers), Site({})
    with served(other.app) as elsewhere, served(own.app):
        own.elsewhere = elsewhere
        yield own, other


@asynccontextmanager
async def client_of(site: Site, **settings: Any) -> AsyncIterator[OgcClient]:
    access = ServerSettings(url=site.url, **settings)
    async with open_http() as http:
        with anyio.fail_after(40):
            yield OgcClient("city", access.url, http, embedded=False, max_reply_bytes=2**20, access=access)


ALL = {"bearer": TOKEN, "api_key": KEY, "headers": {"X-Tenant": TENANT}}


def credentials(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if any(secret in value for secret in SECRETS)}


def redirected(site: Site, request: Request) -> Response:
    return RedirectResponse(f"{site.elsewhere}{request.url.path}")


def with_next_page(site: Site, _: Request) -> Response:
    links = [{"rel": "next", "href": f"{site.elsewhere}/processes?offset=1"}]
    return JSONResponse({"processes": [{"id": "p"}], "links": links})


def with_link_as_result(site: Site, _: Request) -> Response:
    return JSONResponse({"out": {"href": f"{site.elsewhere}/out.json", "type": "application/json"}})


def with_job_elsewhere(site: Site, _: Request) -> Response:
    return Response(status_code=201, headers={"Location": f"{site.elsewhere}/jobs/j1"})


def at_home_elsewhere(site: Site, _: Request) -> Response:
    return JSONResponse({"links": [{"rel": "self", "href": site.elsewhere}]})


async def processes(client: OgcClient) -> None:
    await client.processes()


async def refused_processes(client: OgcClient) -> None:
    with pytest.raises(ReferenceRefusedError, match="redirects to another origin"):
        await client.processes()


async def refused_result(client: OgcClient) -> None:
    with pytest.raises(ReferenceRefusedError, match="keeps this output at"):
        await client.outputs.read("j1", "out")


async def redirected_execution(client: OgcClient) -> None:
    with pytest.raises(BridgeError, match="redirects"):
        await client.execute("p", {}, prefer=None)


async def execution(client: OgcClient) -> None:
    reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Accepted)
    assert reply.status.status == "successful"


WAYS: dict[str, tuple[dict[str, Answer], Callable[[OgcClient], Awaitable[None]]]] = {
    "redirect": ({"GET /processes": redirected}, refused_processes),
    "redirect of an execution": ({"POST /processes/p/execution": redirected}, redirected_execution),
    "next page": ({"GET /processes": with_next_page}, processes),
    "result by reference": ({"GET /jobs/j1/results": with_link_as_result}, refused_result),
    "job in Location": (
        {"POST /processes/p/execution": with_job_elsewhere, "GET /jobs/j1": lambda *_: JSONResponse(FINISHED)},
        execution,
    ),
    "landing page of another origin": ({"GET /": at_home_elsewhere, "GET /processes": with_next_page}, processes),
}


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_leads_to_another_origin(way: str, caplog: pytest.LogCaptureFixture) -> None:
    answers, ask = WAYS[way]
    with two_sites(answers) as (own, other), caplog.at_level(logging.DEBUG):
        async with client_of(own, **ALL) as client:
            await ask(client)
        assert other.requests == []
        assert len(own.requests) > 1
        for request in own.requests:
            assert credentials(request) == {
                "authorization": f"Bearer {TOKEN}",
                "x-api-key": KEY,
                "x-tenant": TENANT,
            }
    assert "answered 200" in caplog.text
    assert not any(secret in caplog.text for secret in SECRETS)


async def test_a_request_to_another_origin_would_carry_no_credentials() -> None:
    with two_sites({}) as (own, other):
        async with open_http() as http:
            access = ServerSettings(url=own.url, **ALL)
            exchange = Exchange("city", http, max_reply_bytes=2**20, access=access)
            for url in (own.url, other.url):
                await exchange.repeatable("GET", url, headers={})
                await exchange.once(url, headers={}, content=b"{}", seconds=5)
        assert [bool(credentials(request)) for request in own.requests] == [True, True]
        assert [credentials(request) for request in other.requests] == [{}, {}]


async def test_a_user_in_a_link_is_not_sent_in_place_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    def with_user(site: Site, request: Request) -> Response:
        links = [{"rel": "next", "href": f"{site.url.replace('://', '://evil:link@')}/more"}]
        return JSONResponse({"processes": [{"id": "p"}], "links": links})

    answers: dict[str, Answer] = {"GET /processes": with_user, "GET /more": lambda *_: JSONResponse({"processes": []})}
    with two_sites(answers) as (own, _), caplog.at_level(logging.DEBUG):
        for settings in (ALL, {}):
            async with client_of(own, **settings) as client:
                await client.processes()
        sent = [request.headers.get("authorization") for request in own.requests if request.url.path == "/more"]
    assert sent == [f"Bearer {TOKEN}", None]
    assert "evil:" not in caplog.text


def saying(status: int, document: Any) -> Answer:
    return lambda *_: JSONResponse(document, status)


@pytest.mark.parametrize(
    ("status", "settings", "hint"),
    [
        (401, {}, "whoever runs this bridge can set bearer, basic or api_key for server 'city'"),
        (403, {}, "whoever runs this bridge can set bearer, basic or api_key for server 'city'"),
        (401, {"bearer": TOKEN}, "it does not accept the bearer that is set for it"),
        (403, {"basic": f"user:{TOKEN}"}, "it does not accept the basic that is set for it"),
    ],
)
async def test_a_refusal_is_told_with_the_way_out(status: int, settings: dict[str, Any], hint: str) -> None:
    answer = saying(status, {"title": "No", "detail": "Members only."})
    with two_sites({"GET /processes": answer, "POST /processes/p/execution": answer}) as (own, _):
        async with client_of(own, **settings) as client:
            for ask in (client.processes, lambda: client.execute("p", {}, prefer=None)):
                with pytest.raises(RemoteProblemError) as caught:
                    await ask()
                message = f"server 'city' refuses access: Members only. (HTTP status {status}); {hint}"
                assert str(caught.value).startswith(message)
                assert caught.value.status == status


@pytest.mark.parametrize("status", [400, 401, 403, 500])
async def test_credentials_that_a_server_repeats_in_an_error_are_not_passed_on(status: int) -> None:
    def repeated(_: Site, request: Request) -> Response:
        return JSONResponse({"detail": f"bad headers: {json.dumps(dict(request.headers))}"}, status)

    with two_sites({"GET /processes": repeated}) as (own, _):
        async with client_of(own, basic=f"user:{TOKEN}", api_key=KEY) as client:
            with pytest.raises(RemoteProblemError) as caught:
                await client.processes()
    told = str(caught.value)
    assert "bad headers" in told
    assert "***" in told
    assert not any(secret in told for secret in (TOKEN, KEY, "dXNlcjp"))


async def test_a_refusal_without_words_is_told_by_its_status() -> None:
    for wordless in (PlainTextResponse("<html>", 401), JSONResponse({}, 401)):
        with two_sites({"GET /processes": lambda *_, answer=wordless: answer}) as (own, _):
            async with client_of(own) as client:
                with pytest.raises(RemoteProblemError, match="refuses access: HTTP status 401; whoever"):
                    await client.processes()
