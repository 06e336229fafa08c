"""MCP over standard input and output: what desktop clients start."""

import gc
import logging
import sys
from collections.abc import Mapping
from typing import Any, Final

import anyio

from mcp_server.app import open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.errors import ConfigurationError
from mcp_server.settings import Settings
from mcp_server.transport.messages import Incoming, Outgoing
from mcp_server.transport.owed import Owed
from mcp_server.transport.requests import sound_messages
from mcp_server.transport.wire import LineReader, LineWriter, claimed_wire

_ANSWER_SECONDS: Final = 30.0
"""What an answer to a script may take longer than a call waits for a job: the start of the server, too."""
_DRAIN_SECONDS: Final = 5.0
"""Longest time in which a client that has closed its end may still read what it is owed."""

logger = logging.getLogger(__name__)


async def serve_stdio(settings: Settings, backend: Mapping[str, Any] | None = None) -> None:
    """Serve one client until it closes standard input. `backend` are settings of the embedded backend.

    A client that closes it before it was answered once is a script, and is answered all that it asked.

    The protocol owns the standard streams before anything else runs: while it does, whatever processes and plugins
    print goes to standard error, and children find standard input empty.

    Raises: ConfigurationError where a standard stream is closed.
    """
    if sys.stdin is None or sys.stdout is None:
        raise ConfigurationError("standard input and output must be open: the client speaks through them")
    with claimed_wire() as wire:
        incoming = LineReader(wire.incoming, settings.max_request_bytes)
        owed = Owed(lambda: incoming.hasty, seconds=settings.wait_seconds + _ANSWER_SECONDS)
        lines = LineWriter(wire.outgoing, owed.said)
        with anyio.CancelScope() as session:
            outgoing = Outgoing(lines, session.cancel)
            messages = sound_messages(incoming, outgoing.answer, settings.max_request_bytes, owed)
            await _serve(settings, backend, Incoming(messages), outgoing)
        if session.cancelled_caught:
            logger.info("the client reads no more")
        with anyio.move_on_after(_DRAIN_SECONDS):
            await lines.drain()


async def _serve(settings: Settings, backend: Mapping[str, Any] | None, incoming: Incoming, outgoing: Outgoing) -> None:
    async with open_bridge(settings, backend=backend_settings(settings, **(backend or {}))) as bridge:
        # What was imported stays: to look through it for garbage again and again would be felt in calls.
        gc.freeze()
        await bridge.server.run(incoming, outgoing, bridge.server.create_initialization_options())
