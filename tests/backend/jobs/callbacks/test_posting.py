"""One POST to a subscriber, whatever the subscriber does."""

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from backend.jobs.callbacks.destinations import Destination, Origins
from backend.jobs.callbacks.posting import Poster, UndeliveredError
from tests.mcp_server.ogc.certificates import Authority
from tests.receiving import receiving

pytestmark = pytest.mark.anyio

LOOPBACK = Origins.of(["http://127.0.0.1:*", "https://127.0.0.1:*"])
EVERYWHERE = Origins.of(["*"])
NONE: Mapping[str, str] = {}


def poster(origins: Origins = LOOPBACK, *, seconds: float = 5) -> Poster:
    return Poster(origins, seconds)


async def post(poster: Poster, uri: str, body: bytes = b"{}", headers: Mapping[str, str] = NONE) -> None:
    await poster.post(Destination.parse(uri), body, headers)


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name below `.example` resolved to these addresses; the names that were asked for."""
    asked: list[str] = []

    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **of: Any) -> list[Any]:
        if not str(host).endswith(".example"):
            return real(host, port, *args, **of)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_json_is_posted_with_its_headers() -> None:
    async with receiving() as receiver:
        await post(poster(), receiver.uri("done?job=1"), b'{"a":1}', {"Link": "<http://x/>"})
    (request,) = receiver.came
    assert (request.method, request.target, request.json) == ("POST", "/done?job=1", {"a": 1})
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (request.headers["content-type"], request.headers["link"]) == ("application/json", "<http://x/>")


async def test_a_large_body_arrives_whole() -> None:
    async with receiving() as receiver:
        await post(poster(), receiver.uri("done"), b"[" + b"1," * 10**6 + b"1]")
    assert len(receiver.came[0].json) == 10**6 + 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 202 Accepted\r\n\r\nwhatever",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n" + b"x" * 10**6,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999999999\r\n\r\n",
    ],
    ids=["200", "HTTP/1.0", "early hints", "endless chunk", "huge"],
)
async def test_any_status_of_success_confirms_it_and_the_rest_of_the_answer_is_not_read(answer: bytes) -> None:
    async with receiving(lambda _: answer) as receiver:
        await post(poster(), receiver.uri(""))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 500 Oh\r\n\r\n", "answered 500"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n", "answered 302"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "no HTTP answer"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "no HTTP answer"),
        (b"", "the connection was cut"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-More: y\r\n" * 10_000, "no HTTP answer"),
    ],
    ids=["500", "redirect", "switch", "no HTTP", "nothing", "endless header"],
)
async def test_anything_else_is_no_confirmation(answer: bytes, why: str) -> None:
    async with receiving(lambda _: answer) as receiver:
        with pytest.raises(UndeliveredError, match=why) as raised:
            await post(poster(), receiver.uri(""))
    assert not raised.value.final
    assert len(receiver.came) == 1


async def test_who_is_gone_is_not_tried_again() -> None:
    async with receiving(lambda _: b"HTTP/1.1 410 Gone\r\n\r\n") as receiver:
        with pytest.raises(UndeliveredError, match="410") as raised:
            await post(poster(), receiver.uri(""))
    assert raised.value.final


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_who_never_ends_an_answer_is_left_in_time(answer: bytes) -> None:
    async with receiving(lambda _: answer) as receiver:
        receiver.hangs = True
        began = anyio.current_time()
        with pytest.raises(UndeliveredError, match=r"no answer within 0.2 s"):
            await post(poster(seconds=0.2), receiver.uri(""))
        assert anyio.current_time() - began < 30


async def test_nobody_there_is_told() -> None:
    async with receiving() as receiver:
        pass
    with pytest.raises(UndeliveredError, match="no connection"):
        await post(poster(), receiver.uri(""))


async def test_an_origin_that_is_not_permitted_any_more_is_not_called() -> None:
    async with receiving() as receiver:
        with pytest.raises(UndeliveredError, match="not permitted") as raised:
            await post(poster(Origins.of(["https://other.example"])), receiver.uri(""))
    assert raised.value.final
    assert receiver.came == []


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"]]
)
async def test_a_name_for_an_address_of_the_own_network_is_not_called(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    resolved(monkeypatch, *addresses)
    async with receiving() as receiver:
        with pytest.raises(UndeliveredError, match="not a public address"):
            await post(poster(EVERYWHERE), f"http://rebinding.example:{receiver.port}/")
    assert receiver.came == []


async def test_a_real_name_of_loopback_is_not_called_either() -> None:
    async with receiving() as receiver:
        with pytest.raises(UndeliveredError, match="not a public address"):
            await post(poster(EVERYWHERE), f"http://localhost:{receiver.port}/")
    assert receiver.came == []


async def test_the_address_that_was_judged_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolved(monkeypatch, "127.0.0.1")
    async with receiving() as receiver:
        origin = f"http://hooks.example:{receiver.port}"
        await post(poster(Origins.of([origin])), f"{origin}/done")
    assert asked == ["hooks.example"]
    assert receiver.came[0].headers["host"] == f"hooks.example:{receiver.port}"


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with receiving() as receiver:
        await post(poster(), receiver.uri(""))
    assert len(receiver.came) == 1


async def test_a_certificate_is_verified_for_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path, "hooks-ca")
    trusting = ssl.create_default_context(cafile=str(authority.file))
    async with receiving(tls=authority.server_context()) as receiver:
        await Poster(LOOPBACK, 5, trusting).post(Destination.parse(receiver.uri("done")), b"{}", {})
        with pytest.raises(UndeliveredError, match=r"(?i)certificate"):
            await post(poster(), receiver.uri("done"))
        resolved(monkeypatch, "127.0.0.1")
        other = f"https://hooks.example:{receiver.port}"
        with pytest.raises(UndeliveredError, match=r"(?i)certificate|hostname"):
            await Poster(Origins.of([other]), 5, trusting).post(Destination.parse(other), b"{}", {})
    assert len(receiver.came) == 1
