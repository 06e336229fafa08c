"""gunicorn's settings for the backend. How many workers: `WEB_CONCURRENCY`, which gunicorn reads by itself."""

import sys

from gunicorn.config import Config
from gunicorn.glogging import Logger
from pydantic import ValidationError
from uvicorn_worker import UvicornWorker

from backend.settings import Settings
from mcp_server.cli.http_protocol import BoundedHttpProtocol
from mcp_server.settings import problems
from telemetry.logs import configure

try:
    own = Settings()
except ValidationError as error:
    # Told once and in a line, before any worker fails to start with a traceback.
    sys.exit(f"ogc-processes-mcp: {problems(error, {})}")


class Log(Logger):
    """Writes what gunicorn says of itself in the form of all other records."""

    def setup(self, cfg: Config) -> None:
        """Take gunicorn's settings, then our own."""
        super().setup(cfg)
        configure(own.log_format, own.log_level)


class Worker(UvicornWorker):
    """Ends the connections that clients still hold before gunicorn's patience ends.

    Otherwise a held status request would have the worker killed, and its jobs with it, in place of given back.
    """

    CONFIG_KWARGS = {  # noqa: RUF012 - uvicorn's own form
        **UvicornWorker.CONFIG_KWARGS,
        "http": BoundedHttpProtocol,
        "timeout_graceful_shutdown": 5,
        "ws": "none",
    }


wsgi_app = "backend.asgi:create()"
worker_class = Worker
logger_class = Log
bind = "0.0.0.0:5001"  # inside the container; docker-compose.yml decides who reaches it
timeout = 120  # a start beside other busy programs takes its time; requests do not count, the event loop does
graceful_timeout = 20
keepalive = 75  # longer than proxies keep a connection that they use again
# Each worker has its own threads, job workers and connection to the store: nothing of that survives a fork.
preload_app = False
# Nobody controls a container through a socket, and its root is read-only.
control_socket_disable = True
