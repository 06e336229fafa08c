"""What a call gets of an execution that it started, or that an equal call started before."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from mcp_server.errors import (
    REQUEST_ERRORS,
    BridgeError,
    InvalidServerReplyError,
    NoSuchJobError,
    RemoteProblemError,
    ResultGoneError,
)
from mcp_server.execution.bridge_jobs import BridgeJobs, standing
from mcp_server.execution.calls import Call
from mcp_server.execution.endings import Endings
from mcp_server.execution.polling import until_final
from mcp_server.execution.records import Execution
from mcp_server.execution.submission import Submitter, until_set
from mcp_server.execution.under_way import Run, UnderWay
from mcp_server.execution.wording import in_callers_words
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.models import StatusInfo
from mcp_server.references import JobReference

_log = logging.getLogger(__name__)

_DISMISS_SECONDS = 15.0
_GRACE_SECONDS = 5.0
"""How long an answer is still waited for when nobody else does: a job nobody knows could not be dismissed."""
_HANDLE_SECONDS = 10.0
"""Within this a server that makes jobs names one: the bridge makes none of its own sooner."""


class Sharing:
    """Lets equal calls share one execution, and gives it up when nobody counts on it any more."""

    def __init__(
        self,
        under_way: UnderWay,
        submitter: Submitter,
        jobs: BridgeJobs,
        endings: Endings,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._under_way = under_way
        self._submitter = submitter
        self._jobs = jobs
        self._endings = endings
        self._pause = pause

    async def answer(self, call: Call) -> Execution:
        """What a call is answered with, within its time.

        Raises: RemoteProblemError with the reason where the server refuses or the job fails, ResultGoneError where it
        was dismissed meanwhile, OutcomeUnknownError where an answer was lost, and what resolving inputs may raise.
        """
        while True:
            execution = await self._shared(call, self._under_way.of_call(call.key) or self._started(call))
            if execution is not None:
                return execution

    def _started(self, call: Call) -> Run:
        run = self._under_way.begin(call.key)
        self._submitter.start(call, run)
        return run

    async def _shared(self, call: Call, run: Run) -> Execution | None:
        """The answer of an execution that this call or an equal one started; None where it is over, or was given up."""
        # While another call waits for the job, this one shares it to its end. A job that nobody waits for may have
        # ended long ago: then the call is executed anew.
        together = run.waiting > 0
        known_before = run.answered.is_set()
        async with self._awaited(call.client, run):
            if not await self._answered(call, run):
                return await self._outlasted(call, run)
            match run.outcome:
                case StatusInfo() as status:
                    if known_before:
                        current = await self._known(call.client, status.job_id)
                        if current is None or (current.final and not together):
                            self._under_way.forget(run)
                            return None
                        status = current
                    return await self._see_through(call, run, status)
                case Execution() as execution:
                    return execution
                case Exception() as error:
                    raise error
                case None:
                    return None

    async def _answered(self, call: Call, run: Run) -> bool:
        """Whether the submission ends within the call's time, or a little later where a job is soon to be named."""
        with anyio.CancelScope(deadline=call.deadline):
            await until_set(run.answered, call.teller.waiting, since=run.began)
        if not run.answered.is_set() and "async-execute" in call.tool.spec.process.modes:
            patience = call.client.dialect.submit_wait_seconds + _HANDLE_SECONDS
            with anyio.CancelScope(deadline=run.began + patience):
                await until_set(run.answered, call.teller.waiting, since=run.began)
        return run.answered.is_set()

    async def _outlasted(self, call: Call, run: Run) -> Execution:
        """The answer to a call whose time is over before its server has said anything: a job of the bridge."""
        server = call.client.identity.name
        if run.queued:
            if run.unmissed:
                run.cut()
            raise BridgeError(
                f"nothing was sent to server {server!r}: {self._submitter.most_at_once} executions already wait for "
                "their servers' answers. list_jobs tells which; call again when one has ended."
            )
        seconds = self._submitter.seconds(server)
        return standing(await self._jobs.take(run, server, call.request.process_id, seconds=seconds))

    @asynccontextmanager
    async def _awaited(self, client: OgcClient, run: Run) -> AsyncGenerator[None]:
        """A call waits for an execution. When it is cancelled the execution is given up, unless somebody else counts.

        That is an equal call that still waits, or one that was answered with the job's URI.
        """
        with run.awaited():
            try:
                yield
            except anyio.get_cancelled_exc_class():
                if run.unmissed:
                    await self._give_up(client, run)
                raise

    async def _give_up(self, client: OgcClient, run: Run) -> None:
        """Dismiss the job of an execution, or cut its connection once there was some time for a job to be named."""
        if run.sent and not run.server_dismisses:
            with anyio.move_on_after(_GRACE_SECONDS, shield=True):
                await run.answered.wait()
        if not run.unmissed:
            return
        self._under_way.forget(run)
        if not run.answered.is_set():
            run.cut()
        elif run.job is not None:
            await self._dismiss(client, run.job.job_id)

    async def _see_through(self, call: Call, run: Run, status: StatusInfo) -> Execution:
        """What becomes of the job of an execution within the call's time."""
        job, client = JobReference(call.client.identity.name, status.job_id), call.client
        try:
            with in_callers_words(client, call.argument_names):
                remaining = max(0.0, call.deadline - anyio.current_time())
                status = await until_final(
                    client, status, wait=remaining, on_status=call.teller.status, pause=self._pause
                )
                if status.final:
                    self._under_way.forget(run)
                execution = await self._endings.of_job(client, status, call.request.process_id)
        except NoSuchJobError as error:
            self._under_way.forget(run)
            raise _gone(job, "it was dismissed, or the server lost it") from error
        except ResultGoneError as error:
            self._under_way.forget(run)
            raise _gone(job, str(error)) from error
        except REQUEST_ERRORS as error:
            run.promised = True
            if status.status == "failed":
                raise
            state = "It was successful: ask for its results" if status.final else "The job may still run: ask"
            raise _with_hint(error, f"{state} with get_job, job={job}") from error
        if execution.status == "dismissed":
            raise ResultGoneError(f"job {job} was dismissed before it ended; call the tool again", status=410)
        run.promised = True
        return execution

    async def _known(self, client: OgcClient, job_id: str) -> StatusInfo | None:
        """The status of a job, if its server can tell."""
        try:
            return await client.standing(job_id)
        except (RemoteProblemError, InvalidServerReplyError):
            return None

    async def _dismiss(self, client: OgcClient, job_id: str) -> None:
        """Dismiss what nobody waits for any more, whatever happens to the caller; bounded."""
        with anyio.move_on_after(_DISMISS_SECONDS, shield=True):
            try:
                await client.dismiss(job_id)
            except BridgeError as error:
                _log.warning("job %r of %s could not be dismissed: %s", job_id, client.identity.name, error)


def _gone(job: JobReference, reason: str) -> ResultGoneError:
    return ResultGoneError(
        f"job {job} is gone: {reason.removesuffix('.')}. Call the tool again if you need it", status=410
    )


def _with_hint(error: BridgeError, hint: str) -> BridgeError:
    """The same error, telling what can be done."""
    text = f"{str(error).removesuffix('.')}. {hint}"
    if isinstance(error, RemoteProblemError):
        return error.retold(text)
    return type(error)(text)
