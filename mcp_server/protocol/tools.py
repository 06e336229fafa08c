"""`tools/list` and `tools/call`: the processes of all servers, and the bridge's own tools."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import anyio
from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    Tool,
    ToolAnnotations,
)

from mcp_server.errors import InvalidArgumentsError, UnknownToolError
from mcp_server.protocol import outcomes
from mcp_server.protocol.answers import answer
from mcp_server.protocol.arguments import check
from mcp_server.protocol.job_tools import OwnTool
from mcp_server.protocol.process_tool_definitions import RUN
from mcp_server.protocol.process_tools import NAMES as PROCESS_TOOLS
from mcp_server.protocol.process_tools import ProcessTools, in_inputs
from mcp_server.protocol.progress import ProgressNotifier
from mcp_server.protocol.tasks.extension import HANDLE_SECONDS, Task, Tasks, announced
from mcp_server.schema.process import IDEMPOTENT

if TYPE_CHECKING:
    from mcp_server.catalog import Catalog, ToolEntry
    from mcp_server.execution.executor import Executor

type Context = ServerRequestContext[Any, Any]


_REFRESH_SECONDS: Final = 15.0
_SHOWN_NAME: Final = 200


@dataclass(slots=True)
class Tools:
    """The tool handlers of the server."""

    catalog: "Catalog"
    executor: "Callable[[], Awaitable[Executor]]"
    """Waits until the executor is there: the list of tools is answered before."""
    own: Mapping[str, OwnTool]
    """The bridge's own tools by name."""
    finding: ProcessTools
    """The tools that stand for all processes where these are too many to be tools."""
    tasks: Tasks
    """What a call becomes that takes its time, where its client takes tasks."""
    small_value_bytes: int
    _looked_again: bool = field(default=False, init=False)

    async def list(self, _ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        """Every tool on one page, processes first, in the order of their names.

        Where there are more processes than tools may be: the pinned ones, and the tools that find and run the others.
        """
        if params is not None and params.cursor is not None:
            raise MCPError(INVALID_PARAMS, "there is one page of tools: no cursor was given out")
        processes = [definition(entry) for entry in await self.catalog.tools()]
        if await self.catalog.searched():
            processes += self.finding.definitions()
        return ListToolsResult(tools=[*processes, *(tool.definition for tool in self.own.values() if tool.offered())])

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """The input schema of a tool, None for an unknown one: the SDK checks HTTP headers against it."""
        if name in self.own:
            return self.own[name].definition.input_schema
        if name in PROCESS_TOOLS:
            return self.finding.definition(name).input_schema
        try:
            return dict(self.catalog.find(name).spec.input_schema)
        except UnknownToolError:
            return None

    async def call(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult | Task:
        """Call a tool. Whatever goes wrong is told as `outcomes` says; cancellation passes through."""
        try:
            if params.name in self.own:
                return await self._call_own(ctx, self.own[params.name], params.arguments)
            if params.name in PROCESS_TOOLS and await self.catalog.searched():
                return await self._call_found(ctx, params.name, params.arguments)
            return await self._run(ctx, await self._find(params.name), params.arguments)
        except MCPError:
            raise
        except Exception as error:  # the table of outcomes decides on every error
            return outcomes.of_tool(error, params.name)

    async def _find(self, name: str) -> "ToolEntry":
        """A process by its name, whether it is listed or not."""
        try:
            return await self.catalog.entry(name)
        except UnknownToolError:
            if not self._looked_again:
                # The tools kept by an earlier start may be older than what the client knows. Once is enough: from then
                # on the catalog keeps itself fresh.
                self._looked_again = True
                with anyio.move_on_after(_REFRESH_SECONDS):
                    await self.catalog.refresh()
        try:
            return await self.catalog.entry(name)
        except UnknownToolError:
            close = await self.finding.suggestions(name, self.own)
            suggestion = f"did you mean {close[0]!r}?" if close else "tools/list tells those there are"
            raise UnknownToolError(f"there is no tool {name[:_SHOWN_NAME]!r}; {suggestion}") from None

    async def _call_found(self, ctx: Context, name: str, arguments: Mapping[str, Any] | None) -> CallToolResult | Task:
        if name != RUN:
            return await self.finding.answer(name, arguments)
        entry, inputs = await self.finding.to_run(arguments)
        try:
            return await self._run(ctx, entry, inputs)
        except InvalidArgumentsError as error:
            raise in_inputs(error) from None

    async def _call_own(self, ctx: Context, tool: OwnTool, arguments: Mapping[str, Any] | None) -> CallToolResult:
        checked = check(tool.definition.input_schema, arguments)
        return await tool.run(await self.executor(), checked, ProgressNotifier(ctx.session))

    async def _run(
        self, ctx: Context, entry: "ToolEntry", arguments: Mapping[str, Any] | None
    ) -> CallToolResult | Task:
        # Validation takes a tenth of a second to import, and no tool list needs it.
        from mcp_server.execution.request import build_request  # noqa: PLC0415

        request = build_request(entry.spec, arguments)
        executor = await self.executor()
        as_task = announced(ctx)
        wait = HANDLE_SECONDS if as_task else None
        execution = await executor.run(entry, request, ProgressNotifier(ctx.session), wait=wait)
        if as_task and execution.job is not None and execution.status in ("accepted", "running"):
            return await self.tasks.created(execution.job)
        shows_pictures = entry.spec.output_schema is None
        return await answer(
            executor, execution, shows_pictures=shows_pictures, small_value_bytes=self.small_value_bytes
        )


def definition(entry: "ToolEntry") -> Tool:
    """A process as a tool."""
    spec = entry.spec
    return Tool(
        name=spec.name,
        title=spec.title,
        description=spec.description,
        input_schema=dict(spec.input_schema),
        output_schema=dict(spec.output_schema) if spec.output_schema is not None else None,
        annotations=_annotations(entry),
    )


def _annotations(entry: "ToolEntry") -> ToolAnnotations:
    """What is known of a process. Only our own server's word is taken; what it leaves open may change things.

    Another server's process may reach anywhere as well.
    """
    if not entry.server.embedded:
        return ToolAnnotations(read_only_hint=False, open_world_hint=True)
    if IDEMPOTENT not in entry.spec.process.roles:
        return ToolAnnotations(read_only_hint=False, open_world_hint=False)
    return ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
