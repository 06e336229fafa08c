"""References among the inputs of an execution → what its server can read."""

import base64
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, Protocol, cast

from mcp_server.errors import InvalidReferenceError, ReferenceRefusedError, RemoteProblemError, ResultGoneError
from mcp_server.execution.body import leads_elsewhere
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.documents import compact, plain
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.references import DatasetReference, KeptReference, ResultReference, ValueReference
from mcp_server.settings import BRIDGE

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
"""The JSON types without members. Any other type, but for dict and list, is a reference of ours."""


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


class Values(Protocol):
    """Kept results with their values: `mcp_server.execution.kept_values.KeptValues`."""

    async def read(self, reference: KeptReference) -> OutputResult:
        """One output, with its value."""
        ...


class InputResolver:
    """Puts in place of each reference a link, where the server of the execution can read it, or else the value."""

    def __init__(
        self, clients: Mapping[str, OgcClient], kept: Values, *, max_bytes: int, public: Collection[str] = ()
    ) -> None:
        """Take clients by server name.

        max_bytes: largest value carried from one server to another.
        public: names of the servers that the others can reach, and that ask them for no credentials.
        """
        self._clients = clients
        self._kept = kept
        self._max_bytes = max_bytes
        self._public = frozenset(public)

    async def resolve(self, inputs: Mapping[str, Any], target: OgcClient) -> dict[str, Any]:
        """The inputs without references of ours. A reference is read once; the caller's own links stay.

        Raises: InvalidReferenceError, ReferenceRefusedError where a value is larger than `max_bytes`, and what reading
        it may raise.
        """
        await target.connect()
        found = {reference: await self._found(reference, target) for reference in dict.fromkeys(_references(inputs))}
        return {name: _put(value, found) for name, value in inputs.items()} if found else dict(inputs)

    async def _found(self, reference: ValueReference, target: OgcClient) -> Any:
        """What stands for a reference: a link, or the value."""
        if isinstance(reference, DatasetReference):
            return {"href": await self._dataset_url(reference, target)}
        return await self._replacement(reference, target)

    async def _replacement(self, reference: ResultReference | KeptReference, target: OgcClient) -> Any:
        if isinstance(reference, KeptReference):
            output = await self._kept_value(reference)
        else:
            source = self._client(reference)
            if source is target and target.dialect.accepts_href:
                return {"href": target.reference(reference.job_id, reference.output_id)}
            if source is not target and source.identity.name in self._public and target.dialect.takes_links:
                output = await self._linked(reference, source)
                if output.href is not None:
                    return {"href": output.href, "type": output.media_type}
            else:
                output = await self._read(reference, source)
        if output.value is ABSENT or (output.size or 0) > self._max_bytes:
            raise ReferenceRefusedError(
                f"{reference} has {output.size} bytes; at most {self._max_bytes} can be carried to server "
                f"{target.identity.name!r}, which cannot read it from server {_origin(reference)!r} itself"
            )
        value = _value(output)
        if any(map(leads_elsewhere, _objects(value))) and _origin(reference) != target.identity.name:
            # Whoever made it would have the other server fetch what he likes, from within the other one's network.
            raise ReferenceRefusedError(
                f"{reference} is no value but a link, {plain(compact(value), length=200)}: what one server links to is "
                "not passed on to another"
            )
        return value

    async def _dataset_url(self, reference: DatasetReference, target: OgcClient) -> str:
        """The URL by which the server of the execution knows a dataset of its own."""
        source = self._client(reference)
        await source.connect()
        if not source.dialect.datasets:
            raise InvalidReferenceError(f"{reference}: server {reference.server!r} has no datasets")
        if source is not target:
            raise ReferenceRefusedError(
                f"{reference} is a file of server {reference.server!r}, which server {target.identity.name!r} cannot "
                f"read; pass on a result that a process of {reference.server!r} makes of it"
            )
        return source.collections.href(reference.dataset_id, reference.layer)

    async def _kept_value(self, reference: KeptReference) -> OutputResult:
        try:
            return await self._kept.read(reference)
        except ResultGoneError:
            raise
        except RemoteProblemError as error:
            raise InvalidReferenceError(f"{reference} cannot be read: {error}") from error

    async def _read(self, reference: ResultReference, source: OgcClient) -> OutputResult:
        try:
            return await source.outputs.read(reference.job_id, reference.output_id)
        except RemoteProblemError as error:
            raise InvalidReferenceError(f"{reference} cannot be read: {error}") from error

    async def _linked(self, reference: ResultReference, source: OgcClient) -> OutputResult:
        """The output as the results tell it: with the URL it can be read at, where its server has one for it."""
        try:
            outputs = {output.id: output for output in await source.outputs.of_job(reference.job_id)}
        except RemoteProblemError as error:
            raise InvalidReferenceError(f"{reference} cannot be read: {error}") from error
        if reference.output_id not in outputs:
            return await self._read(reference, source)
        return outputs[reference.output_id]

    def _client(self, reference: ResultReference | DatasetReference) -> OgcClient:
        if reference.server not in self._clients:
            names = ", ".join(sorted(self._clients)) or "none"
            raise InvalidReferenceError(f"{reference} names no server of this bridge; there are: {names}")
        return self._clients[reference.server]


def _references(inputs: Mapping[str, Any]) -> Iterator[ValueReference]:
    """The references among values, in their order.

    A loop, which skips the scalars of a list together: most values hold no reference, and some have a million numbers.
    """
    pending: list[Any] = [dict(inputs)]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += reversed(list(cast("dict[str, Any]", value).values()))
        elif isinstance(value, list):
            members = cast("list[Any]", value)
            pending += reversed([member for member in members if type(member) not in _SCALARS])
        elif type(value) not in _SCALARS:
            yield value


def _put(value: Any, found: Mapping[ValueReference, Any]) -> Any:
    """A value with what was found in place of its references."""
    match value:
        case dict():
            return {name: _put(member, found) for name, member in cast("dict[str, Any]", value).items()}
        case list():
            return [_put(item, found) for item in cast("list[Any]", value)]
        case _:
            return value if type(value) in _SCALARS else found[value]


def _objects(value: Any) -> list[dict[str, Any]]:
    """The objects that a value is, or is an array of: each may be taken for one of several values."""
    every: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [cast("dict[str, Any]", one) for one in every if isinstance(one, dict)]


def _value(output: OutputResult) -> Any:
    """A value as JSON: text and XML in UTF-8 as they are, other bytes in base64 (18-062r2, `qualifiedInputValue`)."""
    if not isinstance(output.value, bytes):
        return output.value
    if output.media_type.startswith("text/") or output.media_type.endswith(("/xml", "+xml")):
        with suppress(UnicodeDecodeError):
            return output.value.decode("utf-8")
    encoded = base64.b64encode(output.value).decode("ascii")
    return {"value": encoded, "mediaType": output.media_type, "encoding": "base64"}


def _origin(reference: ResultReference | KeptReference) -> str:
    return reference.server if isinstance(reference, ResultReference) else BRIDGE
