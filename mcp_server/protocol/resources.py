"""Resources: descriptions of processes and datasets as their servers wrote them, and results."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mcp import MCPError
from mcp.server.context import ServerRequestContext
from mcp.types import (
    INVALID_PARAMS,
    BlobResourceContents,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from mcp_server.errors import BridgeError, UnknownResourceError, UnknownToolError
from mcp_server.ogc.documents import compact, indented, utf8_size
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.protocol import outcomes
from mcp_server.protocol.as_files import as_file
from mcp_server.references import (
    DatasetReference,
    JobReference,
    KeptReference,
    ProcessReference,
    ResultReference,
    parse,
)
from mcp_server.results import presentation
from mcp_server.schema.text import brief

if TYPE_CHECKING:
    from mcp_server.catalog import Catalog
    from mcp_server.execution.executor import Executor

type Context = ServerRequestContext[Any, Any]

MAX_RESOURCE_BYTES: Final = 1_000_000
"""Clients take no larger ones."""
_JSON: Final = "application/json"
_ID_LENGTH: Final = 120

_TEMPLATES: Final = (
    ResourceTemplate(
        uri_template="ogc://{server}/processes/{id}",
        name="process",
        title="Process description",
        description="The whole description of a process, as its server wrote it.",
        mime_type=_JSON,
    ),
    ResourceTemplate(
        uri_template="ogc://{server}/jobs/{job}/results/{output}",
        name="result",
        title="Output of a job",
        description="The value of one output, up to 1 MB; the tool read_result reads larger ones in parts.",
    ),
    ResourceTemplate(
        uri_template="ogc://{server}/collections/{id}",
        name="dataset",
        title="Dataset",
        description="What a server tells of a file that processes can read; the tool list_datasets lists them.",
        mime_type=_JSON,
    ),
    ResourceTemplate(
        uri_template="ogc://bridge/results/{id}/{output}",
        name="kept-result",
        title="Output kept here",
        description="The value of one output of a server that keeps no jobs.",
    ),
)


@dataclass(frozen=True, slots=True)
class Resources:
    """The resource handlers of the server."""

    catalog: "Catalog"
    executor: "Callable[[], Awaitable[Executor]]"
    saves: bool = False
    """Results are saved as files."""

    async def list(self, _ctx: Context, params: PaginatedRequestParams | None) -> ListResourcesResult:
        """The descriptions of all processes that are tools, on one page."""
        _refuse_cursor(params)
        return ListResourcesResult(
            resources=[
                Resource(
                    uri=str(ProcessReference(entry.server.name, entry.description.id)),
                    name=entry.spec.name,
                    title=entry.spec.title,
                    description=_told(entry.description.id, entry.server.name),
                    mime_type=_JSON,
                )
                for entry in await self.catalog.tools()
            ]
        )

    async def templates(self, _ctx: Context, params: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
        """The forms of URIs there are."""
        _refuse_cursor(params)
        return ListResourceTemplatesResult(resource_templates=list(_TEMPLATES))

    async def read(self, ctx: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        """Read a description of a process or dataset, or a result.

        Raises: MCPError, as `outcomes` says.
        """
        uri = str(params.uri)
        try:
            return ReadResourceResult(contents=[await self._contents(uri)])
        except Exception as error:
            raise outcomes.of_resource(error, uri, ctx.protocol_version) from error

    async def _contents(self, uri: str) -> TextResourceContents | BlobResourceContents:
        match parse(uri):
            case ProcessReference() as process:
                return _document(uri, await self._description(process))
            case ResultReference() | KeptReference() as result:
                executor = await self.executor()
                output = await executor.read(result, None, None)
                return _result(uri, output, file=as_file(result, output, saves=self.saves))
            case DatasetReference() as dataset:
                executor = await self.executor()
                return _document(uri, await executor.dataset(dataset))
            case JobReference():
                raise UnknownResourceError(f"{uri} is a job: the tool get_job tells its status and outputs")

    async def _description(self, process: ProcessReference) -> Mapping[str, Any]:
        try:
            return (await self.catalog.described(process.server, process.process_id)).raw
        except UnknownToolError as error:
            raise UnknownResourceError(str(error)) from error


def _told(process_id: str, server: str) -> str:
    return f"Description of process {brief(process_id, _ID_LENGTH)!r} of server {server!r}"


def _document(uri: str, document: Mapping[str, Any]) -> TextResourceContents:
    """What a server told, with all its members; without spaces where it is too large with them."""
    text = next((one for one in (indented(document), compact(document)) if utf8_size(one) <= MAX_RESOURCE_BYTES), None)
    if text is None:
        raise BridgeError(f"{uri} has {utf8_size(compact(document)):,} bytes, more than a resource may have")
    return TextResourceContents(uri=uri, mime_type=_JSON, text=text)


def _result(uri: str, output: OutputResult, *, file: str) -> TextResourceContents | BlobResourceContents:
    """file: how the user gets it as a file."""
    if output.value is ABSENT:
        raise UnknownResourceError(f"the value of {uri} is not kept where this bridge reads")
    text = presentation.as_text(output)
    if isinstance(output.value, bytes):
        size = len(output.value)
    else:
        text = compact(output.value) if text is None else text
        size = utf8_size(text)
    if size > MAX_RESOURCE_BYTES:
        way = file if text is None else f"the tool read_result reads it in parts, and {file}"
        raise BridgeError(f"{uri} has {size:,} bytes, more than a resource may have: {way}")
    if text is not None:
        return TextResourceContents(uri=uri, mime_type=output.media_type, text=text)
    blob = base64.b64encode(output.value if isinstance(output.value, bytes) else b"").decode("ascii")
    return BlobResourceContents(uri=uri, mime_type=output.media_type, blob=blob)


def _refuse_cursor(params: PaginatedRequestParams | None) -> None:
    if params is not None and params.cursor is not None:
        raise MCPError(INVALID_PARAMS, "there is one page: no cursor was given out")
