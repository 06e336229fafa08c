"""What is read of one server: by path below its root, by its own links, page by page."""

import re
from array import array
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import accumulate
from typing import Any

from mcp_server.errors import InvalidServerReplyError, ReferenceRefusedError, RemoteProblemError
from mcp_server.ogc import replies
from mcp_server.ogc.addresses import Addresses
from mcp_server.ogc.dialects import AS_JSON
from mcp_server.ogc.exchange import PASSING, Exchange
from mcp_server.ogc.listing import Page, ReadPage
from mcp_server.ogc.reply import Incoming, Reply

ACCEPT_JSON: Mapping[str, str] = {"Accept": "application/json"}
ACCEPT_ANY: Mapping[str, str] = {"Accept": "application/json, */*;q=0.8"}

_HALF = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)

# One that does not end goes on to the end: looked for from each of its quotes anew, it would take for ever.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_OTHERS = bytes(set(range(256)) - set(b"[{]}"))
_DEEPEST = 100
"""Levels of a document. No honest one has as many; two hundred and more cannot be told over MCP."""


def sound(reply: Reply) -> Reply:
    """An answer in JSON that can be told over MCP, and whose texts can stand in URLs and files.

    Halves of surrogate pairs are replaced.

    Raises: InvalidServerReplyError where it is nested too deeply.
    """
    body = reply.text_body
    if _depth(body) > _DEEPEST:
        raise InvalidServerReplyError(f"the server's answer is nested more than {_DEEPEST} levels deep")
    if not _HALF.search(body):
        return reply
    return replace(reply, body=_ESCAPE.sub(_without_half, body))


def document_of(reply: Reply) -> Any:
    """The JSON document of an answer, as `replies.json_of` reads it.

    Raises: InvalidServerReplyError.
    """
    return replies.json_of(sound(reply))


def _depth(document: bytes) -> int:
    """Levels of a JSON document; of a small one, at least as many as it has."""
    if (most := document.count(b"[") + document.count(b"{")) <= _DEEPEST:
        return most
    steps = array("b", _STRING.sub(b"", document).translate(_STEPS, _OTHERS))
    return max(accumulate(steps), default=0)


def _without_half(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if _HALF.fullmatch(escape[0]) else escape[0]


class Reader:
    """GETs of one server, never of another origin."""

    def __init__(self, exchange: Exchange, root: str) -> None:
        """root: where the server is asked, without trailing slash."""
        self._exchange = exchange
        self.addresses = Addresses(root, root)
        """The server's own root is known once its landing page has been read."""
        self.query: Mapping[str, str] = {}
        """Parameters sent with every request."""

    async def path(
        self,
        *segments: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = ACCEPT_JSON,
        seconds: float | None = None,
        most: int | None = None,
    ) -> Reply:
        """What is at a path below the root.

        seconds: another deadline for this request; most: largest answer, in bytes, where it is less than usual.

        Raises: what the status of the answer means (`replies.check`), and what any request may raise.
        """
        url = self.addresses.path(*segments)
        return await self.url(url, params=params, headers=headers, seconds=seconds, most=most)

    async def url(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = ACCEPT_JSON,
        seconds: float | None = None,
        most: int | None = None,
    ) -> Reply:
        """What is at a URL of the server, as `Addresses.reachable` gives it.

        Raises: as `path`.
        """
        query = {**self.query, **(params or {})}
        reply = await self._exchange.repeatable("GET", url, headers=headers, params=query, seconds=seconds, most=most)
        replies.check(reply)
        return reply

    @asynccontextmanager
    async def opened(self, url: str, *, seconds: float, most: int) -> AsyncGenerator[Incoming]:
        """What is at a URL of the server, as `Addresses.reachable` gives it, piece by piece.

        seconds: until the last piece has been taken; most: bytes.

        Raises: as `path`, while the pieces are read as well.
        """
        async with self._exchange.opened(
            url, headers=ACCEPT_ANY, params=self.query, seconds=seconds, most=most
        ) as answer:
            if isinstance(answer, Incoming):
                yield answer
                return
            replies.check(answer)
            raise InvalidServerReplyError(f"the server sent nothing (HTTP status {answer.status})")

    def pages(self, name: str, query: Mapping[str, str]) -> ReadPage:
        """Reads a list page by page, all pages together no larger than one answer may be.

        query: what the list is always asked with.

        Raises: as `path`, and InvalidServerReplyError where a page is no JSON, or one too many.
        """
        room = self._exchange.max_reply_bytes
        here = self.addresses.path(name)

        async def read(href: str | None, params: Mapping[str, int]) -> Page | None:
            nonlocal room, here
            target = self.addresses.path(name) if href is None else self.addresses.reachable(href, here)
            if target is None:
                return None
            reply = await self.url(target, params={**query, **params} if href is None else None)
            room -= len(reply.body)
            if room < 0:
                limit = self._exchange.max_reply_bytes
                raise InvalidServerReplyError(f"the list {name!r} is larger than {limit} bytes, all its pages together")
            here = reply.url
            return Page(document_of(reply), reply.next_link)

        return read

    async def introduction(self, path: str) -> tuple[Mapping[str, str], Any]:
        """Headers and document of a page that a server may lack, or send as HTML to whoever does not insist."""
        for query in (None, AS_JSON):
            try:
                reply = await self.path(path, params=query)
                return reply.headers, document_of(reply)
            except RemoteProblemError as error:
                if error.status in PASSING:
                    raise
            except (InvalidServerReplyError, ReferenceRefusedError):
                continue
        return {}, None
