"""An ASGI application as an HTTP transport: a server in this process is asked without a socket, and streams too.

For asyncio. `httpx.ASGITransport` holds a whole reply in memory before anybody may look at its size.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any, Final

import anyio
import httpx

type _Message = MutableMapping[str, Any]
type Application = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI application (ASGI 3.0)."""

_log = logging.getLogger(__name__)

_CLIENT: Final = ("127.0.0.1", 0)


class InProcessTransport(httpx.AsyncBaseTransport):
    """Each request is a task of its own. Closing a reply, or cancelling its request, cancels the task and awaits it."""

    def __init__(self, application: Application) -> None:
        self._application = application
        # The event loop keeps no task alive.
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the application; the reply is there with the first part of its body.

        Raises: httpx.RemoteProtocolError where the application ends without an answer.
        """
        conversation = _Conversation(await request.aread())
        task = asyncio.create_task(conversation.run(self._application, _scope(request)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        conversation.task = task
        try:
            await conversation.answered.wait()
        except asyncio.CancelledError:
            # A whole answer may name a job that nobody else knows of; anyio cancels again at the next wait.
            if not conversation.complete:
                await conversation.aclose()
                raise
        return conversation.response()

    async def aclose(self) -> None:
        """End what still runs."""
        for task in list(self._tasks):
            await _ended(task)


class _Conversation(httpx.AsyncByteStream):
    """One request and its reply. The application may be at most one part of the body ahead of the reader."""

    task: asyncio.Task[None]

    def __init__(self, body: bytes) -> None:
        self.answered = asyncio.Event()
        """The first part of the body is there, or never will be."""
        self.complete = False
        """The application has sent all."""
        self._body: bytes | None = body
        self._start: _Message | None = None
        self._parts: deque[bytes] = deque()
        self._taken = asyncio.Event()
        self._over = asyncio.Event()

    async def run(self, application: Application, scope: _Message) -> None:
        """Let the application answer. Whatever it raises breaks the reply off."""
        try:
            await application(scope, self._receive, self._send)
        except Exception as error:
            _log.error("the application failed unexpectedly", exc_info=error)
        finally:
            self._over.set()
            self.answered.set()

    def response(self) -> httpx.Response:
        """The reply, as soon as it is answered.

        Raises: httpx.RemoteProtocolError where there is none.
        """
        if self._start is None:
            raise httpx.RemoteProtocolError("the application ended without an answer")
        return httpx.Response(self._start["status"], headers=self._start.get("headers"), stream=self)

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """The body, part by part.

        Raises: httpx.RemoteProtocolError where it breaks off.
        """
        while True:
            while self._parts:
                yield self._parts.popleft()
            if self.complete:
                return
            if self._over.is_set():
                raise httpx.RemoteProtocolError("the body is incomplete")
            self.answered.clear()
            self._taken.set()
            await self.answered.wait()

    async def aclose(self) -> None:
        """The reader has gone. An application that has sent all may finish by itself."""
        self._over.set()
        if not self.complete:
            await _ended(self.task)

    async def _receive(self) -> _Message:
        body, self._body = self._body, None
        if body is not None:
            return {"type": "http.request", "body": body, "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        part = message.get("body")
        if part:
            self._parts.append(part)
        self.complete = not message.get("more_body", False)
        self.answered.set()
        if self.complete:
            self._over.set()
            return
        self._taken.clear()
        await self._taken.wait()


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end, though the waiting one may be cancelled itself."""
    task.cancel()
    with anyio.CancelScope(shield=True):
        await asyncio.wait({task})


def _scope(request: httpx.Request) -> dict[str, Any]:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": _CLIENT,
        "root_path": "",
    }
