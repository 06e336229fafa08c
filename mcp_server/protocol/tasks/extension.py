"""The requests of the extension: a task is the job of that URI, and nothing of it is kept here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    CallToolResult,
)

from mcp_server.errors import (
    BridgeError,
    InvalidReferenceError,
    InvalidServerReplyError,
    RemoteProblemError,
    ServerUnreachableError,
)
from mcp_server.execution.records import tell_nobody
from mcp_server.ogc.models import StatusInfo
from mcp_server.protocol import outcomes
from mcp_server.protocol.answers import answer
from mcp_server.protocol.tasks.shapes import COMPLETED, IDENTIFIER, TaskParams, UpdateParams, task
from mcp_server.references import JobReference, parse

if TYPE_CHECKING:
    from mcp_server.catalog import Catalog
    from mcp_server.execution.executor import Executor

type Context = ServerRequestContext[Any, Any]
type Task = dict[str, Any]

HANDLE_SECONDS: Final = 1.0
"""How long a call that may become a task waits for its result: what is done by then needs no second request."""
_SERVER_ERROR: Final = 500


def announced(ctx: Context) -> bool:
    """Whether the client of a request takes tasks: it says so in every request, of the revisions that have it."""
    capabilities = ctx.session.client_capabilities
    extensions = (capabilities.extensions if capabilities is not None else None) or {}
    return ctx.protocol_version >= outcomes.MODERN and IDENTIFIER in extensions


def require(ctx: Context) -> None:
    """Refuse what only clients that take tasks may ask.

    Raises: MCPError.
    """
    if ctx.protocol_version < outcomes.MODERN:
        raise MCPError(METHOD_NOT_FOUND, "Method not found", ctx.method)
    if not announced(ctx):
        missing: dict[str, Any] = {"requiredCapabilities": {"extensions": {IDENTIFIER: {}}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, f"the client does not announce {IDENTIFIER}", missing)


@dataclass(frozen=True, slots=True)
class Tasks:
    """The handlers of `tasks/get`, `tasks/update` and `tasks/cancel`, and the tasks that calls become."""

    catalog: "Catalog"
    executor: "Callable[[], Awaitable[Executor]]"
    small_value_bytes: int

    async def created(self, job: JobReference) -> Task:
        """The answer to a call whose execution is now a job.

        Raises: MCPError.
        """
        _, status = await self._standing(job)
        return {"resultType": "task"} | task(str(job), status, now=datetime.now(UTC))

    async def get(self, ctx: Context, params: TaskParams) -> Task:
        """A task as it stands, with its result once it has ended.

        Raises: MCPError, INVALID_PARAMS where there is no such task.
        """
        require(ctx)
        return await self.task(job_of(params.task_id))

    async def update(self, ctx: Context, params: UpdateParams) -> Task:
        """Take what was asked for: no process asks for anything, so that there is nothing to take.

        Raises: MCPError, INVALID_PARAMS where there is no such task.
        """
        require(ctx)
        await self._standing(job_of(params.task_id))
        return {}

    async def cancel(self, ctx: Context, params: TaskParams) -> Task:
        """Dismiss the job of a task; of one that has ended, the result stays.

        Raises: MCPError, INVALID_PARAMS where there is no such task.
        """
        require(ctx)
        job = job_of(params.task_id)
        _, status = await self._standing(job)
        if not status.final:
            try:
                await (await self.executor()).dismiss(job)
            except BridgeError as error:
                raise _refused(job, error) from error
        return {}

    async def task(self, job: JobReference) -> Task:
        """A job as a task, with its result once it has ended.

        Raises: MCPError, INVALID_PARAMS where there is no such job.
        """
        server, status = await self._standing(job)
        told = task(str(job), status, now=datetime.now(UTC))
        if told["status"] == COMPLETED:
            result = await self._result(job, server, status)
            told["result"] = result.model_dump(by_alias=True, mode="json", exclude_none=True)
        return told

    async def known(self, job: JobReference) -> bool:
        """Whether there is such a job, as far as its server can be asked."""
        try:
            await self._standing(job)
        except MCPError as error:
            return error.error.code != INVALID_PARAMS
        return True

    async def _standing(self, job: JobReference) -> tuple[str, StatusInfo]:
        executor = await self.executor()
        try:
            return await executor.standing(job)
        except BridgeError as error:
            raise _refused(job, error) from error

    async def _result(self, job: JobReference, server: str, status: StatusInfo) -> CallToolResult:
        """What the call would have been answered had it waited."""
        executor = await self.executor()
        name, shows_pictures = await self._tool(server, status.process_id)
        try:
            # Progress of a task is in its status.
            execution = await executor.follow(job, 0, tell_nobody)
            return await answer(
                executor, execution, shows_pictures=shows_pictures, small_value_bytes=self.small_value_bytes
            )
        except Exception as error:  # the table of outcomes decides on every other error
            if isinstance(error, BridgeError) and status.status == "successful" and _may_pass(error):
                raise _refused(job, error) from error
            return outcomes.of_tool(error, name)

    async def _tool(self, server: str, process_id: str | None) -> tuple[str, bool]:
        """Name of the tool of a process, and whether it shows pictures; one that is gone shows none."""
        name = process_id or "the process"
        for card in await self.catalog.cards():
            if (card.server, card.process_id) == (server, process_id):
                try:
                    return card.name, (await self.catalog.entry(card.name)).spec.output_schema is None
                except BridgeError:
                    return card.name, False
        return name, False


def job_of(task_id: str) -> JobReference:
    """The job that a task is.

    Raises: MCPError, INVALID_PARAMS where the id is none of ours.
    """
    try:
        match parse(task_id):
            case JobReference() as job:
                return job
            case _:
                raise InvalidReferenceError("the id of a task is the URI of a job, ogc://SERVER/jobs/ID")
    except InvalidReferenceError as error:
        raise MCPError(INVALID_PARAMS, f"there is no task {task_id!r}: {error}") from error


def _may_pass(error: BridgeError) -> bool:
    """Whether a result that could not be read may be there when it is asked for again."""
    if isinstance(error, RemoteProblemError):
        return error.status >= _SERVER_ERROR
    return isinstance(error, ServerUnreachableError | InvalidServerReplyError)


def _refused(job: JobReference, error: BridgeError) -> MCPError:
    """What a question for a task is answered with where it cannot be told."""
    if outcomes.OUTCOMES[type(error)] is outcomes.Outcome.NOT_FOUND:
        return MCPError(INVALID_PARAMS, f"there is no task {job}, or no longer: {error}")
    return MCPError(INTERNAL_ERROR, f"task {job} cannot be told now: {error}")
