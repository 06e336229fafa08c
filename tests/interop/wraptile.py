"""Eozilla's wraptile as a program, with its own test processes."""

import os
import socket
import sys
import threading
from contextlib import AbstractContextManager
from pathlib import Path

from tests.interop.program import program


def wraptile(folder: Path) -> AbstractContextManager[str]:
    """wraptile in a process of its own, with its log in `folder`; gives its URL."""
    return program("wraptile", folder)


def _serve() -> None:
    os.environ["EOZILLA_SERVICE"] = "wraptile.services.local.testing:service"

    import uvicorn
    from wraptile.main import app

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - the caller reads it
    sys.stdin.read()
    server.should_exit = True
    thread.join(timeout=5)
    # Its workers may sleep for seconds yet.
    os._exit(0)


if __name__ == "__main__":
    _serve()
