"""What the answers to executions of one server tell: a job, or results."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from mcp_server.errors import REQUEST_ERRORS, InvalidServerReplyError, OutcomeUnknownError
from mcp_server.ogc import documents
from mcp_server.ogc.addresses import absolute
from mcp_server.ogc.declared import DeclaredOutputs
from mcp_server.ogc.dialects import DIALECTS
from mcp_server.ogc.exchange import REDIRECTS
from mcp_server.ogc.job_outputs import JobOutputs
from mcp_server.ogc.models import Accepted, Completed, ExecuteReply, ServerIdentity, StatusInfo
from mcp_server.ogc.origins import place_of
from mcp_server.ogc.reader import ACCEPT_ANY, Reader, document_of
from mcp_server.ogc.reply import Reply
from summaries.values import is_json

SEE_OTHER: Final = 303
"""To a POST: it was done, and what came of it is elsewhere (RFC 9110, 15.4.4)."""
_FOUND: Final = (301, 302)
_SENT_ANEW: Final = (307, 308)
"""Redirects of a request that was not acted upon where it was sent (RFC 9110, 15.4.8)."""
MAY_HAVE_RUN: Final = (
    "the execution may have run, or be running. Call list_jobs to find out before you call the tool again."
)
_ACCEPTING: Final = (201, 202)


def as_see_other(reply: Reply) -> Reply:
    """An answer to an execution that many frameworks send in place of `303 See Other`, as that (RFC 9110, 15.4.3).

    It leads to a job: another place for the execution itself would be none.
    """
    location = reply.headers.get("location", "")
    leads_to_job = documents.job_in(location) is not None and not _is_of_execution(location)
    return replace(reply, status=SEE_OTHER) if reply.status in _FOUND and leads_to_job else reply


def refuse_redirect(reply: Reply, server: str) -> None:
    """Pass what sends no execution elsewhere. Nobody but the operator says where executions are sent.

    Raises: InvalidServerReplyError where nothing was run, else OutcomeUnknownError.
    """
    if reply.status not in REDIRECTS:
        return
    target = absolute(reply.headers.get("location", ""), reply.url)
    told = (
        f"server {server!r} redirects the execution to {place_of(target)} (HTTP status {reply.status}), where it is "
        "not sent"
    )
    if reply.status in _SENT_ANEW or _is_of_execution(target):
        raise InvalidServerReplyError(f"{told}: nothing was run. Whoever runs this bridge can set the server's URL")
    raise OutcomeUnknownError(f"{told}: {MAY_HAVE_RUN}")


def _is_of_execution(url: str) -> bool:
    return url.partition("?")[0].rstrip("/").endswith("/execution")


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
        accepted = reply.status in (*_ACCEPTING, SEE_OTHER) and not (results and location is None)
        nothing_but_a_job = location is not None and reply.status == 200 and not reply.body
        if accepted or nothing_but_a_job or (documents.is_status(document) and not results):
            return Accepted(await self._accepted(reply, document, location, server))
        found = await self._outputs.within(reply, document, process_id, None)
        job_id = next((documents.job_in(o.href) for o in found if o.href), None) or location
        return Completed(job_id if DIALECTS[server.dialect].keeps_results else None, found)

    def _document(self, reply: Reply, location: str | None) -> Any:
        """The JSON of an answer; None where it has none, or need not have any.

        What accepts an execution and names its job nowhere else is looked into whatever it is said to be.
        """
        if reply.status in _ACCEPTING and location is None and not is_json(reply.media_type):
            with suppress(InvalidServerReplyError):
                return document_of(reply)
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
        except REQUEST_ERRORS:
            # Its id is what must not be lost.
            return documents.status_info({"jobID": job_id, "status": "accepted"})
