"""Runs one execution for the agent: submits, waits, tells progress, dismisses what is cancelled, names the results."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

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
from mcp_server.execution.endings import Endings
from mcp_server.execution.inputs import InputResolver, Keeper
from mcp_server.execution.polling import until_final
from mcp_server.execution.progress import Teller
from mcp_server.execution.records import Execution, Notify, ReferencedOutput
from mcp_server.execution.request import ExecuteRequest
from mcp_server.execution.submission import submit
from mcp_server.execution.under_way import UnderWay, call_key
from mcp_server.execution.wording import Wording
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.models import Accepted, ExecuteReply, OutputResult, ServerIdentity, StatusInfo
from mcp_server.references import JobReference, KeptReference, ResultReference
from mcp_server.schema.tool import ToolSpec

__all__ = ["Execution", "Executor", "Notify", "ReferencedOutput", "Tool"]

_log = logging.getLogger(__name__)

_SUBMIT_SECONDS = 30.0
_SYNC_SECONDS = 600.0
_CARRIED_BYTES = 16 * 2**20
_DISMISS_SECONDS = 15.0


class Tool(Protocol):
    """What is executed: `mcp_server.catalog.ToolEntry`."""

    @property
    def server(self) -> ServerIdentity: ...
    @property
    def spec(self) -> ToolSpec: ...


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

        A cancelled call's job is dismissed.

        Raises: RemoteProblemError with the reason where the server refuses or the job fails, ResultGoneError where it
        was dismissed meanwhile, OutcomeUnknownError where an answer was lost, and what resolving inputs may raise.
        """
        deadline = anyio.current_time() + self._wait_seconds
        client = self._client(tool.server.name)
        teller = Teller(notify)
        call = call_key(tool.server.name, request.process_id, request.inputs)
        names = {input_id: name for name, input_id in tool.spec.argument_names.items()}
        try:
            job = self._under_way.job_of(call)
            if job is not None:
                async with self._awaited(client, call, job):
                    status = await self._running(client, job)
                    if status is not None:
                        return await self._see_through(client, status, request.process_id, deadline, teller)
            reply = await self._submit(client, tool, request, teller)
            if not isinstance(reply, Accepted):
                return await self._endings.completed(client, request.process_id, reply)
            job = JobReference(client.identity.name, reply.status.job_id)
            self._under_way.remember(call, job)
            async with self._awaited(client, call, job):
                return await self._see_through(client, reply.status, request.process_id, deadline, teller)
        except RemoteProblemError as error:
            raise _wording(client, names).error(error) from error

    async def follow(self, job: JobReference, wait: float, notify: Notify) -> Execution:
        """Wait for a job, at most `wait` seconds.

        Raises: NoSuchJobError, RemoteProblemError with the reason of a failed job.
        """
        client = self._client(job.server)
        try:
            status = await client.standing(job.job_id)
            status = await until_final(client, status, wait=wait, on_status=Teller(notify).status, pause=self._pause)
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

    async def _submit(self, client: OgcClient, tool: Tool, request: ExecuteRequest, teller: Teller) -> ExecuteReply:
        inputs = await self._inputs.resolve(request.inputs, client)
        dialect = client.dialect
        body: dict[str, Any] = {"inputs": inputs} | ({"response": dialect.response} if dialect.response else {})
        if "async-execute" in tool.spec.process.modes:
            prefer = dialect.prefer_async
            if dialect.dismisses_abandoned:
                # Answered soon, and ended by its server when its caller goes away: there is nothing to look after.
                seconds = dialect.submit_wait_seconds + _SUBMIT_SECONDS
                return await client.execute(request.process_id, body, prefer=prefer, seconds=seconds)
        else:
            prefer = "return=minimal" if dialect.minimal_results else None
        # A server that is no kin of ours may advertise async and yet answer only when all is done.
        send = partial(client.execute, request.process_id, body, prefer=prefer, seconds=self._sync_seconds)

        async def dismiss_late(reply: ExecuteReply) -> None:
            if isinstance(reply, Accepted):
                await self._dismiss(client, reply.status.job_id)

        return await submit(
            send, abandonable=dialect.dismisses_abandoned, on_late=dismiss_late, still_waiting=teller.waiting
        )

    @asynccontextmanager
    async def _awaited(self, client: OgcClient, call: str, job: JobReference) -> AsyncGenerator[None]:
        """A call waits for its job. When it is cancelled the job is dismissed, unless the same call waits elsewhere."""
        with self._under_way.waiting(job):
            try:
                yield
            except anyio.get_cancelled_exc_class():
                if self._under_way.alone(job):
                    self._under_way.forget(call, job)
                    await self._dismiss(client, job.job_id)
                raise

    async def _see_through(
        self, client: OgcClient, status: StatusInfo, process_id: str, deadline: float, teller: Teller
    ) -> Execution:
        job = JobReference(client.identity.name, status.job_id)
        try:
            remaining = max(0.0, deadline - anyio.current_time())
            status = await until_final(client, status, wait=remaining, on_status=teller.status, pause=self._pause)
            if status.status == "dismissed":
                raise ResultGoneError(f"job {job} was dismissed before it ended; call the tool again", status=410)
            return await self._endings.of_job(client, status, process_id)
        except NoSuchJobError as error:
            raise ResultGoneError(f"job {job} is gone: it was dismissed, or the server lost it", status=410) from error
        except (ServerUnreachableError, InvalidServerReplyError) as error:
            raise type(error)(f"{error}. The job may still run: ask with get_job, job={job}") from error

    async def _running(self, client: OgcClient, job: JobReference) -> StatusInfo | None:
        """The status of a job, if it still runs."""
        try:
            status = await client.standing(job.job_id)
        except RemoteProblemError:
            return None
        return None if status.final else status

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
