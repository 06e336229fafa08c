"""The index of all processes on offer, made anew in a thread when they are others."""

import anyio
import anyio.to_thread

from mcp_server.catalog.records import Offers
from mcp_server.catalog.shelf import EMPTY, Shelf, cards
from mcp_server.discovery.index import Index


class Finding:
    """One index for all searches. While descriptions are being read it may be older than what is known of them."""

    def __init__(self) -> None:
        self._making = anyio.Lock()
        self._index = Index(())
        self._shelf = EMPTY
        self._made_of: Offers = {}

    async def index(self, shelf: Shelf, offers: Offers) -> Index:
        """An index of exactly these processes; what has been read of them since it was made may be missing."""
        if shelf.names is not self._shelf.names and shelf.names != self._shelf.names:
            await self.renew(shelf, offers)
        return self._index

    async def renew(self, shelf: Shelf, offers: Offers) -> None:
        """Make the index anew, unless nothing is new."""
        async with self._making:
            if offers is not self._made_of:
                self._index = await anyio.to_thread.run_sync(Index, cards(shelf, offers))
                self._shelf, self._made_of = shelf, offers
