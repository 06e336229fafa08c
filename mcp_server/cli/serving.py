"""Serve an application over HTTP until it is told to stop."""

import errno
import logging
import socket
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import LOGGING_CONFIG

from mcp_server.cli.http_protocol import BoundedHttpProtocol
from mcp_server.errors import BridgeError, ConfigurationError

GRACE_SECONDS = 5
"""Clients hold streams open; without a limit they would hold the server's end as well."""


class _Server(uvicorn.Server):
    """Says where it is when it is there, not before."""

    announcement = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stderr.write(f"{self.announcement}\n")
            sys.stderr.flush()


class _ToldStart:
    """The application, of which nobody reads a traceback where one line says why it cannot start."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self.refusal: ConfigurationError | None = None
        """Why it does not start, where that was meant for people."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._application(scope, receive, send)
            return
        failure: Message | None = None

        async def withheld(message: Message) -> None:
            nonlocal failure
            if message["type"] == "lifespan.startup.failed":
                failure = message
            else:
                await send(message)

        try:
            await self._application(scope, receive, withheld)
        except Exception as error:
            if failure is None:
                raise
            if isinstance(error, ConfigurationError):
                self.refusal = error
                failure["message"] = ""
        if failure is not None:
            await send(failure)


def listen(application: ASGIApp, host: str, port: int, announcement: str, *, json_log: bool = False) -> int:
    """Serve until interrupted; returns 1 where the application failed to start.

    json_log: what the HTTP server logs goes with our own records, which are JSON.

    Raises: ConfigurationError where nothing can listen at that address, BridgeError with the reason for which the
    application does not start.
    """
    told = _ToldStart(application)
    config = uvicorn.Config(
        told,
        host=host,
        port=port,
        log_config=None if json_log else LOGGING_CONFIG,
        log_level="warning",
        http=BoundedHttpProtocol,
        ws="none",  # nothing here speaks WebSocket, whatever library for it is installed
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    server.announcement = announcement
    with ExitStack() as sockets, _unless_refused(told), suppress(SystemExit):
        server.run([sockets.enter_context(opened) for opened in _bound(host, port)])
    return 0 if server.started else 1


@contextmanager
def _unless_refused(told: _ToldStart) -> Generator[None]:
    """Let the application's own reason be all that is said of a start that it refuses.

    Raises: BridgeError with that reason.
    """
    log = logging.getLogger("uvicorn.error")

    def has_more_to_say(_: logging.LogRecord) -> bool:
        return told.refusal is None

    log.addFilter(has_more_to_say)
    try:
        yield
    finally:
        log.removeFilter(has_more_to_say)
    if told.refusal is not None:
        raise BridgeError(str(told.refusal)) from told.refusal


def _bound(host: str, port: int) -> list[socket.socket]:
    """A socket at each address of the host that this machine has."""
    sockets: list[socket.socket] = []
    failures: list[OSError] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigurationError(f"--host {host}: {error.strerror or error}") from None
    for family, address in dict.fromkeys((entry[0], entry[4]) for entry in found):
        try:
            opened = socket.create_server((str(address[0]), port), family=family)
        except OSError as error:
            failures.append(error)
        else:
            # Only of a socket that is known to be TCP's does asyncio send small answers without delay.
            sockets.append(socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, opened.detach()))
    taken = any(failure.errno == errno.EADDRINUSE for failure in failures)
    if sockets and not taken:
        return sockets
    for opened in sockets:
        opened.close()
    if taken:
        raise ConfigurationError(f"port {port} of {host} is taken: choose another with --port")
    raise ConfigurationError(f"cannot listen at {host}, port {port}: {failures[0].strerror}")


def url_of(host: str, port: int) -> str:
    """The URL by which this machine reaches a server that listens there."""
    name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104  # told, not bound
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
