"""What a server may do wrong with any one answer, whatever was asked."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.mcp_server.faults.misbehaving import Asked, Fault, answer

DRIP_SECONDS = 0.3
_BOMB = b" " * 12_000_000
BOMB = gzip.compress(_BOMB, 1)
HTML = b"<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"
_BLOCK = b"[" * 65_536
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


def _html(status: str) -> bytes:
    return answer(HTML, status, content_type="text/html; charset=utf-8")


def _deep(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


async def silent(_: Asked, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def slow(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """The honest answer, too slowly for anybody."""
    for number in range(len(asked.honest)):
        writer.write(asked.honest[number : number + 1])
        await writer.drain()
        await asyncio.sleep(DRIP_SECONDS)


async def reset(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(asked.honest[:-5])
    await writer.drain()
    writer.transport.abort()


async def closed(_: Asked, __: asyncio.StreamWriter) -> None:
    """Not a byte."""


async def cut(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(asked.honest[:-5])


async def elsewhere(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """The same server under another name is another origin."""
    port = writer.get_extra_info("sockname")[1]
    writer.write(answer(status="302 Found", location=f"http://localhost:{port}/{asked.site}/{asked.path}"))


async def circles(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(status="307 Temporary Redirect", location=f"/{asked.site}/{asked.path}"))


def _endless(head: bytes, block: bytes) -> Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]:
    async def send(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(block)
            await writer.drain()
            # A buffer that is never full never lets go.
            await asyncio.sleep(0)

    return send


async def hope(_: Asked, writer: asyncio.StreamWriter) -> None:
    """Promises without end: a flood of them, and then one after the other."""
    promise = b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(promise * 2_000)
    while True:
        await writer.drain()
        await asyncio.sleep(DRIP_SECONDS)
        writer.write(promise)


def _without_last_member(body: bytes) -> bytes:
    return answer(gzip.compress(body)[:-9], content_encoding="gzip")


_CHUNKED = _HEAD + b"transfer-encoding: chunked\r\n\r\n"
_GZIPPED = _HEAD + b"content-encoding: gzip\r\n\r\n"
_LATER = format_datetime(datetime.now(UTC) + timedelta(days=2), usegmt=True)
_NO_DATE = "Wed, 21 Oct 2015 07:28:00 +99999999999999999999"

LASTING: dict[str, Fault] = {
    "silent": silent,
    "slow": slow,
    "reset": reset,
    "closed": closed,
    "truncated": cut,
    "chunk-cut": _CHUNKED + b"ff\r\n[1, 2",
    "chunk-bad": _CHUNKED + b"zz\r\n[1, 2\r\n0\r\n\r\n",
    "no-http": b"\x16\x03\x01 what is HTTP?\r\n\r\n",
    "busy-long": answer({"title": "Too busy"}, "429 Too Many Requests", retry_after="3600"),
    "busy-date": answer({"title": "Too busy"}, "503 Service Unavailable", retry_after=_LATER),
    "busy-absurd": answer({"title": "Too busy"}, "429 Too Many Requests", retry_after="9" * 400),
    "busy-no-date": answer({"title": "Too busy"}, "429 Too Many Requests", retry_after=_NO_DATE),
    "broken": answer({"title": "It broke", "status": 500}, "500 Internal Server Error"),
    "gateway": answer(b"", "502 Bad Gateway"),
    "refused": answer({"title": "Who are you?"}, "401 Unauthorized"),
    "html": _html("200 OK"),
    "html-broken": _html("500 Internal Server Error"),
    "elsewhere": elsewhere,
    "circles": circles,
    "redirect-bad": answer(status="302 Found", location="http://["),
    "redirect-port": answer(status="302 Found", location="http://127.0.0.1:port/"),
    "redirect-long": answer(status="302 Found", location="/" + "x" * 70_000),
    "gzip-cut": _without_last_member(json.dumps({"out": list(range(1000))}).encode()),
    "gzip-not": answer(b"{}", content_encoding="gzip"),
    "coding": answer(b"{}", content_encoding="br"),
    "nested": answer(b"[" * 100_000),
    "no-utf8": answer(b'{"id": "\xff\xfe"}'),
    "no-json": answer(b"{'id': 1}"),
    "digits": answer(b'{"id": ' + b"9" * 10_000 + b"}"),
    "nothing": answer(b""),
}
"""Of every endpoint: no honest answer ever comes."""

HEAVY: dict[str, Fault] = {
    "endless": _endless(_HEAD + b"\r\n", _BLOCK),
    "endless-chunks": _endless(_CHUNKED, b"10000\r\n" + _BLOCK + b"\r\n"),
    "endless-head": _endless(_HEAD, b"x-more: " + b"x" * 1000 + b"\r\n"),
    "endless-hope": hope,
    "endless-tail": _endless(_GZIPPED + gzip.compress(b"{}"), _BLOCK),
    "header-huge": answer({}, x_huge="x" * 200_000),
    "bomb": answer(BOMB, content_encoding="gzip"),
    "bomb-deflated": answer(zlib.compress(_BOMB, 1), content_encoding="deflate"),
}
"""As lasting, and more of it than anybody has memory for."""

PASSING: dict[str, tuple[Fault, ...]] = {
    "unavailable-once": (answer({}, "503 Service Unavailable", retry_after="0"), None),
    "busy-once": (answer({}, "429 Too Many Requests", retry_after="0"), None),
    "date-once": (answer({}, "429 Too Many Requests", retry_after="Wed, 21 Oct 2015 07:28:00 GMT"), None),
}
"""Of every endpoint that is asked again: the second answer is honest."""

ODD: dict[str, Fault] = {
    "deep": answer(_deep(5000)),
    "deep-small": answer(_deep(1000)),
    "deep-list": answer(b'{"out": ' + b"[" * 900 + b"]" * 900 + b"}"),
    "nan": answer(b'{"id": NaN, "out": -Infinity, "status": NaN}'),
    "infinite": answer(b'{"out": 1e999}'),
    "surrogate": answer(b'{"jobID": "\\ud800", "id": "\\udfff", "status": "accepted", "\\ud800": "\\ud800"}'),
    "null": answer(None),
    "list": answer([]),
    "text": answer("words"),
    "number": answer(42),
    "etag": answer({"jobID": "j1", "status": "running"}, etag='"é"'),
    "long-id": answer({"jobID": "x" * 70_000, "status": "accepted"}),
    "empty": answer({}),
    "no-content": b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n",
}
"""JSON, or nothing, that is no honest answer; some endpoints may make something of it."""


async def mislabelled(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """The honest answer, said to be a picture."""
    writer.write(asked.honest.replace(b"application/json", b"image/png"))
