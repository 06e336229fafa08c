"""Who may call: names under which the server is known, and sites whose pages may use it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.problems import plain_problem

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Callers:
    """Hosts and origins that are ours or the operator's choice, in lower case."""

    hosts: frozenset[str]
    """Names without a port, besides those of loopback."""
    always: bool
    """Hosts are checked on every connection, not on those over loopback alone."""
    origins: frozenset[str] = field(default=frozenset())
    """Origins of other sites that may call, `*` among them for all."""

    @classmethod
    def of(cls, public_url: str, allowed_hosts: Collection[str], cors_origins: Iterable[str]) -> Self:
        """What the settings permit: the public URL's host is always among the hosts."""
        hosts = {_host_of(host) for host in (*allowed_hosts, urlsplit(public_url).netloc)}
        return cls(frozenset(hosts), bool(allowed_hosts), frozenset(origin.lower() for origin in cors_origins))

    def knows_host(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        name = _host_of(host)
        return name in self.hosts or _ANY in self.hosts or name in _LOOPBACK_NAMES

    def admits(self, origin: str, host: str) -> bool:
        """Whether pages of `origin` may call a server that was addressed as `host`."""
        if _ANY in self.origins or origin.lower() in self.origins:
            return True
        try:
            netloc = urlsplit(origin).netloc.lower()
        except ValueError:
            return False  # `http://[`
        return bool(netloc) and (netloc == host.lower() or _host_of(netloc) in self.hosts | _LOOPBACK_NAMES)


class KnownCallers:
    """Answers 421 to requests for another host, and 403 to those that a foreign site's page makes.

    A page can have its own name resolved to a loopback address, and then calls a server there as if it were its own
    (DNS rebinding): such a request arrives over loopback with a `Host` that is not ours.
    """

    def __init__(self, app: ASGIApp, callers: Callers) -> None:
        self._app = app
        self._callers = callers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            host = headers.get("host", "")
            if not self._callers.knows_host(host) and (self._callers.always or _over_loopback(scope)):
                detail = f"This server is not known as `{host[:80]}`."
                await plain_problem(HTTPStatus.MISDIRECTED_REQUEST, detail).response()(scope, receive, send)
                return
            origin = headers.get("origin")
            if origin is not None and not self._callers.admits(origin, host):
                detail = f"Pages of `{origin[:80]}` may not call this server."
                await plain_problem(HTTPStatus.FORBIDDEN, detail).response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _over_loopback(scope: Scope) -> bool:
    """Whether the connection arrived at a loopback address; a proxy on this machine passes on the public name."""
    server = scope.get("server")
    try:
        return bool(server) and ip_address(server[0]).is_loopback
    except ValueError:
        return False  # a socket's path, or no connection at all


def _host_of(netloc: str) -> str:
    """`netloc` without its port, in lower case."""
    host = netloc.lower()
    if host.endswith("]"):
        return host
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
