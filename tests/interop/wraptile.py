"""Eozilla's wraptile as a program: `python -P wraptile.py` serves its own test processes on a free loopback port.

It prints its URL, and ends with its stdin.
"""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def wraptile(folder: Path) -> Generator[str]:
    """wraptile in a process of its own, with its log in `folder`; gives its URL."""
    # Without -P, this file would be what `import wraptile` finds.
    command = [sys.executable, "-P", __file__]
    with (
        (folder / "log.txt").open("wb") as log,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), (folder / "log.txt").read_text(encoding="utf-8")
        yield url
        process.stdin.close()
        process.wait(timeout=30)


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
