"""Reading what a server offers."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import anyio
import anyio.to_thread

from mcp_server.catalog.records import Offer, Offered, described, listed
from mcp_server.errors import BridgeError
from mcp_server.ogc.models import ProcessDescription, ProcessSummary, ServerIdentity
from mcp_server.schema.normalise import understood

_log = logging.getLogger(__name__)

_CONCURRENT = 8


class Server(Protocol):
    """What the catalog asks of a server: `mcp_server.ogc.client.OgcClient`."""

    identity: ServerIdentity

    async def processes(self) -> list[ProcessSummary]:
        """All processes, as its list tells them."""
        ...

    async def describe(self, process_id: str) -> ProcessDescription:
        """One process."""
        ...


async def read_list(server: Server, known: Offer | None, matches: Callable[[str], bool]) -> Offer:
    """What a server lists, with what is known of each process already.

    Raises: BridgeError.
    """
    summaries = [summary for summary in await server.processes() if matches(summary.id)]
    before: Mapping[str, Offered] = known.processes if known is not None else {}

    def every() -> dict[str, Offered]:
        return {summary.id: listed(summary, before.get(summary.id)) for summary in summaries}

    # A list may have ten thousand members, or texts without end: calls go on meanwhile.
    return Offer(server.identity, await anyio.to_thread.run_sync(every))


async def with_descriptions(
    server: Server, offer: Offer, wanted: Collection[str], *, at_once: int = _CONCURRENT
) -> Offer:
    """An offer with the descriptions of some processes as they are now. What cannot be read stays as it was known.

    Raises: BridgeError if not a single one can be read.
    """
    read: dict[str, Offered] = {}
    errors: list[BridgeError] = []
    limiter = anyio.CapacityLimiter(at_once)

    async def describe(process_id: str) -> None:
        async with limiter:
            try:
                raw = (await server.describe(process_id)).raw
            except BridgeError as error:
                _log.warning("%s: process %r could not be read: %s", server.identity.name, process_id, error)
                errors.append(error)
            else:
                known = offer.processes[process_id]
                # To understand a description may take a second, where it is made for that.
                new = known.description != raw
                read[process_id] = await anyio.to_thread.run_sync(_taken, known, process_id, raw) if new else known

    async with anyio.create_task_group() as group:
        for process_id in wanted:
            group.start_soon(describe, process_id)
    if errors and len(errors) == len(wanted):
        raise errors[0]
    return replace(offer, processes={name: read.get(name, known) for name, known in offer.processes.items()})


def without_descriptions(offer: Offer, wanted: Iterable[str]) -> Offer:
    """An offer that holds in memory only the descriptions of which tools are made."""
    stay = frozenset(wanted)
    processes = {
        name: known if name in stay or known.description is None else replace(known, description=None, process=None)
        for name, known in offer.processes.items()
    }
    return replace(offer, processes=processes)


def _taken(offered: Offered, process_id: str, raw: Mapping[str, Any]) -> Offered:
    return described(offered, raw, understood(process_id, raw))
