"""`subscriptions/listen` with the ids of tasks: whatever is new of them is told as `notifications/tasks`."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

import anyio
from mcp import MCPError
from mcp.server.session import ServerSession
from mcp.server.subscriptions import SUBSCRIPTION_ID_META_KEY, ListenHandler
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    RequestId,
    ServerNotification,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotification,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
)

from mcp_server.errors import BridgeError
from mcp_server.protocol.tasks.extension import Context, Task, Tasks, job_of, require
from mcp_server.protocol.tasks.shapes import ENDED, TaskNotification, TaskNotificationParams

if TYPE_CHECKING:
    from mcp_server.execution.executor import Executor
    from mcp_server.references import JobReference

MOST_TASKS: Final = 100
"""In one subscription: each is a question to a server that is held."""
_MEMBER: Final = "taskIds"
_LONG_SECONDS: Final = 3600.0
_AGAIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class TaskListening:
    """The handler of `subscriptions/listen`."""

    tasks: Tasks
    executor: "Callable[[], Awaitable[Executor]]"
    listen: ListenHandler
    """Of everything but tasks."""

    async def __call__(self, ctx: Context, params: SubscriptionsListenRequestParams) -> SubscriptionsListenResult:
        """Tell what was asked for until the client goes away.

        Raises: MCPError, where tasks are asked for by a client that does not announce the extension.
        """
        asked_for = _task_ids(params.notifications)
        if asked_for is None:
            return await self.listen(ctx, params)
        require(ctx)
        known = await self._known([job for job in map(_job, asked_for[:MOST_TASKS]) if job is not None])
        session = _Acknowledging(ctx.session, [str(job) for job in known])
        outcome: SubscriptionsListenResult | MCPError | None = None
        async with anyio.create_task_group() as group:
            for job in known:
                group.start_soon(self._follow, job, ctx, session.acknowledged)
            try:
                outcome = await self.listen(replace(ctx, session=cast("ServerSession", session)), params)
            except MCPError as error:
                outcome = error
            group.cancel_scope.cancel()
        if isinstance(outcome, SubscriptionsListenResult):
            return outcome
        raise outcome or MCPError(INTERNAL_ERROR, "the subscription ended")

    async def _known(self, jobs: "Sequence[JobReference]") -> "list[JobReference]":
        """Those that there are; all are asked for at once, for a server that is silent is waited for."""
        found: set[JobReference] = set()

        async def ask(job: "JobReference") -> None:
            if await self.tasks.known(job):
                found.add(job)

        async with anyio.create_task_group() as group:
            for job in jobs:
                group.start_soon(ask, job)
        return [job for job in jobs if job in found]

    async def _follow(self, job: "JobReference", ctx: Context, acknowledged: anyio.Event) -> None:
        """Tell each state of a task until it has ended, or is gone."""
        await acknowledged.wait()
        executor = await self.executor()
        told: Task = {}

        async def news(*_: object) -> None:
            nonlocal told
            state = await self.tasks.task(job)
            if state != told:
                told = state
                await _tell(ctx, state)

        while told.get("status") not in ENDED:
            try:
                with suppress(BridgeError):  # why a job failed, or cannot be asked for, its state tells as well
                    await executor.follow(job, _LONG_SECONDS, news)
                await news()
            except MCPError as error:
                if error.error.code == INVALID_PARAMS:
                    return
            if told.get("status") not in ENDED:
                await anyio.sleep(_AGAIN_SECONDS)


class _Acknowledging:
    """A session that names in the acknowledgement the tasks that will be told of, and knows when that was sent."""

    def __init__(self, session: ServerSession, task_ids: Sequence[str]) -> None:
        self._session = session
        self._agreed = {_MEMBER: list(task_ids)} if task_ids else {}
        self.acknowledged = anyio.Event()

    async def send_notification(
        self, notification: ServerNotification, related_request_id: RequestId | None = None
    ) -> None:
        """Send a notification of the subscription."""
        if isinstance(notification, SubscriptionsAcknowledgedNotification):
            honoured = notification.params.notifications.model_copy(update=self._agreed)
            params = notification.params.model_copy(update={"notifications": honoured})
            notification = notification.model_copy(update={"params": params})
        await self._session.send_notification(notification, related_request_id)
        self.acknowledged.set()


async def _tell(ctx: Context, state: Task) -> None:
    params = TaskNotificationParams(task=state, _meta={SUBSCRIPTION_ID_META_KEY: ctx.request_id})
    # The SDK sends any notification; its type names those of the core alone.
    await ctx.session.send_notification(cast("Any", TaskNotification(params=params)), ctx.request_id)


def _task_ids(notifications: SubscriptionFilter) -> list[str] | None:
    """The tasks that are asked for; None where the filter does not speak of any.

    Raises: MCPError.
    """
    found: object = (notifications.model_extra or {}).get(_MEMBER)
    if found is None:
        return None
    ids = cast("list[object]", found) if isinstance(found, list) else [found]
    if not isinstance(found, list) or not all(isinstance(one, str) for one in ids):
        raise MCPError(INVALID_PARAMS, f"`{_MEMBER}` is a list of the ids of tasks")
    return list(dict.fromkeys(cast("list[str]", ids)))


def _job(task_id: str) -> "JobReference | None":
    with suppress(MCPError):
        return job_of(task_id)
    return None
