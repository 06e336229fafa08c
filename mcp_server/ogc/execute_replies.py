"""What the answers to executions of one server tell: a job, or results."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from mcp_server.errors import (
    InvalidServerReplyError,
    ReferenceRefusedError,
    RemoteProblemError,
    ServerUnreachableError,
)
from mcp_server.ogc import documents
from mcp_server.ogc.declared import DeclaredOutputs
from mcp_server.ogc.dialects import DIALECTS
from mcp_server.ogc.job_outputs import JobOutputs
from mcp_server.ogc.models import Accepted, Completed, ExecuteReply, ServerIdentity, StatusInfo
from mcp_server.ogc.reader import ACCEPT_ANY, Reader, document_of
from mcp_server.ogc.reply import Reply
from summaries.values import is_json

SEE_OTHER: Final = 303
"""To a POST: it was done, and what came of it is elsewhere (RFC 9110, 15.4.4)."""


class ExecuteReplies:
    """Reads what one server answers to executions, in whichever way it tells of jobs and results."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[ServerIdentity]],
        reader: Reader,
        declared: DeclaredOutputs,
        outputs: JobOutputs,
        standing: Callable[[str], Awaitable[StatusInfo]],
    ) -> None:
        """connect: makes sure that the server is known; declared: what its processes say that they give.

        standing: a job's status as it now is.
        """
        self._connect = connect
        self._reader = reader
        self._declared = declared
        self._outputs = outputs
        self._standing = standing

    async def read(self, reply: Reply, process_id: str) -> ExecuteReply:
        """What a successful answer to an execution tells, or what it leads to where that is no job.

        Raises: InvalidServerReplyError, and what any request may raise.
        """
        server = await self._connect()
        location = documents.job_in(reply.headers.get("location"))
        if reply.status == SEE_OTHER and location is None:
            reply = await self._led_to(reply, server)
        document = self._document(reply, location)
        results = bool(document) and self._declared.hold(process_id, document)
        # Some servers say of results that they were created.
        accepted = reply.status in (201, 202, SEE_OTHER) and not (results and location is None)
        nothing_but_a_job = location is not None and reply.status == 200 and not reply.body
        if accepted or nothing_but_a_job or (documents.is_status(document) and not results):
            return Accepted(await self._accepted(reply, document, location, server))
        found = await self._outputs.within(reply, document, process_id, None)
        job_id = next((documents.job_in(o.href) for o in found if o.href), None) or location
        return Completed(job_id if DIALECTS[server.dialect].keeps_results else None, found)

    def _document(self, reply: Reply, location: str | None) -> Any:
        """The JSON of an answer; None where it has none, or need not have any."""
        if is_json(reply.media_type) and (reply.body or (reply.status == 200 and location is None)):
            try:
                return document_of(reply)
            except InvalidServerReplyError:
                if location is None or reply.status == 200:
                    raise
        return None

    async def _led_to(self, reply: Reply, server: ServerIdentity) -> Reply:
        """What an execution made that is answered with where it is, and no job."""
        target = self._reader.addresses.reachable(reply.headers.get("location"), reply.url)
        if target is None:
            raise InvalidServerReplyError(
                f"server {server.name!r} accepted the execution but leads neither to its job nor to its results"
            )
        return await self._reader.url(target, headers=ACCEPT_ANY)

    async def _accepted(self, reply: Reply, document: Any, location: str | None, server: ServerIdentity) -> StatusInfo:
        """The status of the job that an answer tells of, however it names it."""
        job_id = location or documents.job_in(documents.link(document, "monitor") or documents.link(document, "status"))
        status = None
        with suppress(InvalidServerReplyError):
            status = documents.status_info(document, job_id=job_id, etag=reply.etag, retry_after=reply.retry_after)
            job_id = status.job_id
        if job_id is None or len(job_id) > documents.LONGEST_ID:
            told = "did not name its job" if job_id is None else "gave its job an id that fits no URL"
            raise InvalidServerReplyError(f"server {server.name!r} accepted the execution but {told}")
        if status is not None:
            return status
        try:
            return await self._standing(job_id)
        except (InvalidServerReplyError, ReferenceRefusedError, RemoteProblemError, ServerUnreachableError):
            # Its id is what must not be lost.
            return documents.status_info({"jobID": job_id, "status": "accepted"})
