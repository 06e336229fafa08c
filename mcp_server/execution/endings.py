"""How an execution ended: its outputs under their URIs, or the reason why there are none."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio
import anyio.to_thread

from mcp_server.errors import BridgeError, RemoteProblemError
from mcp_server.execution.inputs import Keeper
from mcp_server.execution.polling import readable_results
from mcp_server.execution.records import Execution, ReferencedOutput
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.models import ABSENT, Completed, OutputResult, StatusInfo
from mcp_server.references import JobReference, ResultReference
from summaries import summarise

_LARGE_BYTES = 100_000
_NO_REASONS = frozenset({401, 403, 404, 405, 406, 410, 429, 501, 502, 503, 504})
"""HTTP statuses that tell of a request, of the way or of the moment, and not of an execution."""


class Endings:
    """Makes an `Execution` of what a server answered."""

    def __init__(self, kept: Keeper, pause: Callable[[float], Awaitable[None]]) -> None:
        self._kept = kept
        self._pause = pause

    async def completed(self, client: OgcClient, process_id: str, reply: Completed) -> Execution:
        """Results that came at once. What the server does not keep, the bridge keeps.

        Raises: BridgeError where it cannot be kept.
        """
        outputs = await _summarised(reply.outputs)
        name = client.identity.name
        if reply.job_id is not None:
            return _of_successful_job(JobReference(name, reply.job_id), process_id, outputs)
        try:
            uris = await self._kept.keep(name, process_id, outputs)
        except OSError as error:
            raise BridgeError(
                f"{process_id} has run, but its results cannot be kept by this bridge: {error.strerror or error}"
            ) from error
        referenced = tuple(ReferencedOutput(uri, output) for uri, output in zip(uris, outputs, strict=True))
        return Execution(
            server=name, process_id=process_id, status="successful", job=None, progress=100.0, outputs=referenced
        )

    async def of_job(self, client: OgcClient, status: StatusInfo, process_id: str) -> Execution:
        """A job, with its outputs if it was successful.

        Raises: RemoteProblemError with the reason if it failed.
        """
        job = JobReference(client.identity.name, status.job_id)
        match status.status:
            case "successful":
                found = await readable_results(client, status, pause=self._pause)
                return _of_successful_job(job, process_id, await _summarised(found), status.message)
            case "failed":
                raise await _reason(client, status)
            case _:
                return Execution(
                    server=job.server,
                    process_id=process_id,
                    status=status.status,
                    job=job,
                    progress=status.progress,
                    message=status.message,
                )


def _of_successful_job(
    job: JobReference, process_id: str, outputs: tuple[OutputResult, ...], message: str | None = None
) -> Execution:
    server, job_id = job.server, job.job_id
    referenced = tuple(ReferencedOutput(ResultReference(server, job_id, output.id), output) for output in outputs)
    return Execution(
        server=server,
        process_id=process_id,
        status="successful",
        job=job,
        progress=100.0,
        message=message,
        outputs=referenced,
    )


async def _summarised(outputs: tuple[OutputResult, ...]) -> tuple[OutputResult, ...]:
    """The outputs, each with a summary where there is a value to make it of."""
    return tuple([await _with_summary(output) for output in outputs])


async def _with_summary(output: OutputResult) -> OutputResult:
    if output.summary is not None or output.value is ABSENT:
        return output
    if (output.size or 0) > _LARGE_BYTES:
        return replace(output, summary=await anyio.to_thread.run_sync(summarise, output.value, output.media_type))
    return replace(output, summary=summarise(output.value, output.media_type))


async def _reason(client: OgcClient, status: StatusInfo) -> RemoteProblemError:
    """Why a job failed: the problem that stands in place of its results, or the job's message."""
    job = JobReference(client.identity.name, status.job_id)
    message = status.message or f"{job} failed, and the server does not say why"
    if client.dialect.reason_in_message and status.message:
        return RemoteProblemError(message, status=500)
    try:
        await client.outputs.of_job(status.job_id, process_id=status.process_id)
    except RemoteProblemError as problem:
        # Ours tells the reason whatever its status.
        if client.dialect.minimal_results or not _besides_the_point(problem):
            return problem
        if not status.message:
            message = f"{job} failed; in place of its results the server says: {problem}"
    except BridgeError:
        pass
    return RemoteProblemError(message, status=500)


def _besides_the_point(problem: RemoteProblemError) -> bool:
    """Whether what a server says of results that cannot be read is not why there are none."""
    return problem.status in _NO_REASONS or str(problem) == f"HTTP status {problem.status}"
