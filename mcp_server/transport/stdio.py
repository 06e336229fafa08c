"""MCP over standard input and output: what desktop clients start."""

import gc
import logging
import os
from collections.abc import Mapping
from typing import Any, Final, cast

import anyio
from mcp.server.stdio import stdio_server

from mcp_server.app import backend_settings, open_bridge
from mcp_server.settings import Settings
from mcp_server.transport.wire import LineReader, LineWriter, claimed_wire

_INTERRUPTED: Final = 130
_DRAIN_SECONDS: Final = 5.0


async def serve_stdio(settings: Settings, backend: Mapping[str, Any] | None = None) -> None:
    """Serve one client until it closes standard input. `backend` are settings of the embedded backend.

    The protocol owns the standard streams before anything else runs: while it does, whatever processes and plugins
    print goes to standard error, and children find standard input empty. When interrupted, the program ends here.
    """
    with claimed_wire() as wire:
        lines, answers = LineReader(wire.incoming), LineWriter(wire.outgoing)
        # Of the files that it is given the transport uses these methods alone.
        async with stdio_server(cast("Any", lines), cast("Any", answers)) as (read, write):
            try:
                async with open_bridge(settings, backend=backend_settings(settings, **(backend or {}))) as bridge:
                    # What was imported stays: to look through it for garbage again and again would be felt in calls.
                    gc.freeze()
                    await bridge.server.run(read, write, bridge.server.create_initialization_options())
            except anyio.get_cancelled_exc_class():
                # All has ended but the thread that waits for a line of standard input, and nothing can wake it.
                logging.shutdown()
                os._exit(_INTERRUPTED)
        with anyio.move_on_after(_DRAIN_SECONDS):
            await answers.drain()
