"""Executions as they are sent: each in a task of the bridge's own, so that no caller's end loses an answer."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

import anyio

from mcp_server.execution.body import execute_body, prefer_header
from mcp_server.execution.calls import Call
from mcp_server.execution.endings import Endings
from mcp_server.execution.inputs import InputResolver
from mcp_server.execution.records import Execution
from mcp_server.execution.under_way import Run
from mcp_server.execution.wording import in_callers_words
from mcp_server.ogc.models import Accepted, StatusInfo

_SUBMIT_SECONDS = 30.0
_SIGN_OF_LIFE_SECONDS = 5.0


class Tasks(Protocol):
    """A task group that lives as long as the bridge."""

    def start_soon(self, func: Callable[..., Coroutine[Any, Any, object]], *args: Any) -> object:
        """Start a task."""
        ...


class Submitter:
    """Sends executions and tells what they ended with."""

    def __init__(
        self,
        tasks: Tasks,
        inputs: InputResolver,
        endings: Endings,
        *,
        on_end: Callable[[Run], Awaitable[None]],
        sync_seconds: float,
        sync_waits: Mapping[str, float],
        most_at_once: int,
    ) -> None:
        """Take the task group in which executions go on.

        on_end: told of every submission that has ended, before it counts as answered.
        sync_seconds: how long an answer is waited for; sync_waits: the same by server, where it differs.
        most_at_once: how many answers are waited for from servers that may take their time.
        """
        self._tasks = tasks
        self._inputs = inputs
        self._endings = endings
        self._on_end = on_end
        self._sync_seconds = sync_seconds
        self._sync_waits = sync_waits
        self._slots = anyio.CapacityLimiter(most_at_once)
        self.most_at_once = most_at_once

    def start(self, call: Call, run: Run) -> None:
        """Begin to send the execution of a call."""
        self._tasks.start_soon(self._run, call, run)

    def seconds(self, server: str) -> float:
        """How long an answer of this server is waited for."""
        return self._sync_waits.get(server, self._sync_seconds)

    async def _run(self, call: Call, run: Run) -> None:
        try:
            with run.scope:
                run.outcome = await self._outcome(call, run)
        except Exception as error:
            # Whoever waits for the execution is told of it.
            run.outcome = error
        finally:
            await self._on_end(run)

    async def _outcome(self, call: Call, run: Run) -> StatusInfo | Execution:
        client, process_id = call.client, call.request.process_id
        with in_callers_words(client, call.argument_names):
            inputs = await self._inputs.resolve(call.request.inputs, client)
            process, dialect = call.tool.spec.process, client.dialect
            body, prefer = execute_body(process, inputs, dialect), prefer_header(process.modes, dialect)
            run.server_dismisses = "async-execute" in process.modes and dialect.dismisses_abandoned
            # A server that is no kin of ours may advertise async and yet answer only when all is done.
            seconds = self.seconds(client.identity.name)
            if run.server_dismisses:
                seconds = dialect.submit_wait_seconds + _SUBMIT_SECONDS
            async with self._slot(run):
                reply = await client.execute(process_id, body, prefer=prefer, seconds=seconds)
            if isinstance(reply, Accepted):
                run.accepted(client.identity.name, reply.status)
                return reply.status
            return await self._endings.completed(client, process_id, reply)

    @asynccontextmanager
    async def _slot(self, run: Run) -> AsyncGenerator[None]:
        """Wait until one more execution may be sent. Servers that answer soon are not counted."""
        if run.server_dismisses:
            run.sent = True
            yield
            return
        try:
            self._slots.acquire_nowait()
        except anyio.WouldBlock:
            run.queued = True
            await self._slots.acquire()
        run.queued, run.sent = False, True
        try:
            yield
        finally:
            self._slots.release()


async def until_set(answered: anyio.Event, still_waiting: Callable[[float], Awaitable[None]], *, since: float) -> None:
    """Wait for an event; `still_waiting` is told every few seconds how long it has been since that time."""
    while not answered.is_set():
        with anyio.move_on_after(_SIGN_OF_LIFE_SECONDS):
            await answered.wait()
        if not answered.is_set():
            await still_waiting(anyio.current_time() - since)
