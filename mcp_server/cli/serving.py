"""Serve an application over HTTP until it is told to stop."""

import socket
import sys

import uvicorn
from starlette.types import ASGIApp

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


def listen(application: ASGIApp, host: str, port: int, announcement: str) -> int:
    """Serve until interrupted; returns 1 where the application could not start."""
    config = uvicorn.Config(
        application, host=host, port=port, log_level="warning", timeout_graceful_shutdown=GRACE_SECONDS
    )
    server = _Server(config)
    server.announcement = announcement
    try:
        server.run()
    except SystemExit:
        # Why it could not start is on standard error.
        return 1
    return 0 if server.started else 1


def url_of(host: str, port: int) -> str:
    """The URL by which this machine reaches a server that listens there."""
    name = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
