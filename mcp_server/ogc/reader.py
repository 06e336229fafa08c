"""What is read of one server: by path below its root, by its own links, page by page."""

from collections.abc import Mapping
from typing import Any

import httpx

from mcp_server.errors import InvalidServerReplyError, ReferenceRefusedError, RemoteProblemError
from mcp_server.ogc import replies
from mcp_server.ogc.addresses import Addresses
from mcp_server.ogc.dialects import AS_JSON
from mcp_server.ogc.exchange import PASSING, Exchange, Reply

ACCEPT_JSON: Mapping[str, str] = {"Accept": "application/json"}
ACCEPT_ANY: Mapping[str, str] = {"Accept": "application/json, */*;q=0.8"}


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
    ) -> Reply:
        """What is at a path below the root.

        seconds: another deadline for this request.

        Raises: what the status of the answer means (`replies.check`), and what any request may raise.
        """
        return await self.url(self.addresses.path(*segments), params=params, headers=headers, seconds=seconds)

    async def url(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = ACCEPT_JSON,
        seconds: float | None = None,
    ) -> Reply:
        """What is at a URL of the server, as `Addresses.reachable` gives it.

        Raises: as `path`.
        """
        query = {**self.query, **(params or {})}
        reply = await self._exchange.repeatable("GET", url, headers=headers, params=query, seconds=seconds)
        replies.check(reply)
        return reply

    async def page(self, name: str, query: Mapping[str, str], href: str | None, params: Mapping[str, int]) -> Any:
        """A page of a list, by a link of the server's where there is one; None where that leads elsewhere.

        query: what the list is always asked with; params: what tells the page.

        Raises: as `path`, and InvalidServerReplyError where it is no JSON.
        """
        if href is None:
            return replies.json_of(await self.path(name, params={**query, **params}))
        target = self.addresses.reachable(href)
        return None if target is None else replies.json_of(await self.url(target))

    async def introduction(self, path: str) -> tuple[httpx.Headers, Any]:
        """Headers and document of a page that a server may lack, or send as HTML to whoever does not insist."""
        for query in (None, AS_JSON):
            try:
                reply = await self.path(path, params=query)
                return reply.headers, replies.json_of(reply)
            except RemoteProblemError as error:
                if error.status in PASSING:
                    raise
            except (InvalidServerReplyError, ReferenceRefusedError):
                continue
        return httpx.Headers(), None
