"""Processes that are no tools, described when they are asked for."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import anyio
import anyio.to_thread

from mcp_server.catalog.changes import change_of, warn
from mcp_server.catalog.kept import Kept
from mcp_server.catalog.reading import Server
from mcp_server.catalog.records import Key, Offer, ToolEntry
from mcp_server.catalog.shelf import tool_entry
from mcp_server.errors import InvalidServerReplyError, ServerUnreachableError

_log = logging.getLogger(__name__)

_MOST = 256


@dataclass(frozen=True, slots=True)
class _Made:
    entry: ToolEntry
    moment: float
    """When it was read, in the event loop's time."""


class OnDemand:
    """The processes asked for last. Each is read again after a while, so that a call fits what its server takes now."""

    def __init__(self, servers: Mapping[str, Server], kept: Kept, *, fresh_seconds: float) -> None:
        self._servers = servers
        self._kept = kept
        self._fresh_seconds = fresh_seconds
        self._made: OrderedDict[Key, _Made] = OrderedDict()

    async def entry(self, name: str, process_id: str, offer: Offer) -> ToolEntry:
        """A process as a tool of that name; where its server does not answer, as it was last read.

        Raises: RemoteProblemError, ServerUnreachableError, InvalidServerReplyError where nothing was read before.
        """
        key = offer.identity.name, process_id
        made, now = self._made.get(key), anyio.current_time()
        if made is not None and made.entry.spec.name == name and now - made.moment <= self._fresh_seconds:
            return made.entry
        was = (await anyio.to_thread.run_sync(self._kept.was, offer.identity, [process_id])).get(process_id)
        try:
            raw = (await self._servers[offer.identity.name].describe(process_id)).raw
        except (ServerUnreachableError, InvalidServerReplyError) as error:
            if made is not None:
                return made.entry
            if was is None:
                raise
            _log.info("%s: process %r as it was last read: %s", offer.identity.name, process_id, error)
            raw = was.description
        entry = tool_entry(name, offer.identity, process_id, raw)
        if was is not None and not offer.identity.embedded:
            entry = replace(entry, changed=change_of(was, raw, datetime.now(UTC)))
            if entry.changed is not was.changed and (made is None or made.entry.description.raw != raw):
                warn(offer.identity.name, process_id, entry.changed)
        self._made[key] = _Made(entry, now)
        self._made.move_to_end(key)
        if len(self._made) > _MOST:
            self._made.popitem(last=False)
        return entry
