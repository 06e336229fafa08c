"""HTTP as the servers speak it, byte by byte."""

import json
import socket
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from mcp_server.cli.http_protocol import MAX_HEAD_BYTES
from tests.serving import served

PATIENCE = 30
HELLO = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Echo:
    """Tells what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.asked.append(scope["path"])
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        told = json.dumps([scope["method"], scope["path"], len(scope["headers"]), len(body)]).encode()
        head = [(b"content-length", str(len(told)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": told})


@pytest.fixture(scope="module")
def echo() -> Echo:
    return Echo()


@pytest.fixture(scope="module")
def port(echo: Echo) -> Iterator[int]:
    with served(lambda _url: echo) as url:
        yield int(url.rpartition(":")[2])


@contextmanager
def connected(port: int) -> Generator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        yield connection


def exchanged(port: int, *parts: bytes) -> bytes:
    """All that a connection is answered which sends this, until the server closes it: before all is sent, it may be."""
    with connected(port) as connection:
        answered = b""
        with suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
        with suppress(ConnectionError):
            while part := connection.recv(2**16):
                answered += part
        return answered


def answered(port: int, *parts: bytes) -> list[Any]:
    """What the application told of each of some requests on one connection, the last of which ends it."""
    told = exchanged(port, *parts)
    return [json.loads(part.partition(b"\r\n\r\n")[2]) for part in told.split(b"HTTP/1.1 200 OK\r\n")[1:]]


def with_body(length: int, *more: bytes) -> bytes:
    lines = [b"POST /body HTTP/1.1", b"Host: localhost", b"Content-Length: %d" % length, *more]
    return b"\r\n".join(lines) + b"\r\n\r\n" + b"x" * length


END = b"GET /end HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_requests_one_after_the_other_on_one_connection_are_answered_in_their_order(port: int) -> None:
    assert answered(port, HELLO, with_body(3), HELLO, END) == [
        ["GET", "/hello", 1, 0],
        ["POST", "/body", 2, 3],
        ["GET", "/hello", 1, 0],
        ["GET", "/end", 2, 0],
    ]


def test_a_long_body_is_no_long_head_nor_is_what_follows_it(port: int) -> None:
    length = 16 * MAX_HEAD_BYTES
    assert answered(port, with_body(length) + HELLO[:10], HELLO[10:], END)[:2] == [
        ["POST", "/body", 2, length],
        ["GET", "/hello", 1, 0],
    ]


def test_many_heads_on_one_connection_may_be_longer_together(port: int) -> None:
    long = b"GET /long HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * (MAX_HEAD_BYTES // 2) + b"\r\n\r\n"
    assert len(answered(port, *[long[:100], long[100:]] * 6, END)) == 7


TOO_LONG = {
    "one header": b"Host: localhost\r\nX-Long: " + b"x" * MAX_HEAD_BYTES,
    "many headers": b"Host: localhost\r\n" + b"\r\n".join(b"X-%d: y" % number for number in range(9000)),
}


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\r\nX-More: y"], ids=["complete", "cut"])
@pytest.mark.parametrize("head", TOO_LONG.values(), ids=TOO_LONG)
def test_a_head_that_is_too_long_is_refused_before_the_application_sees_it(
    port: int, echo: Echo, head: bytes, end: bytes
) -> None:
    before = len(echo.asked)
    assert b" 200 " not in exchanged(port, b"GET /long HTTP/1.1\r\n" + head + end)
    assert len(echo.asked) == before


@pytest.mark.parametrize(
    "begin", [b"GET /", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Endless: "], ids=["URL", "header"]
)
def test_a_head_without_end_is_broken_off(port: int, begin: bytes) -> None:
    with connected(port) as connection, pytest.raises(ConnectionError):
        send_much(connection, begin)


def send_much(connection: socket.socket, begin: bytes, more: bytes = b"x") -> None:
    connection.sendall(begin)
    for _ in range(2**14):
        connection.sendall(more * (4096 // len(more)))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: elsewhere\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\nHost: localhost\n\n",
        b"GET /\xe4 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["no host", "two hosts", "two lengths", "length and chunks", "space", "bare line feeds", "raw path", "TLS"],
)
def test_what_is_no_clear_http_is_refused_and_its_connection_closed(
    port: int, echo: Echo, request_bytes: bytes
) -> None:
    before = len(echo.asked)
    assert exchanged(port, request_bytes, HELLO).startswith(b"HTTP/1.1 400 ")
    assert len(echo.asked) == before


def test_http_1_0_needs_no_host(port: int) -> None:
    assert answered(port, b"GET /old HTTP/1.0\r\n\r\n") == [["GET", "/old", 0, 0]]


CHUNKED = b"POST /chunked HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "more"),
    [(b"3\r\nxyz\r\n0\r\nX-Endless: ", b"x"), (b"3\r\nxyz\r\n0\r\n", b"X: y\r\n"), (b"3;endless=", b"x")],
    ids=["trailer", "trailers", "chunk's extension"],
)
def test_what_is_neither_head_nor_body_is_broken_off_where_it_has_no_end(port: int, begin: bytes, more: bytes) -> None:
    with connected(port) as connection, pytest.raises(ConnectionError):
        send_much(connection, CHUNKED + begin, more)


def test_trailers_are_no_headers(port: int) -> None:
    chunks = b"3\r\nxyz\r\n0\r\nOrigin: http://elsewhere\r\nHost: elsewhere\r\n\r\n"
    assert answered(port, CHUNKED + chunks, END)[0] == ["POST", "/chunked", 2, 3]


OFFER = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
"""What Java's client says in its first request, whatever that is."""


def test_a_client_that_offers_another_protocol_is_answered_in_this_one_and_its_body_read(port: int) -> None:
    chunked = CHUNKED.removesuffix(b"\r\n") + b"\r\n".join(OFFER) + b"\r\n\r\n3\r\nxyz\r\n0\r\n\r\n"
    cut = with_body(5, *OFFER)
    assert answered(port, with_body(3, *OFFER) + HELLO + chunked + cut[:-2], cut[-2:], END) == [
        ["POST", "/body", 4, 3],
        ["GET", "/hello", 1, 0],
        ["POST", "/chunked", 4, 3],
        ["POST", "/body", 4, 5],
        ["GET", "/end", 2, 0],
    ]


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_many_offers_in_one_go_are_many_requests(port: int, protocol: bytes) -> None:
    offer = b"GET /offer HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: " + protocol + b"\r\n\r\n"
    assert answered(port, offer * 1500, END) == [["GET", "/offer", 2, 0]] * 1500 + [["GET", "/end", 2, 0]]


def test_a_body_is_no_request_of_its_own(port: int, echo: Echo) -> None:
    hidden = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
    length = b"Content-Length: %d" % len(hidden)
    head = b"\r\n".join([b"POST /open HTTP/1.1", b"Host: localhost", length, *OFFER]) + b"\r\n\r\n"
    assert answered(port, head, hidden, END)[0] == ["POST", "/open", 4, len(hidden)]
    assert "/hidden" not in echo.asked
