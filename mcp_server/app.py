"""The composition root: settings become a bridge. The only file that constructs its parts."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from backend.settings import Settings as BackendSettings
from mcp_server.catalog import Catalog, Kept, Patterns, Selection
from mcp_server.connections import Connections
from mcp_server.embedded import EmbeddedBackend, backend_settings, processes_key
from mcp_server.protocol.server import RESERVED, BridgeServer, build_server
from mcp_server.settings import Settings

if TYPE_CHECKING:
    from mcp_server.execution.executor import Executor

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A running bridge."""

    server: BridgeServer
    settings: Settings
    catalog: Catalog
    executor: "Callable[[], Awaitable[Executor]]"
    """Waits until the executor is loaded."""
    embedded_failure: Callable[[], Awaitable[str | None]]
    """Waits until the embedded backend runs, or tells why it cannot; None where there is none."""


@asynccontextmanager
async def open_bridge(
    settings: Settings,
    *,
    backend: BackendSettings | None = None,
    on_failure: Callable[[str], None] = logger.error,
) -> AsyncGenerator[Bridge]:
    """Run a bridge: its server may be served by any transport, to any number of clients.

    `backend` are the settings of the embedded backend, by default `backend_settings(settings)`; `on_failure` is told
    why it could not start. Tools that were kept by an earlier start are offered at once; everything else is loaded in
    the background.
    """
    backend = backend or backend_settings(settings)
    embedded = EmbeddedBackend(backend, on_failure) if settings.embedded else None
    connections = Connections(settings, embedded)
    catalog = Catalog(
        connections.servers,
        Kept(settings.home, key=processes_key(backend) if embedded else ""),
        _selection(settings),
        refresh_seconds=settings.refresh_seconds,
        reserved=RESERVED,
    )
    server = build_server(
        settings,
        list(connections.servers),
        catalog=catalog,
        executor=connections.executor,
        has_datasets=lambda: (embedded is not None and bool(backend.dataset_folders)) or connections.have_datasets,
    )
    server.middleware.append(connections.observe)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(connections.run, catalog.run)
        try:
            yield Bridge(server, settings, catalog, connections.executor, connections.embedded_failure)
        finally:
            tasks.cancel_scope.cancel()


def _selection(settings: Settings) -> Selection:
    return Selection(
        patterns={name: Patterns(server.include, server.exclude) for name, server in settings.servers.items()},
        demonstrations=settings.demo_tools,
        toolsets=settings.toolsets,
        toolset_members=settings.toolset_members,
        max_tools=settings.max_tools,
        pinned=settings.pinned,
    )
