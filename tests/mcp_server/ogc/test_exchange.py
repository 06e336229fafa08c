"""One HTTP exchange against servers that misbehave on the wire."""

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.abc
import anyio.lowlevel
import pytest

from mcp_server.errors import (
    BridgeError,
    InvalidServerReplyError,
    OutcomeUnknownError,
    ReferenceRefusedError,
    ServerUnreachableError,
)
from mcp_server.ogc.connecting import open_http
from mcp_server.ogc.exchange import Exchange
from mcp_server.ogc.origins import same_origin
from mcp_server.ogc.reply import Reply, retry_seconds

pytestmark = pytest.mark.anyio

type Answer = Callable[[anyio.abc.SocketStream], Awaitable[None]]

LIMIT = 10_000
PATIENCE = 30
"""Seconds for an answer that is there at once: they pass only where it is not."""


class Wire:
    """A server on loopback that answers its n-th connection with the n-th answer, the last one for ever after."""

    def __init__(self, *answers: bytes | Answer) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.url = ""

    async def serve(self, stream: anyio.abc.SocketStream) -> None:
        async with stream:
            self.requests.append(await stream.receive())
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            if isinstance(answer, bytes):
                await stream.send(answer)
            else:
                await answer(stream)


@asynccontextmanager
async def served(*answers: bytes | Answer) -> AsyncIterator[tuple[Wire, Exchange, list[float]]]:
    wire, pauses = Wire(*answers), list[float]()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port: int = listener.listeners[0].extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no Django here
    wire.url = f"http://127.0.0.1:{port}"
    async with listener, anyio.create_task_group() as group, open_http() as http:
        group.start_soon(listener.serve, wire.serve)
        with anyio.fail_after(2 * PATIENCE):
            yield wire, Exchange("remote", http, max_reply_bytes=LIMIT, pause=pause), pauses
        group.cancel_scope.cancel()


def response(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    named = {"content-length": str(len(body)), "connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


async def get(exchange: Exchange, url: str, method: str = "GET", seconds: float = PATIENCE) -> Reply:
    return await exchange.repeatable(method, url, headers={}, seconds=seconds)


async def post(exchange: Exchange, url: str, seconds: float = PATIENCE) -> Reply:
    return await exchange.once(url, headers={}, content=b"{}", seconds=seconds)


async def test_an_answer_is_read_whole() -> None:
    async with served(response(b"[1]", content_type="Application/JSON; charset=utf-8")) as (wire, exchange, _):
        reply = await get(exchange, wire.url + "/a?b=c")
        assert (reply.status, reply.body, reply.media_type) == (200, b"[1]", "application/json")
        assert wire.requests[0].startswith(b"GET /a?b=c HTTP/1.1")
        assert b"accept-encoding: identity" in wire.requests[0].lower()


async def test_parameters_come_on_top_of_those_of_the_url() -> None:
    async with served(response()) as (wire, exchange, _):
        await exchange.repeatable("GET", f"{wire.url}/a?offset=10", headers={}, seconds=PATIENCE, params={"f": "json"})
        assert b"GET /a?offset=10&f=json " in wire.requests[0]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_may_be_repeated_is_tried_again_after_a_passing_fault(method: str) -> None:
    async with served(response(status="503 Busy"), response(status="502 Bad"), response(b"ok")) as (wire, exchange, _):
        assert (await get(exchange, wire.url, method)).body == b"ok"
        assert len(wire.requests) == 3


async def test_a_lasting_fault_is_answered_after_three_tries() -> None:
    async with served(response(status="503 Busy")) as (wire, exchange, _):
        assert (await get(exchange, wire.url)).status == 503
        assert len(wire.requests) == 3


async def test_an_error_that_does_not_pass_is_not_tried_again() -> None:
    async with served(response(status="500 Broken"), response()) as (wire, exchange, _):
        assert (await get(exchange, wire.url)).status == 500
        assert len(wire.requests) == 1


async def test_retry_after_is_honoured() -> None:
    async with served(response(status="429 Slow down", retry_after="7"), response(b"ok")) as (wire, exchange, pauses):
        assert (await get(exchange, wire.url)).body == b"ok"
        assert pauses == [7.0]


async def test_without_retry_after_each_pause_is_twice_the_one_before() -> None:
    async with served(response(status="503 Busy")) as (wire, exchange, pauses):
        await get(exchange, wire.url)
        first, second = pauses
        assert second == pytest.approx(2 * first)
        assert 0 < first < 1


async def test_a_retry_after_beyond_patience_is_handed_back() -> None:
    async with served(response(status="429 Slow down", retry_after="3600")) as (wire, exchange, pauses):
        reply = await get(exchange, wire.url)
        assert (reply.status, reply.retry_after, pauses) == (429, 3600.0, [])


async def test_a_retry_after_beyond_the_deadline_is_handed_back_rather_than_waited_for() -> None:
    async with served(response(status="429 Slow down", retry_after="9")) as (wire, exchange, pauses):
        reply = await get(exchange, wire.url, seconds=8)
        assert (reply.status, reply.retry_after, pauses) == (429, 9.0, [])


@pytest.mark.parametrize("status", ["206 Partial Content", "304 Not Modified"])
async def test_what_was_not_asked_for_is_no_answer(status: str) -> None:
    async with served(response(b"", status)) as (wire, exchange, _):
        with pytest.raises(InvalidServerReplyError, match=status[:3]):
            await get(exchange, wire.url)


async def test_unchanged_is_an_answer_to_who_asks_whether_something_changed() -> None:
    async with served(response(b"", "304 Not Modified")) as (wire, exchange, _):
        reply = await exchange.repeatable("GET", wire.url, headers={"If-None-Match": '"1"'}, seconds=PATIENCE)
        assert reply.status == 304


async def test_a_user_in_a_link_is_neither_sent_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with served(response(status="503 Busy"), response(b"ok")) as (wire, exchange, _):
        await get(exchange, wire.url.replace("//", "//user:S3CRET@"))
        assert not [request for request in wire.requests if b"authorization" in request.lower()]
    assert "tried again" in caplog.text
    assert "S3CRET" not in caplog.text


async def test_a_post_is_never_repeated() -> None:
    async with served(response(status="503 Busy"), response()) as (wire, exchange, _):
        assert (await post(exchange, wire.url)).status == 503
        assert len(wire.requests) == 1


async def broken_off(stream: anyio.abc.SocketStream) -> None:
    await stream.send(b'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"trunc')


async def silence(_: anyio.abc.SocketStream) -> None:
    await anyio.sleep_forever()


async def endless(stream: anyio.abc.SocketStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    try:
        while True:
            await stream.send(b"[" * 4096)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return


async def drip(stream: anyio.abc.SocketStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    try:
        while True:
            await stream.send(b" ")
            await anyio.sleep(0.02)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return


async def test_a_truncated_answer_is_no_answer() -> None:
    async with served(broken_off) as (wire, exchange, _):
        with pytest.raises(InvalidServerReplyError, match="broke off"):
            await get(exchange, wire.url)
        assert len(wire.requests) == 3


@pytest.mark.parametrize("answer", [broken_off, silence, drip], ids=lambda answer: answer.__name__)
async def test_the_outcome_of_a_post_without_answer_is_unknown(answer: Answer) -> None:
    for seconds in (0.3, 3, PATIENCE):
        async with served(answer) as (wire, exchange, _):
            with pytest.raises(OutcomeUnknownError, match="list_jobs"):
                await post(exchange, wire.url, seconds=seconds)
        if wire.requests:  # or the time was over before anything was sent, on a busy machine
            break
    assert len(wire.requests) == 1


@pytest.mark.parametrize("answer", [silence, drip], ids=lambda answer: answer.__name__)
async def test_a_deadline_holds_however_slowly_bytes_come(answer: Answer) -> None:
    async with served(answer) as (wire, exchange, _):
        with pytest.raises(ServerUnreachableError, match=r"within 0\.3 s"):
            await get(exchange, wire.url, seconds=0.3)


@pytest.mark.parametrize("send", [get, post], ids=lambda send: send.__name__)
async def test_an_endless_body_is_cut_at_the_size_limit(send: Callable[[Exchange, str], Awaitable[Reply]]) -> None:
    async with served(endless) as (wire, exchange, _):
        with pytest.raises(InvalidServerReplyError, match="larger than 10000 bytes"):
            await send(exchange, wire.url)


async def test_a_compressed_body_is_measured_after_decoding() -> None:
    bomb = response(gzip.compress(b" " * 50_000_000), content_encoding="gzip")
    async with served(bomb) as (wire, exchange, _):
        assert len(bomb) < 60_000
        with pytest.raises(InvalidServerReplyError, match="larger than"):
            await get(exchange, wire.url)


async def test_a_server_that_compresses_unasked_is_understood() -> None:
    async with served(response(gzip.compress(b"[1]"), content_encoding="gzip")) as (wire, exchange, _):
        assert (await get(exchange, wire.url)).body == b"[1]"


@pytest.mark.parametrize("piece", [1, 7, 10_000])
async def test_a_compressed_body_of_several_members_is_read_to_its_end(piece: int) -> None:
    body = gzip.compress(b"[1, ") + gzip.compress(b"") + gzip.compress(b"2]")
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"

    async def slowly(stream: anyio.abc.SocketStream) -> None:
        await stream.send(head.encode())
        for start in range(0, len(body), piece):
            await stream.send(body[start : start + piece])
            await anyio.lowlevel.checkpoint()

    async with served(slowly) as (wire, exchange, _):
        assert (await get(exchange, wire.url)).body == b"[1, 2]"


@pytest.mark.parametrize(
    "tail",
    [b"more", gzip.compress(b"2]")[:-3]],
    ids=["no member", "half a member"],
)
async def test_what_follows_a_compressed_body_and_is_no_whole_member_is_refused(tail: bytes) -> None:
    async with served(response(gzip.compress(b"[1, ") + tail, content_encoding="gzip")) as (wire, exchange, _):
        with pytest.raises(InvalidServerReplyError, match="damaged"):
            await get(exchange, wire.url)


async def test_a_compressed_body_of_members_without_number_is_refused() -> None:
    body = gzip.compress(b"") * 20_000
    async with served(response(body, content_encoding="gzip")) as (wire, _, __), open_http() as http:
        with pytest.raises(InvalidServerReplyError, match="damaged"):
            await get(Exchange("remote", http, max_reply_bytes=2**20), wire.url)


async def test_members_of_a_compressed_body_are_measured_together() -> None:
    many = gzip.compress(b" " * (LIMIT // 3)) * 4
    async with served(response(many, content_encoding="gzip")) as (wire, exchange, _):
        with pytest.raises(InvalidServerReplyError, match="larger than"):
            await get(exchange, wire.url)


async def test_a_damaged_compressed_body_is_refused() -> None:
    async with served(response(b"no gzip", content_encoding="gzip")) as (wire, exchange, _):
        with pytest.raises(InvalidServerReplyError, match="damaged"):
            await get(exchange, wire.url)


async def test_an_unknown_content_coding_is_refused() -> None:
    async with served(response(b"?", content_encoding="br")) as (wire, exchange, _):
        with pytest.raises(InvalidServerReplyError, match="content coding 'br'"):
            await get(exchange, wire.url)


async def test_a_redirect_within_the_origin_is_followed() -> None:
    async with served(response(status="307 Moved", location="/there?x=1"), response(b"ok")) as (wire, exchange, _):
        assert (await get(exchange, wire.url + "/here")).body == b"ok"
        assert wire.requests[1].startswith(b"GET /there?x=1 ")


async def test_a_redirect_to_another_origin_is_refused() -> None:
    async with served(response(status="302 Moved", location="http://169.254.169.254/secret")) as (wire, exchange, _):
        with pytest.raises(ReferenceRefusedError, match=r"169\.254\.169\.254"):
            await get(exchange, wire.url)
        assert len(wire.requests) == 1


async def test_redirects_in_circles_end() -> None:
    async with served(response(status="302 Moved", location="/")) as (wire, exchange, _):
        with pytest.raises(InvalidServerReplyError, match="circles"):
            await get(exchange, wire.url)
        assert len(wire.requests) == 4


async def test_a_redirected_post_is_not_sent_again() -> None:
    async with served(response(status="307 Moved", location="/there")) as (wire, exchange, _):
        assert (await post(exchange, wire.url)).status == 307
        assert len(wire.requests) == 1


@pytest.mark.parametrize("send", [get, post], ids=lambda send: send.__name__)
async def test_a_server_that_is_not_there_is_unreachable(
    send: Callable[[Exchange, str], Awaitable[Reply]], free_tcp_port: int
) -> None:
    async with served(response()) as (_, exchange, _):
        with pytest.raises(ServerUnreachableError, match="'remote' cannot be reached"):
            await send(exchange, f"http://127.0.0.1:{free_tcp_port}/")


async def test_no_foreign_exception_leaks() -> None:
    async def garbage(stream: anyio.abc.SocketStream) -> None:
        await stream.send(b"\x16\x03\x01 this is not HTTP\r\n\r\n")

    async with served(garbage) as (wire, exchange, _):
        for send in (get, post):
            with pytest.raises(BridgeError):
                await send(exchange, wire.url)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("3", 3.0), ("soon", None), ("-1", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_seconds(header) == seconds


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a.org/x", "http://a.org:80/y", True),
        ("https://a.org/x", "https://a.org:443", True),
        ("http://a.org", "https://a.org", False),
        ("http://a.org", "http://a.org:8080", False),
        ("http://a.org", "http://a.org.evil.org", False),
        ("http://a.org", "http://a.org@evil.org", False),
        ("http://a.org", "http://[", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same
