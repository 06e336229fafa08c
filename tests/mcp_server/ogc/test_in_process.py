"""An application in this process, asked as any server is."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from mcp_server.errors import InvalidServerReplyError
from mcp_server.ogc.exchange import Exchange
from mcp_server.ogc.in_process import Application, InProcessTransport

pytestmark = pytest.mark.anyio

URL = "http://inside.test/path%2Fwith?x=1"


def application(endpoint: Callable[[Request], Awaitable[Response]]) -> Application:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    return answer


async def ask(endpoint: Callable[[Request], Awaitable[Response]], **request: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=InProcessTransport(application(endpoint))) as http:
        with anyio.fail_after(40):
            return await http.request(request.pop("method", "GET"), URL, **request)


async def test_a_request_arrives_as_it_was_sent() -> None:
    async def echo(request: Request) -> Response:
        scope = {"method": request.method, "query": request.url.query, "raw": request.scope["raw_path"].decode()}
        return JSONResponse({**scope, "own": request.headers["x-own"], "body": (await request.body()).decode()})

    told = (await ask(echo, method="POST", content=b"abc", headers={"X-Own": "yes"})).json()
    assert told == {"method": "POST", "query": "x=1", "raw": "/path%2Fwith", "own": "yes", "body": "abc"}


async def test_status_headers_and_body_come_back() -> None:
    async def answer(_: Request) -> Response:
        return Response(b"gone", status_code=410, headers={"ETag": '"1"'})

    reply = await ask(answer)
    assert (reply.status_code, reply.headers["etag"], reply.content) == (410, '"1"', b"gone")


async def test_a_large_reply_is_cut_off_before_the_application_has_made_it() -> None:
    made = 0
    ended = anyio.Event()

    async def endless(_scope: Any, _receive: Any, send: Any) -> None:
        nonlocal made
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                made += 1000
                await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
        finally:
            ended.set()

    async with InProcessTransport(endless) as http:
        exchange = Exchange("inside", http, max_reply_bytes=10_000)
        with anyio.fail_after(40), pytest.raises(InvalidServerReplyError, match="larger than 10000 bytes"):
            await exchange.repeatable("GET", URL, headers={}, seconds=30)
        assert ended.is_set()
    assert made <= 12_000


async def test_a_reply_in_many_parts_is_whole() -> None:
    async def counting(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for number in range(100):
                yield b"%d " % number

        return StreamingResponse(parts())

    assert (await ask(counting)).text.split() == [str(number) for number in range(100)]


async def test_a_cancelled_request_cancels_the_application_and_waits_for_its_end() -> None:
    told: list[str] = []
    scope = anyio.CancelScope()

    async def slow(_: Request) -> Response:
        try:
            scope.cancel()
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
                told.append("cleaned up")
        raise AssertionError

    async with httpx.AsyncClient(transport=InProcessTransport(application(slow))) as http:
        with anyio.fail_after(40), scope:
            await http.get(URL)
    assert scope.cancelled_caught
    assert told == ["cleaned up"]


async def test_an_application_sees_that_its_client_has_gone() -> None:
    seen = anyio.Event()

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all"})
        assert (await receive())["type"] == "http.disconnect"
        seen.set()

    async with httpx.AsyncClient(transport=InProcessTransport(watching)) as http:
        assert (await http.get(URL)).content == b"all"
        with anyio.fail_after(40):
            await seen.wait()


async def test_an_answer_that_is_there_is_not_lost_to_a_cancellation() -> None:
    scope = anyio.CancelScope()

    async def answer(request: Request) -> Response:
        scope.cancel()
        return JSONResponse({"jobID": "j1"})

    replies: list[httpx.Response] = []
    transport = InProcessTransport(application(answer))
    with anyio.fail_after(40), scope:
        replies.append(await transport.handle_async_request(httpx.Request("GET", URL)))
        await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert [reply.status_code for reply in replies] == [200]


async def test_an_application_that_fails_breaks_its_reply_off(caplog: pytest.LogCaptureFixture) -> None:
    async def faulty(_: Request) -> Response:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR), pytest.raises(httpx.RemoteProtocolError, match="without an answer"):
        await ask(faulty)
    assert "ZeroDivisionError" in caplog.text


async def test_a_body_that_breaks_off_is_no_whole_body() -> None:
    async def broken(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})

    async with httpx.AsyncClient(transport=InProcessTransport(broken)) as http:
        with anyio.fail_after(40), pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await http.get(URL)


async def test_what_still_runs_ends_with_the_transport() -> None:
    ended = anyio.Event()

    async def lingering(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all"})
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    async with httpx.AsyncClient(transport=InProcessTransport(lingering)) as http:
        assert (await http.get(URL)).content == b"all"
    assert ended.is_set()
