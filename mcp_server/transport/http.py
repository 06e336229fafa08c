"""MCP over Streamable HTTP."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mcp_server.app import open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.errors import ConfigurationError
from mcp_server.servers import is_loopback
from mcp_server.settings import Settings
from mcp_server.transport.requests import too_large

PATH: Final = "/mcp"
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_SCHEMES: Final = ("http", "https")
_ANY: Final = "*"


def create_http_app(
    settings: Settings, backend: Mapping[str, Any] | None = None, *, host: str = "127.0.0.1"
) -> Starlette:
    """An application that serves MCP at `/mcp` and tells at `/health` that it is up.

    `backend` are settings of the embedded backend. `host` is the address that the application will be served on: on a
    loopback one, or where the settings name the allowed hosts, requests that name another host or come from another
    origin are refused (DNS rebinding).

    Raises: ConfigurationError where results would be saved for clients that may be on other machines.
    """
    _require_own_clients(settings, host)
    endpoint = _Endpoint(settings.max_request_bytes)
    security = _security(host, settings.allowed_hosts)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with open_bridge(settings, backend=backend_settings(settings, **(backend or {}))) as bridge:
            # JSON in place of event streams would drop progress and cancellation; without sessions, the clients of the
            # handshake era could not cancel.
            sessions = StreamableHTTPSessionManager(
                bridge.server,
                json_response=False,
                stateless=False,
                security_settings=security,
                max_request_body_size=settings.max_request_bytes,
            )
            async with sessions.run():
                endpoint.application = StreamableHTTPASGIApp(sessions)
                yield

    return Starlette(routes=[Route(PATH, endpoint), Route("/health", _health)], lifespan=lifespan)


class _Endpoint:
    """The route to the sessions, which begin with the application's lifespan."""

    application: StreamableHTTPASGIApp | None = None

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = self.application or JSONResponse({"status": "starting"}, status_code=503)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self._max_bytes:
            # The SDK would not say what the limit is, nor say it as a client of JSON-RPC expects.
            application = JSONResponse(too_large(self._max_bytes), status_code=413)
        await application(scope, receive, send)


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _require_own_clients(settings: Settings, host: str) -> None:
    # Whoever reaches the port could fill the operator's disk, with files that are of no use to who is elsewhere.
    if settings.results is not None and (settings.allowed_hosts or not is_loopback(host)):
        raise ConfigurationError(
            "results (--results, OGC_PROCESSES_RESULTS): files are saved for who sits at this machine, and this server "
            "is for others too: leave it out, or serve on a loopback address and without OGC_PROCESSES_ALLOWED_HOSTS"
        )


def _security(host: str, allowed: Sequence[str]) -> TransportSecuritySettings:
    if _ANY in allowed or not (allowed or is_loopback(host)):
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    # Clients write host names in small letters, operators as they like.
    names = [*_LOOPBACK, *(name.lower() for name in allowed)]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[address for name in names for address in (name, f"{name}:*")],
        allowed_origins=[
            f"{scheme}://{address}" for scheme in _SCHEMES for name in names for address in (name, f"{name}:*")
        ],
    )
