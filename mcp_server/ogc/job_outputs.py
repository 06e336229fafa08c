"""The outputs of one server's jobs and executions: all of a job, one of them, a page of it, or its bytes."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, Final

from mcp_server.errors import BridgeError, InvalidServerReplyError, ReferenceRefusedError, RemoteProblemError
from mcp_server.ogc import documents, downloads, multipart, outputs, replies
from mcp_server.ogc.addresses import absolute
from mcp_server.ogc.declared import Declared, DeclaredOutputs
from mcp_server.ogc.dialects import DIALECTS, Dialect
from mcp_server.ogc.documents import LONGEST_LINK, plain
from mcp_server.ogc.models import ABSENT, Download, OutputResult, ServerIdentity
from mcp_server.ogc.problems import is_exception, is_problem, problem, problem_status
from mcp_server.ogc.reader import ACCEPT_ANY, ACCEPT_JSON, Reader, document_of, sound
from mcp_server.ogc.reply import HTML, Reply
from summaries.values import is_json

_MINIMAL: Final[Mapping[str, str]] = {"Prefer": "return=minimal"}
_RESULTS: Final = ("http://www.opengis.net/def/rel/ogc/1.0/results", "[ogc-rel:results]", "results")
"""Relations of the link from a job's status to its results, as servers write them."""
_NOT_FOUND: Final = 404
_UNSPECIFIC: Final = frozenset({outputs.JSON, "application/octet-stream", "text/plain"})
"""Media types that stand for one that was not told."""


class JobOutputs:
    """What one server's jobs gave. Nothing is read from any other origin."""

    def __init__(
        self, connect: Callable[[], Awaitable[ServerIdentity]], reader: Reader, declared: DeclaredOutputs
    ) -> None:
        """connect: makes sure that the server is known; declared: what its processes say that they give."""
        self._connect = connect
        self._reader = reader
        self._declared = declared

    async def of_job(self, job_id: str, *, process_id: str | None = None) -> tuple[OutputResult, ...]:
        """The outputs of a successful job.

        process_id: spares a request on servers that send outputs without their ids.

        Raises: RemoteProblemError with the reason of a failed job, NoSuchJobError, ResultGoneError.
        """
        minimal = _dialect(await self._connect()).minimal_results
        headers = {**ACCEPT_JSON, **_MINIMAL} if minimal else ACCEPT_ANY
        try:
            reply = await self._reader.path("jobs", job_id, "results", headers=headers)
        except RemoteProblemError as error:
            target = await self._elsewhere(job_id) if error.status == _NOT_FOUND else None
            if target is None:
                raise
            reply = await self._reader.url(target, headers=headers)
        document = document_of(reply) if is_json(reply.media_type) else None
        found = await self.within(reply, document, process_id, job_id)
        return tuple(replace(o, href=absolute(o.href, reply.url)) if o.href else o for o in found)

    async def read(
        self, job_id: str, output_id: str, *, offset: int | None = None, limit: int | None = None
    ) -> OutputResult:
        """One output of a job with its value, or a page of it: features of a collection, items of an array.

        Raises: NoSuchJobError, ResultGoneError, ReferenceRefusedError where the server keeps the value elsewhere.
        """
        server = await self._connect()
        if _dialect(server).minimal_results:
            params = {k: v for k, v in (("offset", offset), ("limit", limit)) if v is not None}
            reply = await self._reader.path("jobs", job_id, "results", output_id, params=params, headers=ACCEPT_ANY)
            return _single(output_id, reply, self._reader.addresses.result(job_id, output_id))
        return await self.whole(await self._found(job_id, output_id), offset=offset, limit=limit)

    async def whole(self, output: OutputResult, *, offset: int | None = None, limit: int | None = None) -> OutputResult:
        """An output of this server with its value, which is read where its link leads unless it was sent; or a page.

        Raises: ReferenceRefusedError where the server keeps the value elsewhere, and what any request may raise.
        """
        if output.value is ABSENT:
            target = self._kept_at(await self._connect(), output)
            reply = await self._reader.url(target, headers=ACCEPT_ANY)
            _refuse_page(reply, output)
            if not reply.media_type:
                reply = replace(reply, headers={**reply.headers, "content-type": output.media_type})
            output = _single(output.id, reply, target)
        return outputs.page(output, offset, limit)

    @asynccontextmanager
    async def opened(self, job_id: str, output_id: str, *, seconds: float, most: int) -> AsyncGenerator[Download]:
        """The value of an output of a job as bytes, piece by piece where the server sends it by itself.

        seconds: until the last piece has been taken; most: bytes.

        Raises: as `read`, while the pieces are read as well.
        """
        if not _dialect(await self._connect()).minimal_results:
            output = await self._found(job_id, output_id)
            async with self.opened_value(output, seconds=seconds, most=most) as download:
                yield download
            return
        target = self._reader.addresses.path("jobs", job_id, "results", output_id)
        async with self._reader.opened(target, seconds=seconds, most=most) as incoming:
            yield downloads.coming(incoming)

    @asynccontextmanager
    async def opened_value(self, output: OutputResult, *, seconds: float, most: int) -> AsyncGenerator[Download]:
        """The value of an output of this server as bytes, piece by piece where it was sent as a link.

        seconds: until the last piece has been taken; most: bytes.

        Raises: as `whole`, while the pieces are read as well.
        """
        if output.value is not ABSENT:
            yield downloads.at_hand(output)
            return
        target = self._kept_at(await self._connect(), output)
        async with self._reader.opened(target, seconds=seconds, most=most) as incoming:
            _refuse_page(incoming.reply, output)
            yield downloads.coming(incoming, output.media_type)

    async def _found(self, job_id: str, output_id: str) -> OutputResult:
        """An output among all of its job; its value may be elsewhere."""
        found = {output.id: output for output in await self.of_job(job_id)}
        if output_id not in found:
            raise RemoteProblemError(f"the job has no output {output_id!r}; it has {', '.join(found)}", status=404)
        return found[output_id]

    async def _elsewhere(self, job_id: str) -> str | None:
        """Where a job says that its results are; None where that cannot be read, or is the usual place."""
        try:
            reply = await self._reader.path("jobs", job_id)
            document = document_of(reply)
        except BridgeError:
            return None
        link = next(filter(None, (documents.link(document, relation) for relation in _RESULTS)), None)
        target = self._reader.addresses.reachable(link, reply.url)
        usual = self._reader.addresses.path("jobs", job_id, "results")
        return None if target is None or target.partition("?")[0] == usual else target

    def _kept_at(self, server: ServerIdentity, output: OutputResult) -> str:
        """Where a value is read that was not sent with its results."""
        target = self._reader.addresses.reachable(output.href)
        if target is None:
            raise ReferenceRefusedError(
                f"server {server.name!r} keeps this output at {plain(output.href, length=LONGEST_LINK)}, where this "
                "bridge does not read"
            )
        return target

    async def within(
        self, reply: Reply, document: Any, process_id: str | None, job_id: str | None
    ) -> tuple[OutputResult, ...]:
        """The outputs that an answer holds, in whichever way its server sends them.

        document: its JSON, where it has some.

        Raises: InvalidServerReplyError, and what asking for the description may raise.
        """
        if reply.status == 204:
            links = reply.links
            return outputs.linked_outputs(links, (await self._declared.of(process_id, job_id)).ids) if links else ()
        server = await self._connect()
        await self._refuse_errors(document, process_id, job_id, keyed=_dialect(server).results_document)
        if reply.media_type.startswith("multipart/"):
            declared = await self._declared.of(process_id, job_id)
            return multipart.related_outputs(reply, declared.ids)
        if reply.is_html and not (await self._declared.of(process_id, job_id)).html:
            raise InvalidServerReplyError(f"server {server.name!r} answers with an HTML page in place of results")
        keyed = _dialect(server).results_document
        known = await self._known(document, process_id, job_id, keyed=keyed)
        found = outputs.taken_apart(document, known.ids, keyed=keyed)
        if found is None:
            value = document if is_json(reply.media_type) else reply.text_body
            declared = await self._declared.of(process_id, job_id)
            found = (outputs.bare_output(value, reply.media_type, declared.ids),)
        return found

    async def _refuse_errors(self, document: Any, process_id: str | None, job_id: str | None, *, keyed: bool) -> None:
        """Pass what can be results: an error, or a status, may stand in their place though all is said to be well.

        keyed: the server's results are an object by output id, so that no value has such members.

        Raises: RemoteProblemError, with the words of what stands there.
        """
        error, status = is_problem(document) or (keyed and is_exception(document)), documents.is_status(document)
        if not (error or (status and job_id is not None)):
            return
        # Results may outlive their process.
        with suppress(BridgeError):
            declared = await self._declared.of(process_id, job_id)
            if set(declared.ids).issuperset(document) or (status and not keyed and len(declared.ids) == 1):
                return
        raise _error(document) if error else _state(document)

    async def _known(self, document: Any, process_id: str | None, job_id: str | None, *, keyed: bool) -> Declared:
        """The declared outputs, asked for only where they decide how a document is read."""
        if not keyed:
            return await self._declared.of(process_id, job_id)
        if outputs.leaves_open(document):
            # Results may outlive their process.
            with suppress(BridgeError):
                return await self._declared.of(process_id, job_id)
        return self._declared.known(process_id)


def _single(output_id: str, reply: Reply, href: str) -> OutputResult:
    return replies.single_output(output_id, sound(reply) if is_json(reply.media_type) else reply, href=href)


def _error(document: Any) -> RemoteProblemError:
    status = problem_status(document)
    message, type_uri, problems = problem(status, document)
    return RemoteProblemError(message, status=status, type_uri=type_uri, problems=problems)


def _state(document: Any) -> RemoteProblemError:
    """What a job's status says that stands in place of its results: they are not there, or not yet."""
    told = documents.status_info(document)
    reason = f": {told.message}" if told.message else ""
    if told.status == "failed":
        return RemoteProblemError(told.message or "the job failed, and its server does not say why", status=500)
    return RemoteProblemError(
        f"in place of results the server says that the job is {told.status}{reason}", status=_NOT_FOUND
    )


def _refuse_page(reply: Reply, output: OutputResult) -> None:
    """Pass what can be the value of a link. A page in its place is of a proxy, or wants somebody to sign in.

    Raises: InvalidServerReplyError.
    """
    if reply.is_html and output.media_type not in HTML | _UNSPECIFIC:
        raise InvalidServerReplyError(
            f"the server answers with an HTML page in place of the output {output.id!r} ({output.media_type})"
        )


def _dialect(server: ServerIdentity) -> Dialect:
    return DIALECTS[server.dialect]
