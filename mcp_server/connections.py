"""The connections to all configured servers, loaded when they are first needed."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio
import anyio.to_thread

from mcp_server.errors import ConfigurationError
from mcp_server.ogc.dialects import DIALECTS, UNKNOWN
from mcp_server.ogc.models import ProcessDescription, ProcessSummary, ServerIdentity
from mcp_server.servers import ServerSettings
from mcp_server.settings import EMBEDDED, Settings

if TYPE_CHECKING:
    import httpx
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
    from starlette.types import Receive, Scope, Send

    from mcp_server.execution.executor import Executor
    from mcp_server.ogc.client import OgcClient
    from mcp_server.ogc.reader import Reader

_log = logging.getLogger(__name__)

_HEAD_START_SECONDS: Final = 1.0


class Embedded(Protocol):
    """What is asked of an embedded backend: an ASGI application that may be called while it still loads."""

    url: str
    """By which it knows itself."""
    known: anyio.Event
    """It runs, or it is known that it cannot."""
    failure: str | None
    """Why it could not start."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Load and run it."""
        ...

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request."""
        ...


def _import_connections() -> None:
    """Import what talks to servers, off the event loop: a third of a second that no tool list needs."""
    for module in ("execution.executor", "execution.request", "results.store"):
        import_module(f"mcp_server.{module}")


def remote_client(
    name: str, server: ServerSettings, http: "httpx.AsyncBaseTransport", settings: Settings
) -> "OgcClient":
    """A client of one configured server, with its credentials and limits, else the bridge's.

    http: from `mcp_server.ogc.connecting.open_http`, which trusts the server's `ca_file`.
    """
    from mcp_server.ogc.client import OgcClient  # noqa: PLC0415

    most, seconds = _bounds(server, settings)
    return OgcClient(
        name,
        server.url,
        http,
        embedded=False,
        max_reply_bytes=most,
        read_seconds=seconds,
        access=server,
        dialect=server.dialect,
    )


def remote_reader(name: str, server: ServerSettings, http: "httpx.AsyncBaseTransport", settings: Settings) -> "Reader":
    """What reads the pages of a configured server that a client has no use for, with the client's limits."""
    from mcp_server.ogc.exchange import Exchange  # noqa: PLC0415
    from mcp_server.ogc.reader import Reader  # noqa: PLC0415

    most, seconds = _bounds(server, settings)
    return Reader(Exchange(name, http, max_reply_bytes=most, read_seconds=seconds, access=server), server.url)


def _bounds(server: ServerSettings, settings: Settings) -> tuple[int, float]:
    """Largest reply of a server in bytes, and longest time of a request to it: its own, else the bridge's."""
    return server.max_reply_bytes or settings.max_reply_bytes, server.read_seconds or settings.read_seconds


def _check(servers: Mapping[str, ServerSettings]) -> None:
    """Tell before a server is asked what it would fail with.

    Raises: ConfigurationError for a dialect that is not known.
    """
    for name, server in servers.items():
        if server.dialect is not None and server.dialect not in DIALECTS:
            known = ", ".join(sorted(DIALECTS))
            raise ConfigurationError(f"servers.{name}.dialect: {server.dialect!r} is not known; there are {known}")


class Connections:
    """The configured servers. What it takes to talk to them is loaded when it is first needed, or soon after.

    Loading competes for the interpreter with the client's first requests, so it waits until the tools were listed.
    """

    def __init__(self, settings: Settings, embedded: Embedded | None) -> None:
        """embedded: the embedded backend, None where there is none.

        Raises: ConfigurationError for settings of a server that cannot be kept.
        """
        _check(settings.servers)
        for note in settings.notes:
            _log.warning("%s", note)
        self._settings = settings
        self._embedded = embedded
        self._wanted = anyio.Event()
        self._ready = anyio.Event()
        self._clients: dict[str, OgcClient] = {}
        self._executor: Executor | None = None
        urls = {EMBEDDED: embedded.url} if embedded is not None else {}
        urls |= {name: server.url for name, server in settings.servers.items()}
        self.servers = {name: _Server(name, url, self) for name, url in urls.items()}
        """By name, the embedded one first."""

    async def run(self, refresh: Callable[[], Awaitable[None]]) -> None:
        """Connect, and keep the tools fresh with `refresh`, until cancelled."""
        with anyio.move_on_after(_HEAD_START_SECONDS):
            await self._wanted.wait()
        async with AsyncExitStack() as stack:
            if self._embedded is not None:
                await stack.enter_async_context(self._embedded.running())
            await self._connect(stack)
            self._ready.set()
            await refresh()

    async def observe(self, ctx: "ServerRequestContext[Any, Any]", call_next: "CallNext") -> "HandlerResult":
        """Middleware: the first answered list of tools ends the head start."""
        result = await call_next(ctx)
        if ctx.method == "tools/list":
            self._wanted.set()
        return result

    async def executor(self) -> "Executor":
        """The executor, once it is there."""
        await self._wait()
        if self._executor is None:
            raise RuntimeError("the servers are connected before they are said to be")
        return self._executor

    async def embedded_failure(self) -> str | None:
        """Why the embedded backend cannot run, once that is known."""
        if self._embedded is None:
            return None
        self._wanted.set()
        await self._embedded.known.wait()
        return self._embedded.failure

    @property
    def have_datasets(self) -> bool:
        """Whether a server, as far as they are known yet, has datasets; the embedded one is known to its owner."""
        return any(client.dialect.datasets for client in self._clients.values() if not client.identity.embedded)

    async def client(self, name: str) -> "OgcClient":
        """The client of a server, once it is there."""
        await self._wait()
        return self._clients[name]

    async def _wait(self) -> None:
        if not self._ready.is_set():  # else each call would go once around the event loop for nothing
            self._wanted.set()
            await self._ready.wait()

    async def _connect(self, stack: AsyncExitStack) -> None:
        await anyio.to_thread.run_sync(_import_connections)
        from mcp_server.execution.executor import Executor  # noqa: PLC0415
        from mcp_server.execution.job_records import JobRecords  # noqa: PLC0415
        from mcp_server.results.store import KeptResults  # noqa: PLC0415

        settings = self._settings
        if self._embedded is not None:
            self._clients[EMBEDDED] = await self._embedded_client(stack, self._embedded)
        await self._connect_remotes(stack)
        remote = settings.servers
        self._executor = Executor(
            self._clients,
            KeptResults(settings.home),
            JobRecords(settings.home),
            await stack.enter_async_context(anyio.create_task_group()),
            wait_seconds=settings.wait_seconds,
            waits={name: server.wait_seconds for name, server in remote.items() if server.wait_seconds},
            sync_seconds=settings.sync_seconds,
            sync_waits={name: server.sync_seconds for name, server in remote.items() if server.sync_seconds},
            public=[name for name, server in remote.items() if server.public and not server.credentials],
        )

    async def _embedded_client(self, stack: AsyncExitStack, embedded: Embedded) -> "OgcClient":
        from mcp_server.ogc.client import OgcClient  # noqa: PLC0415
        from mcp_server.ogc.in_process import InProcessTransport  # noqa: PLC0415

        http = await stack.enter_async_context(InProcessTransport(embedded))
        limit = self._settings.max_reply_bytes
        return OgcClient(EMBEDDED, embedded.url, http, embedded=True, max_reply_bytes=limit)

    async def _connect_remotes(self, stack: AsyncExitStack) -> None:
        """Clients of the remote servers; those that trust the same authorities share their connections."""
        from mcp_server.ogc.connecting import open_http  # noqa: PLC0415

        pools: dict[Path | None, httpx.AsyncBaseTransport] = {}
        for name, server in self._settings.servers.items():
            if server.ca_file not in pools:
                pools[server.ca_file] = await stack.enter_async_context(open_http(ca_file=server.ca_file))
            self._clients[name] = remote_client(name, server, pools[server.ca_file], self._settings)


class _Server:
    """A server as the catalog sees it, before its client is loaded."""

    def __init__(self, name: str, url: str, connections: Connections) -> None:
        self.identity = ServerIdentity(name, url, name == EMBEDDED, UNKNOWN)
        self._connections = connections

    async def processes(self) -> list[ProcessSummary]:
        client = await self._connections.client(self.identity.name)
        summaries = await client.processes()
        self.identity = client.identity
        return summaries

    async def describe(self, process_id: str) -> ProcessDescription:
        client = await self._connections.client(self.identity.name)
        return await client.describe(process_id)
