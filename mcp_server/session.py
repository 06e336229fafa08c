"""A real MCP session on the bridge, in memory: what the demo, journeys and the command line speak through."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client, MCPError
from mcp.types import TextContent, Tool

from mcp_server.app import Bridge, open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.errors import BridgeError, ConfigurationError, ServerUnreachableError
from mcp_server.references import JobReference
from mcp_server.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

logger = logging.getLogger(__name__)

type OnProgress = Callable[[float | None, str | None], Awaitable[None]]
"""Told of each progress notification: percent (0 to 100, None where the total is unknown) and message."""


FRESH_SECONDS = 15.0
"""How long a session waits for servers' process lists; of one that does not answer, the last known tools are there."""


@asynccontextmanager
async def open_session(settings: Settings, **backend: Any) -> AsyncGenerator[Client]:
    """A client connected to a new bridge. `backend` are settings of the embedded backend, e.g. `config`.

    Its workers log what is `critical` alone, unless `worker_log_level` is given, here or in the environment.

    Raises: ConfigurationError if the embedded backend cannot start, ServerUnreachableError if there is no process.
    """
    own = backend_settings(settings, **backend)
    if "worker_log_level" not in own.model_fields_set:
        # What a process raised is in the answer to its call; nobody watches a log here.
        own = own.model_copy(update={"worker_log_level": "critical"})
    async with open_bridge(settings, backend=own, on_failure=logger.debug) as bridge:
        trouble = await _trouble(bridge)
        if trouble is None:
            async with Client(bridge.server) as client:
                yield client
    # Out here, for the bridge's tasks would wrap it in a group.
    if trouble is not None:
        raise trouble


async def _trouble(bridge: Bridge) -> BridgeError | None:
    """Why a session on this bridge would be of no use."""
    with anyio.move_on_after(FRESH_SECONDS):
        if (reason := await bridge.embedded_failure()) is not None:
            return ConfigurationError(reason)
        # A client that stays is told of changed tools; a session of one call would miss them.
        await bridge.catalog.refresh()
    if not bridge.settings.servers or await bridge.catalog.cards():
        return None
    if read := bridge.catalog.read:
        return ConfigurationError(
            f"no process of {', '.join(sorted(read))} is on offer: there are none, or include, exclude and toolsets "
            "leave none"
        )
    return ServerUnreachableError(f"no process could be read from {', '.join(bridge.settings.servers)}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one tool call answered."""

    structured: dict[str, Any] | None
    """The structured content, where the tool has one."""
    text: str
    """The text blocks, one per line; of a failed call, what went wrong."""
    failed: bool
    """Whether the tool, or the protocol, answered with an error."""


async def call(
    client: Client, tool: str, arguments: Mapping[str, Any], on_progress: OnProgress | None = None
) -> Answer:
    """Call one tool. An error is an answer; nothing is raised for it."""

    async def report(progress: float, total: float | None, message: str | None) -> None:
        if on_progress is not None:
            await on_progress(_percent(progress, total), message)

    try:
        result = await client.call_tool(tool, dict(arguments), progress_callback=report)
    except MCPError as error:
        return Answer(structured=None, text=error.error.message, failed=True)
    text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
    return Answer(structured=result.structured_content, text=text, failed=bool(result.is_error))


async def to_the_end(client: Client, answer: Answer, on_progress: OnProgress | None = None) -> Answer:
    """The answer itself, or that of `get_job` once the job has ended that it hands over, if the bridge keeps it.

    Such a job is the wait for a server without jobs: it ends with the session. Those of servers go on.
    """
    while answer.structured is not None and _ends_with_the_session(answer.structured):
        answer = await call(client, "get_job", {"job": answer.structured["job"]}, on_progress)
    return answer


def _ends_with_the_session(envelope: Mapping[str, Any]) -> bool:
    unfinished = envelope.get("status") in ("accepted", "running")
    return unfinished and str(envelope.get("job")).startswith(str(JobReference.of_bridge("")))


async def list_tools(client: Client) -> list[Tool]:
    """Every tool on offer, all pages, in the server's order."""
    page = await client.list_tools()
    tools = list(page.tools)
    while page.next_cursor:
        page = await client.list_tools(cursor=page.next_cursor)
        tools += page.tools
    return tools


def _percent(progress: float, total: float | None) -> float | None:
    if not total:
        return None
    return min(max(100 * progress / total, 0.0), 100.0)


@contextmanager
def progress_bar(console: "Console", label: str) -> Generator[OnProgress]:
    """Draw progress on a console: a bar on a terminal, a line per step elsewhere."""
    # rich costs a tenth of a second, which the stdio server never needs.
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

    if not console.is_terminal:

        async def tell(percent: float | None, message: str | None) -> None:
            parts = (label, "" if percent is None else f"{percent:3.0f} %", message)
            console.print(" ".join(part for part in parts if part), markup=False, highlight=False, soft_wrap=True)

        yield tell
        return

    label_text, note_text = (TextColumn(f"{{task.fields[{name}]}}", markup=False) for name in ("label", "note"))
    with Progress(label_text, BarColumn(), note_text, console=console, transient=True) as progress:
        task = progress.add_task("", total=100, label=label, note="")

        async def draw(percent: float | None, message: str | None) -> None:
            progress.update(task, completed=percent, note=message or ("" if percent is None else f"{percent:.0f} %"))

        yield draw
