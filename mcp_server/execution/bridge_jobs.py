"""Jobs of the bridge itself: executions that outlast their call on a server that makes no jobs of them."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

import anyio

from mcp_server.errors import (
    BridgeError,
    InvalidReferenceError,
    OutcomeUnknownError,
    RemoteProblemError,
    ResultGoneError,
)
from mcp_server.execution.job_records import JobRecord, JobRecords, new_record
from mcp_server.execution.kept_values import LinkKeeper
from mcp_server.execution.owners import Owner
from mcp_server.execution.progress import Teller
from mcp_server.execution.records import Execution, ReferencedOutput
from mcp_server.execution.submission import until_set
from mcp_server.execution.under_way import Run
from mcp_server.ogc.models import OutputResult, StatusInfo
from mcp_server.references import JobReference, KeptReference

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
"""How often the record of another process's job is read."""


class JobKeeper(LinkKeeper, Protocol):
    """Kept results that are found again by their job: `mcp_server.results.store.KeptResults`."""

    async def outputs(self, result_id: str) -> tuple[tuple[KeptReference, OutputResult], ...]:
        """All outputs of one execution."""
        ...

    async def drop(self, result_id: str) -> None:
        """Delete the outputs of one execution."""
        ...


class BridgeJobs:
    """The bridge's own jobs: those that this process waits for, and the records of all that share its home."""

    def __init__(self, records: JobRecords, kept: JobKeeper, pause: Callable[[float], Awaitable[None]]) -> None:
        self._records = records
        self._kept = kept
        self._pause = pause
        self._live: dict[str, Run] = {}
        # The end of a job must not be overwritten by its beginning.
        self._writing = anyio.Lock()

    async def take(self, run: Run, server: str, process_id: str, *, seconds: float) -> JobRecord:
        """Make a job of an execution that is not answered yet, once; `seconds` is how long it may still take.

        Raises: BridgeError where nothing can be written: then it is given up.
        """
        if run.record is None:
            waited = anyio.current_time() - run.began
            record = new_record(server, process_id, seconds=seconds, owner=Owner.current(), waited=waited)
            run.record, run.job, run.promised = record, record.reference, True
            self._live[record.id] = run
            try:
                await self._write(record)
            except OSError as error:
                reason = f"an execution that takes this long cannot be kept as a job, and was given up: {error}"
                run.cut(BridgeError(reason))
                raise BridgeError(reason) from error
        return run.record

    async def end(self, run: Run) -> None:
        """Keep what became of an execution, if it is a job of the bridge. Nothing interrupts this."""
        if run.record is None:
            return
        record = _ended(run.record, run)
        with anyio.CancelScope(shield=True):
            try:
                await self._write(record)
            except OSError:
                _log.exception("what became of %s cannot be kept: it is %s", record.reference, record.status)
        del self._live[record.id]

    async def until_ended(self, job: JobReference, *, wait: float, teller: Teller) -> JobRecord:
        """The record of a job once the bridge waits for it no longer, or after `wait` seconds.

        Raises: ResultGoneError where it is not kept, or no longer.
        """
        deadline = anyio.current_time() + wait
        run = self._live.get(job.job_id)
        if run is not None and run.record is not None:
            with run.awaited(), anyio.move_on_after(wait):
                await until_set(run.answered, teller.waiting, since=run.began)
            if not run.answered.is_set():
                return run.record
        record = await self._records.read(job)
        while not record.ended and (remaining := deadline - anyio.current_time()) > 0:
            await teller.waiting(record.seconds)
            await self._pause(min(_LOOK_SECONDS, remaining))
            record = await self._records.read(job)
        return record

    async def execution(self, record: JobRecord) -> Execution:
        """A job, with its outputs if it was successful.

        Raises: RemoteProblemError with the reason if it failed, OutcomeUnknownError if no answer came,
        ResultGoneError where its result is not kept any more.
        """
        if record.status == "failed":
            message = record.message or "the server does not say why"
            raise OutcomeUnknownError(message) if record.unknown else RemoteProblemError(message, status=500)
        kept = await self._kept.outputs(record.result) if record.status == "successful" and record.result else ()
        return replace(standing(record), outputs=tuple(ReferencedOutput(uri, output) for uri, output in kept))

    async def dismiss(self, job: JobReference) -> JobRecord:
        """Give up a job that this process waits for, or delete the results of one that has ended; its record then.

        A job whose record names one of its server is left as it is: that one is to be dismissed.

        Raises: ResultGoneError where it is not kept, or no longer; InvalidReferenceError where another process waits
        for it.
        """
        run = self._live.get(job.job_id)
        if run is not None:
            run.cut(ResultGoneError(f"{job} was dismissed before it ended; call the tool again", status=410))
            await run.answered.wait()
        record = await self._records.read(job)
        if record.job is not None or record.status == "dismissed":
            return record
        if not record.ended:
            raise InvalidReferenceError(
                f"{job} belongs to another bridge, which waits for it (process {record.owner.pid} of "
                f"{record.owner.machine}): dismiss it there"
            )
        if record.result is not None:
            await self._kept.drop(record.result)
        record = replace(record, status="dismissed", result=None, unknown=False, message=None)
        await self._write(record)
        return record

    async def newest(self, limit: int) -> list[Execution]:
        """The newest jobs, but for those whose server lists a job of its own for them."""
        return [standing(record) for record in await self._records.newest(limit)]

    async def _write(self, record: JobRecord) -> None:
        async with self._writing:
            await self._records.write(record)


def standing(record: JobRecord) -> Execution:
    """A job of the bridge as its record tells it."""
    message = record.message
    if not record.ended:
        message = (
            f"server {record.server!r} makes no job of it and has not answered for {record.seconds:.0f} s; "
            "the bridge waits for it"
        )
    progress = 100.0 if record.status == "successful" else None
    return Execution(
        server=record.server,
        process_id=record.process_id,
        status=record.status,
        job=record.reference,
        progress=progress,
        message=message,
        created=record.created,
    )


def _ended(record: JobRecord, run: Run) -> JobRecord:
    """The record of a job whose submission has ended."""
    match run.outcome:
        case StatusInfo():
            return replace(record, job=str(run.job))
        case Execution(job=JobReference() as job):
            return replace(record, job=str(job))
        case Execution(outputs=outputs):
            kept = next((one.uri.result_id for one in outputs if isinstance(one.uri, KeptReference)), None)
            return replace(record, status="successful", result=kept)
        case ResultGoneError() if run.scope.cancel_called:
            message = f"it was given up: server {record.server!r} was not told, and may go on with it"
            return replace(record, status="dismissed", message=message)
        case Exception() as error:
            unknown = isinstance(error, OutcomeUnknownError)
            return replace(record, status="failed", message=_reason(record, error), unknown=unknown)
        case None:
            return record.lost()


def _reason(record: JobRecord, error: Exception) -> str:
    if not isinstance(error, BridgeError):
        _log.error("%s failed unexpectedly", record.reference, exc_info=error)
        return "it failed unexpectedly; the log of this server tells more"
    problems = error.problems if isinstance(error, RemoteProblemError) else ()
    return "; ".join(dict.fromkeys([str(error), *map(str, problems)]))
