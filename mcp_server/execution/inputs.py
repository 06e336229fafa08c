"""References among the inputs of an execution → what its server can read."""

import base64
from collections.abc import Mapping
from typing import Any, Protocol, cast

from mcp_server.errors import InvalidReferenceError, ReferenceRefusedError, RemoteProblemError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.references import JobReference, KeptReference, ProcessReference, ResultReference

_LINK_MEMBERS = frozenset({"href", "rel", "type", "hreflang", "title", "length"})


class Keeper(Protocol):
    """Results that the bridge keeps because their server does not: `mcp_server.results.store.KeptResults`."""

    async def keep(self, server: str, process_id: str, outputs: tuple[OutputResult, ...]) -> tuple[KeptReference, ...]:
        """Keep all outputs of one execution."""
        ...

    async def read(
        self, reference: KeptReference, *, offset: int | None = None, limit: int | None = None
    ) -> OutputResult:
        """One output, or a page of it."""
        ...


class InputResolver:
    """Puts in place of each reference a link, where the server reads its own results by link, or else the value."""

    def __init__(self, clients: Mapping[str, OgcClient], kept: Keeper, *, max_bytes: int) -> None:
        self._clients = clients
        self._kept = kept
        self._max_bytes = max_bytes

    async def resolve(self, inputs: Mapping[str, Any], target: OgcClient) -> dict[str, Any]:
        """The inputs as the target server takes them. A reference is read once; the caller's own links stay.

        Raises: InvalidReferenceError, ReferenceRefusedError where a value is larger than `max_bytes`, and what reading
        it may raise.
        """
        await target.connect()
        read: dict[ResultReference | KeptReference, Any] = {}
        return {name: _qualified(await self._put(value, target, read), target) for name, value in inputs.items()}

    async def _put(self, value: Any, target: OgcClient, read: dict[ResultReference | KeptReference, Any]) -> Any:
        match value:
            case ResultReference() | KeptReference():
                if value not in read:
                    read[value] = await self._replacement(value, target)
                return read[value]
            case JobReference():
                raise InvalidReferenceError(f"{value} is a job: name one of its outputs, {value}/results/OUTPUT")
            case ProcessReference():
                raise InvalidReferenceError(f"{value} is a process, not a value")
            case dict():
                members = cast("dict[str, Any]", value)
                return {name: await self._put(member, target, read) for name, member in members.items()}
            case list():
                return [await self._put(item, target, read) for item in cast("list[Any]", value)]
            case _:
                return value

    async def _replacement(self, reference: ResultReference | KeptReference, target: OgcClient) -> Any:
        if isinstance(reference, KeptReference):
            output = await self._kept.read(reference)
        else:
            source = self._client(reference)
            if source is target and target.dialect.accepts_href:
                return {"href": target.reference(reference.job_id, reference.output_id)}
            output = await self._read(reference, source)
        if output.value is ABSENT or (output.size or 0) > self._max_bytes:
            raise ReferenceRefusedError(
                f"{reference} has {output.size} bytes; at most {self._max_bytes} can be carried to server "
                f"{target.identity.name!r}, which does not read references itself"
            )
        return _value(output)

    async def _read(self, reference: ResultReference, source: OgcClient) -> OutputResult:
        try:
            return await source.read(reference.job_id, reference.output_id)
        except RemoteProblemError as error:
            raise InvalidReferenceError(f"{reference} cannot be read: {error}") from error

    def _client(self, reference: ResultReference) -> OgcClient:
        if reference.server not in self._clients:
            names = ", ".join(sorted(self._clients)) or "none"
            raise InvalidReferenceError(f"{reference} names no server of this bridge; there are: {names}")
        return self._clients[reference.server]


def _value(output: OutputResult) -> Any:
    """A value as JSON: text as it is, other bytes in base64 (OGC 18-062r2, `qualifiedInputValue`)."""
    if not isinstance(output.value, bytes):
        return output.value
    if output.media_type.startswith("text/"):
        return output.value.decode("utf-8", "replace")
    encoded = base64.b64encode(output.value).decode("ascii")
    return {"value": encoded, "mediaType": output.media_type, "encoding": "base64"}


def _qualified(value: Any, target: OgcClient) -> Any:
    """A JSON object as the standard wants it, where the server holds to the standard, or would misread it."""
    if isinstance(value, list):
        return [_qualified(item, target) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    is_link = isinstance(members.get("href"), str) and members.keys() <= _LINK_MEMBERS
    is_collection = members.keys() == {"collection"} and "://" in str(members["collection"])
    is_qualified = "value" in members and members.keys() <= {"value", "mediaType", "encoding", "schema"}
    stands_by_itself = is_link or is_collection or is_qualified
    return {"value": members} if target.dialect.qualified_objects and not stands_by_itself else members
