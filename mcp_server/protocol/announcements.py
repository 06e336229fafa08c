"""Telling clients that the tools have changed, in both protocol eras."""

from typing import Any, Final

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourcesListChanged, ToolsListChanged

_PATIENCE_SECONDS: Final = 5.0


class Announcements:
    """Knows who listens: the sessions of the handshake era, and the subscriptions of the later one."""

    def __init__(self) -> None:
        self._bus = InMemorySubscriptionBus()
        self._sessions: set[ServerSession] = set()
        self.listen = ListenHandler(self._bus)

    async def observe(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Middleware: remember each session from its `initialize` until its connection ends."""
        result = await call_next(ctx)
        if ctx.method == "initialize":
            self._sessions.add(ctx.session)
            # Only the connection knows when it ends, and the session has no public way to it.
            connection = ctx.session._connection  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            connection.exit_stack.callback(self._sessions.discard, ctx.session)
        return result

    async def tools_changed(self) -> None:
        """Tell every client that tools, and the descriptions among the resources, have changed."""
        await self._bus.publish(ToolsListChanged())
        await self._bus.publish(ResourcesListChanged())
        async with anyio.create_task_group() as tasks:
            for session in list(self._sessions):
                tasks.start_soon(_tell, session)


async def _tell(session: ServerSession) -> None:
    # A client that does not read must not hold up the others.
    with anyio.move_on_after(_PATIENCE_SECONDS):
        await session.send_tool_list_changed()
        await session.send_resource_list_changed()
