"""The datasets of a server: `/collections`, on servers whose processes take references to them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp_server.errors import InvalidServerReplyError
from mcp_server.ogc import documents
from mcp_server.ogc.reader import Reader, document_of

_KINDS: Final[Mapping[object, str]] = {"feature": "vector", "coverage": "raster"}
_LONGEST_TITLE = 120


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset as the list of its server tells it."""

    id: str
    title: str
    kind: str
    """`vector` or `raster`; empty where it is not told."""
    size: int | None
    """Bytes, where they are told."""


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """A part of a server's datasets."""

    datasets: tuple[Dataset, ...]
    total: int
    """How many there are in all."""


class Collections:
    """What one server tells of its datasets."""

    def __init__(self, connect: Callable[[], Awaitable[object]], reader: Reader) -> None:
        """connect: makes sure that the server is known."""
        self._connect = connect
        self._reader = reader

    async def page(self, *, offset: int, limit: int) -> DatasetPage:
        """The datasets from `offset` on, in the server's order.

        Raises: RemoteProblemError (status 404 where it has none), and what any request may raise.
        """
        await self._connect()
        params = {"limit": limit, "offset": offset}
        document = documents.as_object(document_of(await self._reader.path("collections", params=params)))
        entries: Any = document.get("collections")
        if not isinstance(entries, list):
            raise InvalidServerReplyError("the server sent a list of collections that is none")
        listed = (_dataset(entry) for entry in entries if isinstance(entry, dict) and entry.get("id"))  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType]
        found = tuple(dataset for dataset in listed if len(dataset.id) <= documents.LONGEST_ID)
        total = document.get("numberMatched")
        return DatasetPage(found[:limit], total if isinstance(total, int) else offset + len(found))

    async def describe(self, dataset_id: str) -> Mapping[str, Any]:
        """What the server tells of a dataset, untouched.

        Raises: RemoteProblemError (status 404 where there is no such dataset), and what any request may raise.
        """
        await self._connect()
        return documents.as_object(document_of(await self._reader.path("collections", dataset_id)))

    def href(self, dataset_id: str, layer: str | None) -> str:
        """The URL by which the server knows a dataset, or one layer of it."""
        return self._reader.addresses.collection(dataset_id, layer)


def _dataset(entry: Mapping[str, Any]) -> Dataset:
    size = entry.get("length")
    return Dataset(
        id=str(entry["id"]),
        title=documents.plain(entry.get("title") or "", length=_LONGEST_TITLE),
        kind=_KINDS.get(str(entry.get("itemType")), ""),
        size=size if isinstance(size, int) else None,
    )
