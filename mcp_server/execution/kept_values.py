"""The values of kept results: those of outputs that their server sent as links are read from it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from mcp_server.errors import ReferenceRefusedError
from mcp_server.execution.inputs import Keeper
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.documents import LONGEST_LINK, plain
from mcp_server.ogc.downloads import at_hand
from mcp_server.ogc.models import ABSENT, Download, OutputResult
from mcp_server.references import KeptReference


class LinkKeeper(Keeper, Protocol):
    """Kept results that tell whose they are: `mcp_server.results.store.KeptResults`."""

    async def server_of(self, result_id: str) -> str:
        """The server of one execution."""
        ...


class KeptValues:
    """Reads kept results, wherever their values are. Nothing is read from anybody but their own server."""

    def __init__(self, kept: LinkKeeper, clients: Mapping[str, OgcClient]) -> None:
        """Take clients by server name."""
        self._kept = kept
        self._clients = clients

    async def read(
        self, reference: KeptReference, *, offset: int | None = None, limit: int | None = None
    ) -> OutputResult:
        """One output with its value, or a page of it.

        Raises: ResultGoneError where it is not kept, or no longer; InvalidReferenceError for an unknown output;
        ReferenceRefusedError where the value is where this bridge does not read; and what any request may raise.
        """
        output = await self._kept.read(reference, offset=offset, limit=limit)
        if output.value is not ABSENT:
            return output
        client = await self._server(reference, output)
        return await client.outputs.whole(output, offset=offset, limit=limit)

    @asynccontextmanager
    async def opened(self, reference: KeptReference, *, seconds: float, most: int) -> AsyncGenerator[Download]:
        """One output's value as bytes, piece by piece where it is read from its server.

        seconds: until the last piece has been taken; most: bytes.

        Raises: as `read`, while the pieces are read as well.
        """
        output = await self._kept.read(reference)
        if output.value is not ABSENT:
            yield at_hand(output)
            return
        client = await self._server(reference, output)
        async with client.outputs.opened_value(output, seconds=seconds, most=most) as download:
            yield download

    async def _server(self, reference: KeptReference, output: OutputResult) -> OgcClient:
        name = await self._kept.server_of(reference.result_id)
        if name not in self._clients:
            raise ReferenceRefusedError(
                f"the value of {reference} is not kept here: server {name!r}, which is not configured, has it at "
                f"{plain(output.href, length=LONGEST_LINK)}"
            )
        return self._clients[name]
