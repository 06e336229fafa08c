"""Jobs that the suite started: how the server tells of them, and waiting for their end."""

from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

import anyio

from mcp_server.ogc.addresses import segment
from mcp_server.ogc.documents import is_status
from mcp_server.validate.recorder import Answer
from mcp_server.validate.records import InapplicableError, ViolationError
from mcp_server.validate.session import Session

ENDED: Final = ("successful", "failed", "dismissed")
_POLL_SECONDS: Final = (0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Job:
    """A job that the suite started."""

    id: str
    submission: Answer

    @property
    def path(self) -> str:
        """Where its status stands, below the root."""
        return f"/jobs/{segment(self.id)}"


def job_of(answer: Answer) -> Job | None:
    """The job that an execution was made, or None where the answer has the results.

    201 is what 1.0 asks for; 202 and 200 with a status document mean the same, and are judged by the test of it.
    """
    if answer.status not in (200, 201, 202):
        return None
    try:
        document = answer.json()
    except ViolationError:
        document = None
    if is_status(document):
        members = cast("dict[str, Any]", document)
        return Job(str(members.get("jobID") or members.get("jobId") or members.get("id")), answer)
    if answer.status == 200:
        return None
    named = job_named(answer.header("location"))
    return Job(named, answer) if named else None


def job_named(url: str) -> str | None:
    """The id of the job that a URL names."""
    segments = urlsplit(url).path.split("/")
    following = segments[segments.index("jobs") + 1 :] if "jobs" in segments else []
    return unquote(following[0]) if following and following[0] else None


async def finished(session: Session, job: Job) -> Answer:
    """The status of a job that has ended.

    Raises: InapplicableError where it does not end in time.
    """
    return await reached(session, job, ENDED)


async def reached(session: Session, job: Job, states: tuple[str, ...]) -> Answer:
    """The job's status as soon as it is one of `states`.

    Raises: InapplicableError where that takes too long.
    """
    polls = 0
    with anyio.move_on_after(session.options.timeout):
        while True:
            answer = await session.recorder.get(job.path)
            answer.expect(200, asks="200 with the job's status is asked for")
            if answer.json_object().get("status") in states:
                return answer
            await anyio.sleep(_POLL_SECONDS[min(polls, len(_POLL_SECONDS) - 1)])
            polls += 1
    raise InapplicableError(f"job {job.id} did not end within {session.options.timeout:g} s (--timeout)")


async def has_ended(session: Session, job: Job) -> bool:
    """Whether a job has ended, or cannot be asked for."""
    answer = await session.recorder.get(job.path)
    return not answer.successful or answer.json_object().get("status") in ENDED


async def results_of(session: Session, job: Job) -> Answer:
    """`GET /jobs/{jobID}/results` of a job that has ended."""
    return await session.once(("results", job.id), lambda: session.recorder.get(f"{job.path}/results"))
