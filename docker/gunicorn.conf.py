"""gunicorn's settings for the backend. How many workers: `WEB_CONCURRENCY`, which gunicorn reads by itself."""

from uvicorn_worker import UvicornWorker

from mcp_server.cli.http_protocol import BoundedHttpProtocol


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
bind = "0.0.0.0:5001"  # inside the container; docker-compose.yml decides who reaches it
timeout = 120  # a start beside other busy programs takes its time; requests do not count, the event loop does
graceful_timeout = 20
keepalive = 75  # longer than proxies keep a connection that they use again
# Each worker has its own threads, job workers and connection to the store: nothing of that survives a fork.
preload_app = False
# Nobody controls a container through a socket, and its root is read-only.
control_socket_disable = True
