"""A receiver of callbacks on loopback, which answers as a test wants it to."""

import json
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSListener

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True)
class Notified:
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    time: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


type Answer = Callable[[Notified], bytes | None]
"""Bytes of an HTTP response; None for none ever."""


def take(_: Notified) -> bytes:
    return TAKEN


@dataclass
class Receiver:
    """What came, and how it is answered: `answer` may be changed at any time."""

    url: str
    answer: Answer
    hangs: bool = False
    """A connection stays open after the answer, and nothing more comes."""
    came: list[Notified] = field(default_factory=list)

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def uri(self, path: str) -> str:
        return f"{self.url}/{path}"

    async def until(self, number: int, *, within: float = 60) -> list[Notified]:
        """Wait for that many requests."""
        with anyio.fail_after(within):
            while len(self.came) < number:
                await anyio.sleep(0.01)
        return self.came

    async def serve(self, stream: ByteStream) -> None:
        async with stream:
            try:
                request = await _read(stream)
                self.came.append(request)
                answer = self.answer(request)
                await stream.send(answer or b"")
                if answer is None or self.hangs:
                    await anyio.sleep_forever()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return  # the caller has had enough


@asynccontextmanager
async def receiving(
    answer: Answer = take, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Receiver]:
    """A receiver for as long as the block lasts; on a free port unless one is given."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    chosen = listener.extra(SocketAttribute.local_port)  # noqa: S610 - an attribute of a socket, no query
    receiver = Receiver(f"{'http' if tls is None else 'https'}://127.0.0.1:{chosen}", answer)
    serving = listener if tls is None else TLSListener(listener, tls, standard_compatible=False)
    async with serving, anyio.create_task_group() as tasks:
        tasks.start_soon(serving.serve, receiver.serve)
        yield receiver
        tasks.cancel_scope.cancel()


async def _read(stream: ByteStream) -> Notified:
    data = b""
    while b"\r\n\r\n" not in data:
        data += await stream.receive()
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += await stream.receive()
    return Notified(method, target, headers, body, anyio.current_time())
