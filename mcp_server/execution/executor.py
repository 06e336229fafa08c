"""Runs one execution for the agent: submits, waits, tells progress, dismisses what is cancelled, names the results."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from types import MappingProxyType
from typing import Any

import anyio

from mcp_server.errors import (
    BridgeError,
    InvalidReferenceError,
    InvalidServerReplyError,
    NoSuchJobError,
    RemoteProblemError,
    ResultGoneError,
    ServerUnreachableError,
)
from mcp_server.execution.calls import Call, Tool, call_key
from mcp_server.execution.endings import Endings
from mcp_server.execution.inputs import InputResolver, Keeper
from mcp_server.execution.polling import until_final
from mcp_server.execution.progress import Teller
from mcp_server.execution.records import Execution, Notify, ReferencedOutput
from mcp_server.execution.request import ExecuteRequest
from mcp_server.execution.submission import submit, until_set
from mcp_server.execution.under_way import Run, UnderWay
from mcp_server.execution.wording import Wording
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.models import Accepted, ExecuteReply, OutputResult, StatusInfo
from mcp_server.references import JobReference, KeptReference, ResultReference

__all__ = ["Execution", "Executor", "Notify", "ReferencedOutput", "Tool"]

_log = logging.getLogger(__name__)

_SUBMIT_SECONDS = 30.0
_SYNC_SECONDS = 600.0
_CARRIED_BYTES = 16 * 2**20
_DISMISS_SECONDS = 15.0


class Executor:
    """Executions on all configured servers."""

    def __init__(
        self,
        clients: Mapping[str, OgcClient],
        kept: Keeper,
        *,
        wait_seconds: float,
        sync_seconds: float = _SYNC_SECONDS,
        max_carried_bytes: int = _CARRIED_BYTES,
        pause: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        """Take clients by server name.

        wait_seconds: how long a call waits for its job before it answers with a handle.
        sync_seconds: how long it waits where the server makes no job of it.
        max_carried_bytes: largest value carried from one server to another.
        """
        self._clients = clients
        self._kept = kept
        self._wait_seconds = wait_seconds
        self._sync_seconds = sync_seconds
        self._inputs = InputResolver(clients, kept, max_bytes=max_carried_bytes)
        self._endings = Endings(kept, pause)
        self._under_way = UnderWay()
        self._pause = pause

    async def run(self, tool: Tool, request: ExecuteRequest, notify: Notify) -> Execution:
        """Execute, or find the job that the same call started before, and wait for it within the budget.

        A cancelled call's job is dismissed, unless another call waits for it or was answered with its URI.

        Raises: RemoteProblemError with the reason where the server refuses or the job fails, ResultGoneError where it
        was dismissed meanwhile, OutcomeUnknownError where an answer was lost, and what resolving inputs may raise.
        """
        client = self._client(tool.server.name)
        key = call_key(tool.server.name, request.process_id, request.inputs)
        deadline = anyio.current_time() + self._wait_seconds
        names = {input_id: name for name, input_id in tool.spec.argument_names.items()}
        try:
            return await self._answer(Call(client, tool, request, key, deadline, Teller(notify)))
        except RemoteProblemError as error:
            raise _wording(client, names).error(error) from error

    async def follow(self, job: JobReference, wait: float, notify: Notify) -> Execution:
        """Wait for a job, at most `wait` seconds.

        Raises: NoSuchJobError, RemoteProblemError with the reason of a failed job.
        """
        client = self._client(job.server)
        run = self._under_way.of_job(job)
        try:
            with run.awaited() if run else nullcontext():
                status = await client.standing(job.job_id)
                status = await until_final(
                    client, status, wait=wait, on_status=Teller(notify).status, pause=self._pause
                )
                if run and status.final:
                    self._under_way.forget(run)
                return await self._endings.of_job(client, status, status.process_id or "")
        except RemoteProblemError as error:
            raise _wording(client).error(error) from error

    async def dismiss(self, job: JobReference) -> Execution:
        """Dismiss a job; the state it is then in.

        Raises: NoSuchJobError.
        """
        client = self._client(job.server)
        return _standing(client, await client.dismiss(job.job_id))

    async def jobs(self, limit: int, server: str | None = None) -> list[Execution]:
        """The newest jobs of one server, or of all that answer.

        Raises: what asking may raise, if a server is named or none answers.
        """
        if server is not None:
            client = self._client(server)
            return [_standing(client, status) for status in await client.jobs(limit=limit)]
        found: list[tuple[OgcClient, StatusInfo]] = []
        errors: list[BridgeError] = []

        async def ask(client: OgcClient) -> None:
            try:
                found.extend((client, status) for status in await client.jobs(limit=limit))
            except BridgeError as error:
                _log.info("jobs of %s: %s", client.identity.name, error)
                errors.append(error)

        async with anyio.create_task_group() as group:
            for client in self._clients.values():
                group.start_soon(ask, client)
        if errors and len(errors) == len(self._clients):
            raise errors[0]
        found.sort(key=lambda pair: pair[1].created or pair[1].started or "", reverse=True)
        return [_standing(client, status) for client, status in found[:limit]]

    async def read(self, uri: ResultReference | KeptReference, offset: int | None, limit: int | None) -> OutputResult:
        """An output with its value, or a page of it.

        Raises: NoSuchJobError, ResultGoneError, ReferenceRefusedError, InvalidReferenceError.
        """
        if isinstance(uri, KeptReference):
            return await self._kept.read(uri, offset=offset, limit=limit)
        return await self._client(uri.server).read(uri.job_id, uri.output_id, offset=offset, limit=limit)

    async def _answer(self, call: Call) -> Execution:
        """The answer of the execution that an equal call started before, else of one that this call starts."""
        while True:
            run = self._under_way.of_call(call.key)
            if run is None:
                return await self._started(call)
            execution = await self._joined(call, run)
            if execution is not None:
                return execution

    async def _started(self, call: Call) -> Execution:
        run = self._under_way.begin(call.key)
        async with self._awaited(call.client, run):
            with self._under_way.submitting(run):
                reply = await self._submit(call, run)
                if not isinstance(reply, Accepted):
                    completed = await self._endings.completed(call.client, call.request.process_id, reply)
                    run.outcome = completed
                    return completed
                run.accepted(call.client.identity.name, reply.status)
            return await self._see_through(call, run, reply.status)

    async def _joined(self, call: Call, run: Run) -> Execution | None:
        """The answer of an execution that an equal call started; None where it is over, or was never submitted."""
        # A job that others wait for is theirs together to its end. One that nobody waited for may have ended long ago.
        together = run.waiting > 0
        async with self._awaited(call.client, run):
            if run.job is not None:
                outcome = await self._known(call.client, run.job)
                outcome = outcome if outcome is None or together or not outcome.final else None
            else:
                await until_set(run.answered, call.teller.waiting)
                outcome = run.outcome
            match outcome:
                case StatusInfo() as status:
                    return await self._see_through(call, run, status)
                case Execution() as execution:
                    return execution
                case BridgeError() as error:
                    raise error
                case None:
                    self._under_way.forget(run)
                    return None

    async def _submit(self, call: Call, run: Run) -> ExecuteReply:
        client, process_id = call.client, call.request.process_id
        inputs = await self._inputs.resolve(call.request.inputs, client)
        dialect = client.dialect
        body: dict[str, Any] = {"inputs": inputs} | ({"response": dialect.response} if dialect.response else {})
        if "async-execute" in call.tool.spec.process.modes:
            prefer = dialect.prefer_async
            if dialect.dismisses_abandoned:
                # Answered soon, and ended by its server when its caller goes away: there is nothing to look after.
                seconds = dialect.submit_wait_seconds + _SUBMIT_SECONDS
                return await client.execute(process_id, body, prefer=prefer, seconds=seconds)
        else:
            prefer = "return=minimal" if dialect.minimal_results else None
        # A server that is no kin of ours may advertise async and yet answer only when all is done.
        send = partial(client.execute, process_id, body, prefer=prefer, seconds=self._sync_seconds)

        async def keep_or_dismiss(reply: ExecuteReply) -> None:
            if not isinstance(reply, Accepted):
                return
            if run.waiting > 1:
                run.accepted(client.identity.name, reply.status)
            else:
                await self._dismiss(client, reply.status.job_id)

        return await submit(
            send, abandonable=dialect.dismisses_abandoned, on_late=keep_or_dismiss, still_waiting=call.teller.waiting
        )

    @asynccontextmanager
    async def _awaited(self, client: OgcClient, run: Run) -> AsyncGenerator[None]:
        """A call waits for an execution. When it is cancelled the job is dismissed, unless somebody else counts on it.

        That is an equal call that still waits, or one that was answered with the job's URI.
        """
        with run.awaited():
            try:
                yield
            except anyio.get_cancelled_exc_class():
                if run.job is not None and run.abandoned:
                    self._under_way.forget(run)
                    await self._dismiss(client, run.job.job_id)
                raise

    async def _see_through(self, call: Call, run: Run, status: StatusInfo) -> Execution:
        """What becomes of the job of an execution within the call's time."""
        job, client = JobReference(call.client.identity.name, status.job_id), call.client
        try:
            remaining = max(0.0, call.deadline - anyio.current_time())
            status = await until_final(client, status, wait=remaining, on_status=call.teller.status, pause=self._pause)
            if status.final:
                self._under_way.forget(run)
            if status.status == "dismissed":
                raise ResultGoneError(f"job {job} was dismissed before it ended; call the tool again", status=410)
            execution = await self._endings.of_job(client, status, call.request.process_id)
        except NoSuchJobError as error:
            self._under_way.forget(run)
            raise ResultGoneError(f"job {job} is gone: it was dismissed, or the server lost it", status=410) from error
        except (ServerUnreachableError, InvalidServerReplyError) as error:
            run.promised = True
            raise type(error)(f"{error}. The job may still run: ask with get_job, job={job}") from error
        run.promised = True
        return execution

    async def _known(self, client: OgcClient, job: JobReference) -> StatusInfo | None:
        """The status of a job, if its server can tell."""
        try:
            return await client.standing(job.job_id)
        except (RemoteProblemError, InvalidServerReplyError):
            return None

    async def _dismiss(self, client: OgcClient, job_id: str) -> None:
        """Dismiss what nobody waits for any more, whatever happens to the caller; bounded."""
        with anyio.move_on_after(_DISMISS_SECONDS, shield=True):
            try:
                await client.dismiss(job_id)
            except BridgeError as error:
                _log.warning("job %s of %s could not be dismissed: %s", job_id, client.identity.name, error)

    def _client(self, name: str) -> OgcClient:
        if name not in self._clients:
            names = ", ".join(sorted(self._clients)) or "none"
            raise InvalidReferenceError(f"there is no server {name!r}; there are: {names}")
        return self._clients[name]


def _standing(client: OgcClient, status: StatusInfo) -> Execution:
    """A job as its status tells it."""
    job = JobReference(client.identity.name, status.job_id)
    message = status.message and _wording(client).text(status.message)
    return Execution(job.server, status.process_id or "", status.status, job, status.progress, message, ())


def _wording(client: OgcClient, names: Mapping[str, str] = MappingProxyType({})) -> Wording:
    return Wording(client.identity.name, client.roots, names)
