"""The HTTP of one OGC API – Processes server: one method per endpoint."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import anyio
import httpx

from mcp_server.errors import (
    InvalidServerReplyError,
    NoSuchJobError,
    OutcomeUnknownError,
    ReferenceRefusedError,
    RemoteProblemError,
)
from mcp_server.ogc import documents, outputs, replies
from mcp_server.ogc.addresses import Addresses
from mcp_server.ogc.dialects import AS_JSON, DIALECTS, UNKNOWN, Dialect, recognise
from mcp_server.ogc.exchange import PASSING, Exchange, Reply
from mcp_server.ogc.models import (
    ABSENT,
    Accepted,
    Completed,
    ExecuteReply,
    OutputResult,
    ProcessDescription,
    ProcessSummary,
    ServerIdentity,
    StatusInfo,
)
from summaries.values import is_json

_READ_SECONDS = 30.0
_DISMISS_SECONDS = 20.0
_PAGES = 100
_MINIMAL = {"Prefer": "return=minimal"}
_ACCEPT = {"Accept": "application/json"}
_ANY = {"Accept": "application/json, */*;q=0.8"}


class OgcClient:
    """One server. Nothing is read from any other origin, and every error is one of the bridge's."""

    def __init__(self, name: str, url: str, http: httpx.AsyncClient, *, embedded: bool, max_reply_bytes: int) -> None:
        self.identity = ServerIdentity(name, url.rstrip("/"), embedded, UNKNOWN)
        """The dialect is known after `connect`."""
        self._exchange = Exchange(name, http, max_reply_bytes=max_reply_bytes)
        self._addresses = Addresses(self.identity.url, self.identity.url)
        self._connected = False
        self._connecting = anyio.Lock()
        self._output_ids: dict[str, tuple[str, ...]] = {}

    @property
    def dialect(self) -> Dialect:
        """What is known of the server's ways."""
        return DIALECTS[self.identity.dialect]

    @property
    def roots(self) -> tuple[str, ...]:
        """The URLs that the server's links begin with: by which it knows itself, and at which it is asked."""
        return tuple(dict.fromkeys((self._addresses.own_root, self._addresses.root)))

    async def connect(self) -> ServerIdentity:
        """Read landing page and conformance declaration, once."""
        async with self._connecting:
            if not self._connected:
                landing, page = await self._introduction("")
                conformance, declaration = await self._introduction("conformance")
                powered_by = landing.get("x-powered-by") or conformance.get("x-powered-by", "")
                dialect = recognise(conforms_to=documents.conformance_classes(declaration), powered_by=powered_by)
                self.identity = replace(self.identity, dialect=dialect)
                itself = (documents.link(page, "self") or "").partition("?")[0].rstrip("/")
                if itself.startswith(("http://", "https://")):
                    self._addresses = replace(self._addresses, own_root=itself)
                self._connected = True
        return self.identity

    async def processes(self) -> list[ProcessSummary]:
        """All processes as the list tells them, from all pages, each once."""
        await self.connect()
        limit: dict[str, Any] = {"limit": self.dialect.list_limit}
        try:
            document = replies.json_of(await self._read("processes", params=limit))
        except RemoteProblemError as error:
            if error.status != 400:
                raise
            document = replies.json_of(await self._read("processes"))
        found = documents.process_summaries(document)
        following = documents.link(document, "next")
        for _ in range(_PAGES):
            target = self._addresses.reachable(following)
            if target is None:
                break
            document = replies.json_of(await self._read_url(target))
            found += documents.process_summaries(document)
            following = documents.link(document, "next")
        if self.dialect.list_capped:
            with suppress(RemoteProblemError, InvalidServerReplyError):
                openapi = replies.json_of(await self._read("openapi"))
                found += [ProcessSummary(name, {"id": name}) for name in documents.described_process_ids(openapi)]
        named: dict[str, ProcessSummary] = {}
        for summary in found:
            named.setdefault(summary.id, summary)
        return list(named.values())

    async def describe(self, process_id: str) -> ProcessDescription:
        """A process as its server describes it.

        Raises: RemoteProblemError (status 404 where there is no such process), and what any request may raise.
        """
        await self.connect()
        raw = documents.as_object(replies.json_of(await self._read("processes", process_id)))
        self._output_ids[process_id] = documents.output_ids(raw)
        return ProcessDescription(self.identity, process_id, raw)

    async def execute(
        self, process_id: str, body: Mapping[str, Any], *, prefer: str | None, seconds: float = _READ_SECONDS
    ) -> ExecuteReply:
        """Ask for an execution, once; whether it became a job is told by the answer, not by what was preferred.

        seconds: total deadline.

        Raises: RemoteProblemError if it was refused, OutcomeUnknownError if the answer was lost.
        """
        await self.connect()
        headers = {**_ANY, "Content-Type": "application/json"} | ({"Prefer": prefer} if prefer else {})
        url = self._addresses.path("processes", process_id, "execution")
        content = json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")
        reply = await self._exchange.once(url, headers=headers, content=content, seconds=seconds)
        if reply.status in (502, 504):
            raise OutcomeUnknownError(
                f"a gateway of server {self.identity.name!r} answered {reply.status}: the execution may have run, or "
                "be running. Call list_jobs to find out before you call the tool again."
            )
        replies.check(reply)
        location = replies.job_in(reply.headers.get("location"))
        document = replies.json_of(reply) if is_json(reply.media_type) else None
        if reply.status in (201, 202) or documents.is_status(document):
            etag = reply.headers.get("etag")
            return Accepted(
                documents.status_info(document, job_id=location, etag=etag, retry_after=reply.retry_after)
                if document is not None
                else await self._status_of(location)
            )
        found = await self._outputs(reply, document, process_id)
        job_id = next((replies.job_in(o.href) for o in found if o.href), None) or location
        return Completed(job_id if self.dialect.keeps_results else None, found)

    async def status(self, job_id: str, *, etag: str | None = None, wait: float | None = None) -> StatusInfo | None:
        """A job's status; with `etag`, None if it has not changed, after at most `wait` seconds on servers that hold.

        Raises: NoSuchJobError, and what any request may raise.
        """
        await self.connect()
        headers = dict(_ACCEPT)
        seconds = _READ_SECONDS
        if etag is not None:
            headers["If-None-Match"] = etag
        if wait is not None and self.dialect.held_status:
            headers["Prefer"] = f"wait={max(1, round(wait))}"
            seconds = wait + 10
        reply = await self._read("jobs", job_id, headers=headers, seconds=seconds)
        if reply.status == 304:
            return None
        return documents.status_info(
            replies.json_of(reply), job_id=job_id, etag=reply.headers.get("etag"), retry_after=reply.retry_after
        )

    async def standing(self, job_id: str) -> StatusInfo:
        """A job's status as it now is.

        Raises: NoSuchJobError, and what any request may raise.
        """
        status = await self.status(job_id)
        if status is None:
            raise InvalidServerReplyError(f"server {self.identity.name!r} answered an unconditional request with 304")
        return status

    async def results(self, job_id: str, *, process_id: str | None = None) -> tuple[OutputResult, ...]:
        """The outputs of a successful job.

        process_id: spares a request on servers that send outputs without their ids.

        Raises: RemoteProblemError with the reason of a failed job, NoSuchJobError, ResultGoneError.
        """
        await self.connect()
        headers = _ACCEPT | _MINIMAL if self.dialect.minimal_results else _ANY
        reply = await self._read("jobs", job_id, "results", headers=headers)
        if process_id is None and not self.dialect.results_document:
            process_id = (await self.standing(job_id)).process_id
        document = replies.json_of(reply) if is_json(reply.media_type) else None
        return await self._outputs(reply, document, process_id)

    async def read(
        self, job_id: str, output_id: str, *, offset: int | None = None, limit: int | None = None
    ) -> OutputResult:
        """One output of a job with its value, or a page of it: features of a collection, items of an array.

        Raises: NoSuchJobError, ResultGoneError, ReferenceRefusedError where the server keeps the value elsewhere.
        """
        await self.connect()
        if self.dialect.minimal_results:
            params = {k: v for k, v in (("offset", offset), ("limit", limit)) if v is not None}
            reply = await self._read("jobs", job_id, "results", output_id, params=params, headers=_ANY)
            return replies.single_output(output_id, reply, href=self.reference(job_id, output_id))
        found = {output.id: output for output in await self.results(job_id)}
        if output_id not in found:
            raise RemoteProblemError(f"the job has no output {output_id!r}; it has {', '.join(found)}", status=404)
        output = found[output_id]
        if output.value is ABSENT:
            target = self._addresses.reachable(output.href)
            if target is None:
                raise ReferenceRefusedError(
                    f"server {self.identity.name!r} keeps this output at {output.href}, where this bridge does not read"
                )
            output = replies.single_output(output_id, await self._read_url(target, headers=_ANY), href=target)
        return outputs.page(output, offset, limit)

    async def jobs(self, *, limit: int) -> list[StatusInfo]:
        """The newest jobs, as far as the server tells them."""
        await self.connect()
        reply = await self._read("jobs", params={"limit": limit})
        return documents.statuses(replies.json_of(reply))[:limit]

    async def dismiss(self, job_id: str) -> StatusInfo:
        """Dismiss a job: stop it, or delete its results; the state it is in afterwards.

        Raises: NoSuchJobError.
        """
        await self.connect()
        url = self._addresses.path("jobs", job_id)
        reply = await self._exchange.repeatable("DELETE", url, headers=_ACCEPT, seconds=_DISMISS_SECONDS)
        if reply.status == 500 and self.dialect.delete_500_means_gone:
            with suppress(NoSuchJobError):
                return await self.standing(job_id)
            return _dismissed(job_id)
        if reply.status == 410 or (reply.status == 404 and reply.tries > 1):
            return _dismissed(job_id)
        replies.check(reply)
        document = replies.json_of(reply) if is_json(reply.media_type) and reply.body else None
        return documents.status_info(document, job_id=job_id) if documents.is_status(document) else _dismissed(job_id)

    def reference(self, job_id: str, output_id: str) -> str:
        """The URL by which this server knows one output of a job."""
        return self._addresses.result(job_id, output_id)

    async def _introduction(self, path: str) -> tuple[httpx.Headers, Any]:
        """Headers and document of a page that a server may lack, or send as HTML to whoever does not insist."""
        for query in (None, AS_JSON):
            try:
                reply = await self._read(path, params=query)
                return reply.headers, replies.json_of(reply)
            except RemoteProblemError as error:
                if error.status in PASSING:
                    raise
            except (InvalidServerReplyError, ReferenceRefusedError):
                continue
        return httpx.Headers(), None

    async def _status_of(self, job_id: str | None) -> StatusInfo:
        if job_id is None:
            raise OutcomeUnknownError(
                f"server {self.identity.name!r} accepted the execution but did not name its job. Call list_jobs."
            )
        return await self.standing(job_id)

    async def _outputs(self, reply: Reply, document: Any, process_id: str | None) -> tuple[OutputResult, ...]:
        if reply.status == 204:
            return ()
        if reply.media_type.startswith("multipart/"):
            raise InvalidServerReplyError(f"server {self.identity.name!r} answers with {reply.media_type}")
        if document is not None and self.dialect.results_document:
            return outputs.keyed_outputs(document)
        declared = await self._declared(process_id)
        value = reply.body if document is None else document
        return outputs.bare_outputs(value, reply.media_type, declared)

    async def _declared(self, process_id: str | None) -> tuple[str, ...]:
        if process_id is None:
            return ()
        if process_id not in self._output_ids:
            await self.describe(process_id)
        return self._output_ids[process_id]

    async def _read(
        self,
        *segments: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = _ACCEPT,
        seconds: float = _READ_SECONDS,
    ) -> Reply:
        return await self._read_url(self._addresses.path(*segments), params=params, headers=headers, seconds=seconds)

    async def _read_url(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] = _ACCEPT,
        seconds: float = _READ_SECONDS,
    ) -> Reply:
        query = {**self.dialect.query, **(params or {})}
        reply = await self._exchange.repeatable("GET", url, headers=headers, params=query, seconds=seconds)
        replies.check(reply)
        return reply


def _dismissed(job_id: str) -> StatusInfo:
    return documents.status_info({"jobID": job_id, "status": "dismissed"})
