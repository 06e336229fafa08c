"""Runs one execution for the agent: submits, waits, tells progress, dismisses what is cancelled, names the results."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import anyio

from mcp_server.errors import InvalidReferenceError, RemoteProblemError
from mcp_server.execution import bridge_jobs, datasets, listing
from mcp_server.execution.bridge_jobs import BridgeJobs, JobKeeper
from mcp_server.execution.calls import Call, Tool, call_key
from mcp_server.execution.dataset_names import with_datasets_meant
from mcp_server.execution.datasets import DatasetList
from mcp_server.execution.endings import Endings
from mcp_server.execution.inputs import InputResolver
from mcp_server.execution.job_records import JobRecord, JobRecords
from mcp_server.execution.kept_values import KeptValues
from mcp_server.execution.polling import until_final
from mcp_server.execution.progress import Teller
from mcp_server.execution.records import Execution, JobList, Notify, tell_nobody
from mcp_server.execution.request import ExecuteRequest
from mcp_server.execution.sharing import Sharing
from mcp_server.execution.submission import Submitter, Tasks
from mcp_server.execution.under_way import Run, UnderWay
from mcp_server.execution.wording import in_callers_words, wording
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.models import Download, OutputResult, StatusInfo
from mcp_server.references import DatasetReference, JobReference, KeptReference, ResultReference, parse

_SYNC_SECONDS = 600.0
_LIST_SECONDS = 5.0
_MOST_AT_ONCE = 32
"""Each holds a connection, of the hundred that all servers share."""
_CARRIED_BYTES = 16 * 2**20


class Executor:
    """Executions on all configured servers."""

    def __init__(
        self,
        clients: Mapping[str, OgcClient],
        kept: JobKeeper,
        records: JobRecords,
        tasks: Tasks,
        *,
        wait_seconds: float,
        waits: Mapping[str, float] = MappingProxyType({}),
        sync_seconds: float = _SYNC_SECONDS,
        sync_waits: Mapping[str, float] = MappingProxyType({}),
        list_seconds: float = _LIST_SECONDS,
        most_at_once: int = _MOST_AT_ONCE,
        max_carried_bytes: int = _CARRIED_BYTES,
        public: Collection[str] = (),
        pause: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        """Take clients by server name, and the task group in which executions go on when their call is answered.

        wait_seconds: how long a call waits before it answers with a job; waits: the same by server, where it differs.
        sync_seconds: how long the answer of a server that makes no job of it is waited for; sync_waits: by server.
        list_seconds: how long each of several servers is waited for when jobs are listed.
        most_at_once: how many answers are waited for from servers that may take their time.
        max_carried_bytes: largest value carried from one server to another.
        public: names of the servers that the others can reach, and that ask them for no credentials.
        """
        self._clients = clients
        self._values = KeptValues(kept, clients)
        self._wait_seconds = wait_seconds
        self._waits = waits
        self._list_seconds = list_seconds
        self._endings = Endings(kept, pause)
        self._under_way = UnderWay()
        self._jobs = BridgeJobs(records, kept, pause)
        self._pause = pause
        submitter = Submitter(
            tasks,
            InputResolver(clients, self._values, max_bytes=max_carried_bytes, public=public),
            self._endings,
            on_end=self._ended,
            sync_seconds=sync_seconds,
            sync_waits=sync_waits,
            most_at_once=most_at_once,
        )
        self._sharing = Sharing(self._under_way, submitter, self._jobs, self._endings, pause)

    async def run(self, tool: Tool, request: ExecuteRequest, notify: Notify, *, wait: float | None = None) -> Execution:
        """Execute, or find the job that the same call started before, and wait for it within the budget.

        What outlasts the budget is answered with a job, of the server or else of the bridge. A cancelled call's
        execution is given up, unless another call waits for it or was answered with its URI.

        wait: the budget in seconds, in place of the server's.

        Raises: RemoteProblemError with the reason where the server refuses or the job fails, ResultGoneError where it
        was dismissed meanwhile, OutcomeUnknownError where an answer was lost, and what resolving inputs may raise.
        """
        name = tool.server.name
        client = self._client(name)
        key = call_key(name, request.process_id, request.inputs)
        seconds = self._waits.get(name, self._wait_seconds) if wait is None else wait
        deadline = anyio.current_time() + seconds
        call = Call(client, tool, request, key, deadline, Teller(notify))
        try:
            return await self._sharing.answer(call)
        except RemoteProblemError as error:
            told = await with_datasets_meant(error, call, seconds=self._list_seconds)
            if told is None:
                raise
            raise told from error

    async def follow(self, job: JobReference, wait: float, notify: Notify) -> Execution:
        """Wait for a job, at most `wait` seconds.

        Raises: NoSuchJobError, RemoteProblemError with the reason of a failed job, OutcomeUnknownError where the
        answer to a job of the bridge was lost, ResultGoneError where one is not kept any more.
        """
        deadline, teller = anyio.current_time() + wait, Teller(notify)
        known = await self._known(job, wait=wait, teller=teller)
        if isinstance(known, JobRecord):
            return await self._jobs.execution(known)
        client = self._client(known.server)
        run = self._under_way.of_job(known)
        with in_callers_words(client), run.awaited() if run else nullcontext():
            status = await client.standing(known.job_id)
            remaining = max(0.0, deadline - anyio.current_time())
            status = await until_final(client, status, wait=remaining, on_status=teller.status, pause=self._pause)
            if run and status.final:
                self._under_way.forget(run)
            return await self._endings.of_job(client, status, status.process_id or "")

    async def standing(self, job: JobReference) -> tuple[str, StatusInfo]:
        """The server that works on a job, and how the job stands; nothing is waited for, and no result is read.

        Raises: NoSuchJobError, ResultGoneError where a job of the bridge is not kept any more, and what reading a
        status may raise.
        """
        known = await self._known(job)
        if isinstance(known, JobRecord):
            return known.server, _status(known)
        client = self._client(known.server)
        with in_callers_words(client):
            status = await client.standing(known.job_id)
        return known.server, replace(status, message=status.message and wording(client).text(status.message))

    async def log(self, job: JobReference, *, lines: int, seconds: float) -> tuple[str, ...]:
        """The last lines of the log of a job, as its process wrote them; none where its server has no such log.

        seconds: deadline of each request.

        Raises: NoSuchJobError, ResultGoneError where a job of the bridge is not kept any more, and what any request
        may raise.
        """
        known = await self._known(job)
        if isinstance(known, JobRecord):
            return ()
        return await self._client(known.server).log(known.job_id, lines=lines, seconds=seconds)

    async def dismiss(self, job: JobReference) -> Execution:
        """Dismiss a job; the state it is then in.

        Raises: NoSuchJobError; for a job of the bridge ResultGoneError where it is not kept any more, and
        InvalidReferenceError where it is another bridge's.
        """
        if job.is_of_bridge:
            record = await self._jobs.dismiss(job)
            if record.job is None:
                return bridge_jobs.standing(record)
            job = _parsed(record.job)
        client = self._client(job.server)
        return listing.standing(client, await client.dismiss(job.job_id))

    async def jobs(self, limit: int, server: str | None = None) -> JobList:
        """The newest jobs of one server or of the bridge, or of all together.

        Raises: what asking may raise, if a server is named or none answers.
        """
        if server is None:
            asked = {name: partial(listing.of_server, client) for name, client in self._clients.items()}
            return await listing.of_all(asked, self._jobs.newest, limit, seconds=self._list_seconds)
        if JobReference(server, "").is_of_bridge:
            return JobList(tuple(await self._jobs.newest(limit)), ())
        return JobList(tuple(await listing.of_server(self._client(server), limit)), ())

    async def read(self, uri: ResultReference | KeptReference, offset: int | None, limit: int | None) -> OutputResult:
        """An output with its value, or a page of it.

        Raises: NoSuchJobError, ResultGoneError, ReferenceRefusedError, InvalidReferenceError.
        """
        if isinstance(uri, KeptReference):
            return await self._values.read(uri, offset=offset, limit=limit)
        return await self._client(uri.server).outputs.read(uri.job_id, uri.output_id, offset=offset, limit=limit)

    @asynccontextmanager
    async def opened(
        self, uri: ResultReference | KeptReference, *, seconds: float, most: int
    ) -> AsyncGenerator[Download]:
        """An output's value as bytes, piece by piece.

        seconds: until the last piece has been taken; most: bytes.

        Raises: as `read`, while the pieces are read as well.
        """
        if isinstance(uri, KeptReference):
            opening = self._values.opened(uri, seconds=seconds, most=most)
        else:
            server = self._client(uri.server)
            opening = server.outputs.opened(uri.job_id, uri.output_id, seconds=seconds, most=most)
        async with opening as download:
            yield download

    async def datasets(self, offset: int, limit: int, server: str | None = None) -> DatasetList:
        """The datasets from `offset` on of one server, or of all, one server after the other.

        Raises: InvalidReferenceError where there is no such server.
        """
        clients = self._clients.values() if server is None else [self._client(server)]
        return await datasets.of_servers(clients, offset=offset, limit=limit, seconds=self._list_seconds)

    async def dataset(self, reference: DatasetReference) -> Mapping[str, Any]:
        """What a server tells of one of its datasets.

        Raises: RemoteProblemError where it has none of that id, and what any request may raise.
        """
        client = self._client(reference.server)
        with in_callers_words(client):
            return await client.collections.describe(reference.dataset_id)

    async def _ended(self, run: Run) -> None:
        """The submission of an execution has ended."""
        try:
            await self._jobs.end(run)
        finally:
            self._under_way.answered(run)

    async def _known(
        self, job: JobReference, *, wait: float = 0, teller: Teller | None = None
    ) -> JobReference | JobRecord:
        """The job as a server knows it, or the record of a job that only the bridge knows.

        A job of the bridge is waited for at most `wait` seconds: its server may name one of its own in the end.
        """
        if not job.is_of_bridge:
            return job
        record = await self._jobs.until_ended(job, wait=wait, teller=teller or Teller(tell_nobody))
        return record if record.job is None else _parsed(record.job)

    def _client(self, name: str) -> OgcClient:
        if name not in self._clients:
            names = ", ".join(sorted(self._clients)) or "none"
            raise InvalidReferenceError(f"there is no server {name!r}; there are: {names}")
        return self._clients[name]


def _parsed(uri: str) -> JobReference:
    match parse(uri):
        case JobReference() as job:
            return job
        case _:
            raise InvalidReferenceError(f"{uri!r} is not the URI of a job")


def _status(record: JobRecord) -> StatusInfo:
    """A job that no server knows, told as a server would tell it."""
    known = bridge_jobs.standing(record)
    return StatusInfo(
        job_id=record.id,
        process_id=known.process_id,
        status=known.status,
        progress=known.progress,
        message=known.message,
        created=record.created,
        started=None,
        finished=None,
        updated=None,
        etag=None,
        retry_after=None,
    )
