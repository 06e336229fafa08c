"""A stock pygeoapi as a program: what `pygeoapi serve` runs (the Flask application, TinyDB jobs), with state in the
working folder.
"""

import json
import os
import socket
import sys
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from tests.interop.program import program


def stock_pygeoapi(folder: Path) -> AbstractContextManager[str]:
    """A stock pygeoapi in a process of its own, with its state in `folder`; gives its URL."""
    return program("stock_pygeoapi", folder)


def _configuration(url: str, folder: Path) -> dict[str, Any]:
    processors = {
        "hello-world": "HelloWorld",
        "nap": "tests.interop.stock_processes.Nap",
        "stumble": "tests.interop.stock_processes.Stumble",
        # More than the ten that a list holds by default.
        **{f"hello-{number}": "HelloWorld" for number in range(10)},
    }
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 0},
            "url": url,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "manager": {"name": "TinyDB", "connection": str(folder / "jobs.db"), "output_dir": str(folder)},
            "map": {"url": "https://example.org/{z}/{x}/{y}.png", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "stock",
                "description": "stock",
                "keywords": ["stock"],
                "keywords_type": "theme",
                "terms_of_service": "none",
                "url": "https://example.org",
            },
            "license": {"name": "none", "url": "https://example.org"},
            "provider": {"name": "none", "url": "https://example.org"},
            "contact": {"name": "none", "email": "none@example.org", "url": "https://example.org"},
        },
        "resources": {name: {"type": "process", "processor": {"name": path}} for name, path in processors.items()},
    }


def _serve(folder: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    configuration = folder / "pygeoapi.json"
    configuration.write_text(json.dumps(_configuration(url, folder)), encoding="utf-8")
    openapi = folder / "openapi.json"
    os.environ["PYGEOAPI_CONFIG"] = str(configuration)
    os.environ["PYGEOAPI_OPENAPI"] = str(openapi)

    from pygeoapi.openapi import get_oas

    openapi.write_text(json.dumps(get_oas(json.loads(configuration.read_text(encoding="utf-8")))), encoding="utf-8")

    # Imported once the environment is set: the module reads it and builds its application.
    from pygeoapi.flask_app import APP
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, APP, threaded=True, fd=listening.fileno())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(url, flush=True)  # noqa: T201 - the caller reads it
    # And nothing after it: a pipe that nobody reads fills up, and the server would wait for ever to log a request.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdin.read()
    # Its jobs may nap for seconds yet.
    os._exit(0)


if __name__ == "__main__":
    _serve(Path.cwd())
