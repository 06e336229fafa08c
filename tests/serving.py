"""An application on a real loopback port, for as long as a test needs it."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn

from mcp_server.cli.http_protocol import BoundedHttpProtocol

_START_SECONDS = 30
_STOP_SECONDS = 30


@contextmanager
def served(make: Callable[[str], Any]) -> Generator[str]:
    """Serve the ASGI application that `make` gives for its own URL, from a thread, once it has started; the URL."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = _Server(_configured(make(url)))
        thread = threading.Thread(target=server.run, args=([listening],), name="served", daemon=True)
        thread.start()
        try:
            assert server.ready.wait(_START_SECONDS), "the application does not start"
            assert server.started, "the application could not start"
            yield url
        finally:
            server.should_exit = True
            thread.join(_STOP_SECONDS)
        assert not thread.is_alive(), "the application does not stop"


def _configured(application: Any) -> uvicorn.Config:
    http = BoundedHttpProtocol
    return uvicorn.Config(application, http=http, log_level="warning", timeout_graceful_shutdown=1, ws="none")


class _Server(uvicorn.Server):
    """Tells when its start is over, well or not."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()
