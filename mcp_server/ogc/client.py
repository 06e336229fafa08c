"""The HTTP of one OGC API – Processes server: one method per endpoint."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import anyio
import httpx

from mcp_server.errors import (
    REQUEST_ERRORS,
    BridgeError,
    ConfigurationError,
    InvalidServerReplyError,
    NoSuchJobError,
    OutcomeUnknownError,
    RemoteProblemError,
)
from mcp_server.ogc import documents, listing, replies
from mcp_server.ogc.collections import Collections
from mcp_server.ogc.declared import DeclaredOutputs
from mcp_server.ogc.dialects import DIALECTS, UNKNOWN, Dialect
from mcp_server.ogc.exchange import READ_SECONDS, Exchange
from mcp_server.ogc.execute_replies import MAY_HAVE_RUN, SEE_OTHER, ExecuteReplies, as_see_other, refuse_redirect
from mcp_server.ogc.job_outputs import JobOutputs
from mcp_server.ogc.models import (
    ExecuteReply,
    ProcessDescription,
    ProcessSummary,
    ServerIdentity,
    StatusInfo,
)
from mcp_server.ogc.reader import ACCEPT_ANY, ACCEPT_JSON, Reader, document_of
from mcp_server.ogc.recognition import recognise
from mcp_server.ogc.reply import Reply
from mcp_server.servers import ServerSettings
from summaries.values import is_json

_DISMISS_SECONDS = 20.0
_MOST_DESCRIPTION_BYTES = 2 * 2**20
"""Two hundred times the largest that is known. To understand one takes a thousand times as long as to read it."""
_NOT_OFFERED = frozenset({405, 501})
_ACCEPTED = 202
_NOT_FOUND = 404
_LOST_BEHIND = frozenset({502, 504, 520, 524})
"""What gateways answer that passed a request on, and got no answer to it in time; the last two are Cloudflare's."""
_LOG = "urn:ogc-processes-mcp:rel:log"
"""Relation of the link from a job's status to its log: ours, and of no other server known."""


class OgcClient:
    """One server. Nothing is read from any other origin, and every error is one of the bridge's."""

    def __init__(
        self,
        name: str,
        url: str,
        http: httpx.AsyncBaseTransport,
        *,
        embedded: bool,
        max_reply_bytes: int,
        read_seconds: float = READ_SECONDS,
        access: ServerSettings | None = None,
        dialect: str | None = None,
    ) -> None:
        """Take the server's URL, and what it is asked with.

        read_seconds: total deadline of a request that nothing is executed by.
        access: settings with credentials for this server's origin.
        dialect: a key of `mcp_server.ogc.dialects.DIALECTS`; None to recognise it.

        Raises: ConfigurationError if there is no such dialect.
        """
        if dialect is not None and dialect not in DIALECTS:
            raise ConfigurationError(f"server {name!r}: no dialect {dialect!r}; there are {', '.join(DIALECTS)}")
        self.identity = ServerIdentity(name, url.rstrip("/"), embedded, dialect or UNKNOWN)
        """The dialect is known after `connect`."""
        self._given_dialect = dialect
        self._exchange = Exchange(name, http, max_reply_bytes=max_reply_bytes, read_seconds=read_seconds, access=access)
        self._reader = Reader(self._exchange, self.identity.url)
        self._connected = False
        self._certain = False
        """Whether the server has introduced itself, rather than failed to."""
        self._connecting = anyio.Lock()
        self._declared = DeclaredOutputs(self.describe, self._process_of)
        self.outputs = JobOutputs(self.connect, self._reader, self._declared)
        """What its jobs and executions give."""
        self._execute_replies = ExecuteReplies(self.connect, self._reader, self._declared, self.outputs, self.standing)
        self.collections = Collections(self.connect, self._reader)
        """Its datasets."""

    @property
    def dialect(self) -> Dialect:
        """What is known of the server's ways."""
        return DIALECTS[self.identity.dialect]

    @property
    def roots(self) -> tuple[str, ...]:
        """The URLs that the server's links begin with: by which it knows itself, and at which it is asked."""
        return tuple(dict.fromkeys((self._reader.addresses.own_root, self._reader.addresses.root)))

    async def connect(self) -> ServerIdentity:
        """Read landing page and, unless the dialect was given, conformance declaration, once they can be read."""
        if self._connected:
            return self.identity
        async with self._connecting:
            if not self._connected:
                headers, page = await self._reader.introduction("")
                self._certain = page is not None
                if self._given_dialect is None:
                    more, declaration = await self._reader.introduction("conformance")
                    self._certain = self._certain and declaration is not None
                    classes = documents.conformance_classes(declaration)
                    dialect = recognise(page, {**more, **headers}, classes)
                    self.identity = replace(self.identity, dialect=dialect)
                itself = (documents.link(page, "self") or "").partition("?")[0].rstrip("/")
                if itself.startswith(("http://", "https://")):
                    self._reader.addresses = replace(self._reader.addresses, own_root=itself)
                self._reader.query = self.dialect.query
                self._connected = True
        return self.identity

    async def processes(self) -> list[ProcessSummary]:
        """All processes as the list tells them, from all pages, each once."""
        # What a server is taken for while it is starting, or failing, is not what it is.
        self._connected = self._certain
        await self.connect()
        try:
            found = await listing.read_processes(self._reader.pages("processes", {}), self.dialect.list_limit)
        except RemoteProblemError as error:
            if error.status != _NOT_FOUND:
                raise
            told = f"{error} at {self.identity.url}/processes; {documents.ROOT_HINT}"
            raise RemoteProblemError(told, status=error.status) from error
        if self.dialect.list_capped:
            named = {summary.id for summary in found}
            with suppress(RemoteProblemError, InvalidServerReplyError):
                described = documents.described_process_ids(document_of(await self._reader.path("openapi")))
                found += [ProcessSummary(name, {"id": name}) for name in described if name not in named]
        return found

    async def describe(self, process_id: str) -> ProcessDescription:
        """A process as its server describes it.

        Raises: RemoteProblemError (status 404 where there is no such process), and what any request may raise.
        """
        await self.connect()
        reply = await self._reader.path("processes", process_id, most=_MOST_DESCRIPTION_BYTES)
        raw = documents.as_object(document_of(reply))
        self._declared.learn(process_id, raw)
        return ProcessDescription(self.identity, process_id, raw)

    async def execute(
        self, process_id: str, body: Mapping[str, Any], *, prefer: str | None, seconds: float = READ_SECONDS
    ) -> ExecuteReply:
        """Ask for an execution, once; whether it became a job is told by the answer, not by what was preferred.

        seconds: total deadline.

        Raises: RemoteProblemError if it was refused, OutcomeUnknownError if the answer was lost.
        """
        await self.connect()
        headers = {**ACCEPT_ANY, "Content-Type": "application/json"} | ({"Prefer": prefer} if prefer else {})
        url = self._reader.addresses.path("processes", process_id, "execution")
        content = _written(body)
        try:
            reply = await self._exchange.once(url, headers=headers, content=content, seconds=seconds)
        except InvalidServerReplyError as error:
            raise OutcomeUnknownError(f"{error}: {MAY_HAVE_RUN}") from error
        if reply.status in _LOST_BEHIND:
            raise OutcomeUnknownError(
                f"a gateway of server {self.identity.name!r} answered {reply.status}: {MAY_HAVE_RUN}"
            )
        reply = as_see_other(reply)
        if reply.status != SEE_OTHER:
            refuse_redirect(reply, self.identity.name)
            replies.check(reply)
        try:
            return await self._execute_replies.read(reply, process_id)
        except REQUEST_ERRORS as error:
            raise OutcomeUnknownError(f"{error}: {MAY_HAVE_RUN}") from error

    async def status(self, job_id: str, *, etag: str | None = None, wait: float | None = None) -> StatusInfo | None:
        """A job's status; with `etag`, None if it has not changed, after at most `wait` seconds on servers that hold.

        Raises: NoSuchJobError, and what any request may raise.
        """
        await self.connect()
        headers = dict(ACCEPT_JSON)
        seconds: float | None = None
        if etag is not None:
            headers["If-None-Match"] = etag
        if wait is not None and self.dialect.held_status:
            headers["Prefer"] = f"wait={max(1, round(wait))}"
            seconds = wait + 10
        reply = await self._reader.path("jobs", job_id, headers=headers, seconds=seconds)
        return None if reply.status == 304 else _status(reply, job_id)

    async def standing(self, job_id: str) -> StatusInfo:
        """A job's status as it now is.

        Raises: NoSuchJobError, and what any request may raise.
        """
        await self.connect()
        return _status(await self._reader.path("jobs", job_id), job_id)

    async def log(self, job_id: str, *, lines: int, seconds: float) -> tuple[str, ...]:
        """The last lines of what a job's process wrote, as it wrote them; none where its status links to no log.

        seconds: deadline of each of the two requests.

        Raises: NoSuchJobError, and what any request may raise.
        """
        await self.connect()
        status = document_of(await self._reader.path("jobs", job_id, seconds=seconds))
        target = self._reader.addresses.reachable(documents.link(status, _LOG))
        if target is None:
            return ()
        headers = {"Accept": "text/plain"}
        reply = await self._reader.url(target, params={"tail": lines}, headers=headers, seconds=seconds)
        if reply.media_type != "text/plain":
            return ()
        return tuple(reply.body.decode("utf-8", "replace").splitlines()[-lines:])

    async def jobs(self, *, limit: int) -> list[StatusInfo]:
        """The newest jobs, newest first, as far as the server tells them."""
        await self.connect()
        known = self.dialect
        return await listing.read_jobs(
            self._reader.pages("jobs", known.jobs_query),
            known.list_limit,
            wanted=limit,
            newest_first=known.newest_first,
        )

    async def dismiss(self, job_id: str) -> StatusInfo:
        """Dismiss a job: stop it, or delete its results; the state it is in afterwards.

        Raises: NoSuchJobError.
        """
        await self.connect()
        url = self._reader.addresses.path("jobs", job_id)
        reply = await self._exchange.repeatable("DELETE", url, headers=ACCEPT_JSON, seconds=_DISMISS_SECONDS)
        if (reply.status == 500 and self.dialect.delete_500_means_gone) or (reply.status < 300 and reply.is_html):
            # A page says nothing that can be relied on, be it the server's or a proxy's.
            with suppress(NoSuchJobError):
                return await self.standing(job_id)
            return _dismissed(job_id)
        if reply.status == 410 or (reply.status == 404 and reply.tries > 1):
            return _dismissed(job_id)
        if reply.status in _NOT_OFFERED:
            raise RemoteProblemError(
                f"server {self.identity.name!r} cannot dismiss jobs (HTTP status {reply.status}): the job is as it was",
                status=reply.status,
            )
        replies.check(reply)
        document = document_of(reply) if is_json(reply.media_type) and reply.body else None
        if documents.is_status(document):
            return replace(documents.status_info(document, job_id=job_id), job_id=job_id)
        if reply.status == _ACCEPTED:
            # It is to be done, and may not be yet (RFC 9110, 15.3.3).
            with suppress(NoSuchJobError):
                return await self.standing(job_id)
        return _dismissed(job_id)

    def reference(self, job_id: str, output_id: str) -> str:
        """The URL by which this server knows one output of a job."""
        return self._reader.addresses.result(job_id, output_id)

    async def _process_of(self, job_id: str) -> str | None:
        return (await self.standing(job_id)).process_id


def _status(reply: Reply, job_id: str) -> StatusInfo:
    document = document_of(reply)
    status = documents.status_info(document, job_id=job_id, etag=reply.etag, retry_after=reply.retry_after)
    return replace(status, job_id=job_id)


def _written(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")
    except ValueError as error:
        # A result of another server may hold what no argument may.
        raise BridgeError(
            "an input holds a number that is not finite, which JSON cannot say: nothing was sent"
        ) from error


def _dismissed(job_id: str) -> StatusInfo:
    return documents.status_info({"jobID": job_id, "status": "dismissed"})
