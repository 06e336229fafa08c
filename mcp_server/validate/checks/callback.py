"""Callbacks (18-062r2, conformance class callback), as far as the server can be expected to reach this machine."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream

from mcp_server.servers import is_loopback
from mcp_server.validate.executions import execute, request_body, working
from mcp_server.validate.records import InapplicableError
from mcp_server.validate.session import Session

_WAIT_SECONDS: Final = 3.0
_MOST_BYTES: Final = 100_000


async def job_callback(session: Session) -> None:
    """A job that succeeds is told to the subscriber."""
    host = urlsplit(session.recorder.root).hostname or ""
    if not is_loopback(host):
        raise InapplicableError("cannot be judged from outside: the server would have to reach this machine")
    plan = (await working(session, "async-execute")).plan
    async with _subscriber() as (url, called):
        body = {**request_body(plan), "subscriber": {"successUri": url}}
        answer = await execute(session, plan, body, prefer="respond-async")
        with anyio.move_on_after(_WAIT_SECONDS):
            await called.wait()
    if answer.status >= 500:
        raise answer.violation(f"answered {answer.told} to an execute request with a subscriber")
    if not called.is_set():
        # To refuse callbacks to private addresses is what a server should do.
        raise InapplicableError("no callback came: from outside, this looks like one that is refused to this machine")


@asynccontextmanager
async def _subscriber() -> AsyncGenerator[tuple[str, anyio.Event]]:
    """A listener on the loopback interface: its URL, and whether anything was posted to it."""
    called = anyio.Event()

    async def answer(stream: SocketStream) -> None:
        async with stream:
            with anyio.move_on_after(_WAIT_SECONDS):
                head = await stream.receive(_MOST_BYTES)
                await stream.send(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                if head.startswith(b"POST "):
                    called.set()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - an attribute of a socket, no query
        tasks.start_soon(listener.serve, answer)
        yield f"http://127.0.0.1:{port}/succeeded", called
        tasks.cancel_scope.cancel()
