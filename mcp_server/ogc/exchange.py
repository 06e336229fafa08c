"""One bounded HTTP exchange: total deadline, size cap, redirects by hand, retries of what may be repeated."""

import logging
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import anyio
import httpx

from mcp_server.errors import (
    BridgeError,
    InvalidServerReplyError,
    OutcomeUnknownError,
    ReferenceRefusedError,
    ServerUnreachableError,
)
from mcp_server.ogc import documents
from mcp_server.ogc.access import judged
from mcp_server.ogc.bodies import GZIP, Decoder
from mcp_server.ogc.origins import origin_of, parsed, same_origin
from mcp_server.ogc.reply import Incoming, Reply
from mcp_server.servers import ServerSettings
from telemetry.trace_context import headers_of_trace

_log = logging.getLogger(__name__)

PASSING: Final = frozenset({429, 502, 503, 504})
"""HTTP statuses of faults that may pass by themselves."""

READ_SECONDS: Final = 30.0
"""How long an answer to a request without effects is waited for, unless the settings tell."""

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

_TRIES: Final = 3
_BACKOFF_SECONDS: Final = 0.25
"""Pause before the second try, and twice as long before the third, unless the server asks for another one."""
_LONGEST_PAUSE_SECONDS: Final = 10.0
"""A server that asks for a longer pause is not asked again: its answer is the result."""
_HOPS: Final = 3
"""Redirects that one request follows."""
_PARTIAL: Final = 206
"""To a request that asks for no part: it would be taken for the whole."""
_UNCHANGED: Final = 304

_WINDOW_BITS: Final = {"gzip": GZIP, "x-gzip": GZIP, "deflate": zlib.MAX_WBITS}
_CONNECT_SECONDS: Final = 5.0
_NOTHING_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def _left() -> float:
    """Seconds until the innermost deadline."""
    return anyio.current_effective_deadline() - anyio.current_time()


class Exchange:
    """Requests to one server. Every error is one of the bridge's, and names the server."""

    def __init__(
        self,
        server: str,
        http: httpx.AsyncBaseTransport,
        *,
        max_reply_bytes: int,
        read_seconds: float = READ_SECONDS,
        access: ServerSettings | None = None,
        pause: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        """Take the name by which errors tell of the server, and connections that others may share.

        read_seconds: deadline of what may be repeated, unless a request has its own.
        access: whose credentials each request to its origin carries; with it, a refusal tells what to set.
        """
        self._server = server
        self._http = http
        self.max_reply_bytes = max_reply_bytes
        self._read_seconds = read_seconds
        self._access = access
        self._pause = pause

    async def repeatable(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        seconds: float | None = None,
        params: Mapping[str, Any] | None = None,
        most: int | None = None,
    ) -> Reply:
        """A GET or DELETE: tried again, a few times, where the fault may pass by itself.

        seconds: total deadline, retries included; None for the server's own.
        most: largest answer, in bytes, where it is less than the server's own.

        Raises: ServerUnreachableError, InvalidServerReplyError, ReferenceRefusedError, and RemoteProblemError where
        the server's settings are known and it refuses access (401, 403).
        """
        seconds = self._read_seconds if seconds is None else seconds
        target = str(self._url(url).copy_merge_params(params or {}))
        with anyio.move_on_after(seconds):
            for attempt in range(_TRIES):
                last = attempt == _TRIES - 1
                try:
                    reply = await self._follow(method, target, headers, seconds, most)
                except httpx.TransportError as error:
                    if last:
                        raise self._lost(error) from error
                    pause = None
                else:
                    reply = replace(reply, tries=attempt + 1)
                    if last or reply.status not in PASSING:
                        return reply
                    pause = reply.retry_after
                    if pause is not None and pause > min(_LONGEST_PAUSE_SECONDS, _left()):
                        return reply
                _log.info("%s: %s %s is tried again", self._server, method, target)
                await self._pause(_BACKOFF_SECONDS * 2**attempt if pause is None else pause)
        raise ServerUnreachableError(f"server {self._server!r} did not answer within {seconds:g} s")

    async def once(self, url: str, *, headers: Mapping[str, str], content: bytes, seconds: float) -> Reply:
        """A POST, sent once: it may have effects.

        seconds: total deadline.

        Raises: ServerUnreachableError if nothing was sent, OutcomeUnknownError if the answer was lost,
        InvalidServerReplyError if it is too large, and RemoteProblemError as `repeatable` does.
        """
        reason = f"no answer within {seconds:g} s"
        with anyio.move_on_after(seconds):
            try:
                return await self._send("POST", url, headers, seconds, content)
            except _NOTHING_SENT as error:
                raise self._lost(error) from error
            except httpx.TransportError as error:
                reason = f"the connection broke ({type(error).__name__})"
        raise OutcomeUnknownError(
            f"the execution was sent to server {self._server!r}, but {reason}: it may have run, or be running. "
            "Call list_jobs to find out before you call the tool again."
        )

    @asynccontextmanager
    async def opened(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, Any] | None = None,
        seconds: float,
        most: int,
    ) -> AsyncGenerator[Reply | Incoming]:
        """A GET, asked once, whose body is read piece by piece where it succeeds; any other answer is there whole.

        seconds: total deadline, what is done with the pieces included; most: largest body, in bytes.

        Raises: as `repeatable`, while the pieces are read as well.
        """
        target = str(self._url(url).copy_merge_params(params or {}))
        with anyio.move_on_after(seconds):
            try:
                response, target = await self._followed(target, headers)
                try:
                    if response.is_success:
                        yield Incoming(_reply(response, b"", target), self._pieces(response, most))
                    else:
                        yield await self._whole(response, target)
                    return
                finally:
                    await response.aclose()
            except httpx.TransportError as error:
                raise self._lost(error) from error
        raise ServerUnreachableError(f"server {self._server!r} did not send all within {seconds:g} s")

    async def _followed(self, url: str, headers: Mapping[str, str]) -> tuple[httpx.Response, str]:
        """The first answer that is no redirect, and the URL it is of; each part of it within the server's deadline."""
        for _ in range(_HOPS + 1):
            response = await self._open("GET", url, headers, self._read_seconds)
            following = self._redirection(response.status_code, response.headers, url)
            if following is None:
                return response, url
            await response.aclose()
            url = following
        raise self._circle()

    async def _follow(
        self, method: str, url: str, headers: Mapping[str, str], seconds: float, most: int | None
    ) -> Reply:
        for _ in range(_HOPS + 1):
            reply = await self._send(method, url, headers, seconds, most=most)
            following = self._redirection(reply.status, reply.headers, url) if method == "GET" else None
            if following is None:
                return reply
            url = following
        raise self._circle()

    def _redirection(self, status: int, headers: Mapping[str, str], url: str) -> str | None:
        """Where an answer to a GET leads; None where it leads nowhere.

        Raises: ReferenceRefusedError, to another origin.
        """
        location = headers.get("location")
        if status not in REDIRECTS or not location:
            return None
        target = str(self._url(location, base=url))
        if not same_origin(url, target):
            raise ReferenceRefusedError(
                f"server {self._server!r} redirects to another origin ({origin_of(target)}), which is not followed"
            )
        return target

    async def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        seconds: float,
        content: bytes | None = None,
        *,
        most: int | None = None,
    ) -> Reply:
        response = await self._open(method, url, headers, seconds, content)
        try:
            return await self._whole(response, url, most)
        finally:
            await response.aclose()

    async def _open(
        self, method: str, url: str, headers: Mapping[str, str], seconds: float, content: bytes | None = None
    ) -> httpx.Response:
        target = self._url(url)
        # Identity: a few kilobytes of gzip can hold any number of megabytes.
        sent = {"Host": target.netloc.decode(), "User-Agent": "ogc-processes-mcp", "Accept-Encoding": "identity"}
        sent |= headers
        if content is not None:
            sent["Content-Length"] = str(len(content))
        known = self._access is None or same_origin(url, self._access.url)
        if known:
            sent |= headers_of_trace()
        timeout = {"connect": _CONNECT_SECONDS, "read": seconds, "write": seconds, "pool": _CONNECT_SECONDS}
        # With its body as a stream: httpx would make the headers anew to add those of a content.
        body = httpx.ByteStream(content or b"")
        request = httpx.Request(method, target, headers=sent, stream=body, extensions={"timeout": timeout})
        if known and self._access is not None:
            request.headers.update(self._access.request_headers())
        # Not by a client of httpx, which would take cookies out of each answer that nobody sends.
        response = await self._http.handle_async_request(request)
        _log.info("server %r: %s %s answered %d", self._server, method, target, response.status_code)
        unchanged = response.status_code == _UNCHANGED and "If-None-Match" not in headers
        if unchanged or response.status_code == _PARTIAL:
            await response.aclose()
            raise InvalidServerReplyError(
                f"server {self._server!r} answers with what was not asked for (HTTP status {response.status_code})"
            )
        return response

    async def _whole(self, response: httpx.Response, url: str, most: int | None = None) -> Reply:
        most = self.max_reply_bytes if most is None else min(most, self.max_reply_bytes)
        body = b"".join([piece async for piece in self._pieces(response, most)])
        reply = _reply(response, body, url)
        return reply if self._access is None or reply.status < 400 else judged(self._server, reply, self._access)

    async def _pieces(self, response: httpx.Response, most: int) -> AsyncIterator[bytes]:
        """The body as it comes, decoded and bounded."""
        decoder = Decoder(self._window_bits(response), most)
        try:
            async for chunk in response.aiter_raw():
                piece = decoder.decoded(chunk)
                if piece is None:
                    raise self._too_large(most)
                yield piece
            decoder.end()
        except zlib.error as error:
            raise InvalidServerReplyError(f"server {self._server!r} sent a damaged compressed body") from error

    def _window_bits(self, response: httpx.Response) -> int | None:
        """How zlib undoes the content coding of an answer; None where there is none."""
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        if coding in ("", "identity"):
            return None
        if coding not in _WINDOW_BITS:
            raise InvalidServerReplyError(f"server {self._server!r} answers in the content coding {coding[:40]!r}")
        return _WINDOW_BITS[coding]

    def _url(self, text: str, *, base: str = "") -> httpx.URL:
        """A URL made of what the server told, without a user: ids, links and redirects can hold anything."""
        try:
            url = httpx.URL(base).join(text) if base else parsed(text)
        except (httpx.InvalidURL, ValueError) as error:
            raise InvalidServerReplyError(
                f"server {self._server!r} leads to what is no URL ({documents.plain(text, length=80)})"
            ) from error
        # A user in a link would be sent along, and logged.
        return url.copy_with(userinfo=b"") if url.userinfo else url

    def _too_large(self, most: int) -> InvalidServerReplyError:
        return InvalidServerReplyError(
            f"the answer of server {self._server!r} is larger than {most} bytes, the most this bridge reads"
        )

    def _circle(self) -> InvalidServerReplyError:
        return InvalidServerReplyError(f"server {self._server!r} redirects in circles")

    def _lost(self, error: Exception) -> BridgeError:
        reason = str(error)[:200] or type(error).__name__
        if isinstance(error, httpx.RemoteProtocolError):
            return InvalidServerReplyError(f"server {self._server!r} broke off its answer: {reason}")
        return ServerUnreachableError(f"server {self._server!r} cannot be reached: {reason}")


def _reply(response: httpx.Response, body: bytes, url: str) -> Reply:
    headers = dict(response.headers.items())
    return Reply(response.status_code, headers, body, url, version=response.http_version)
