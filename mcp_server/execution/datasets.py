"""The datasets of all servers, one server after the other."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import anyio

from mcp_server.errors import BridgeError, RemoteProblemError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.collections import Dataset, DatasetPage
from mcp_server.references import DatasetReference

_log = logging.getLogger(__name__)

_NONE = DatasetPage((), 0)
_NO_COLLECTIONS = frozenset({404, 405, 501})


@dataclass(frozen=True, slots=True)
class ListedDataset:
    """A dataset, and the URI by which it is an input."""

    uri: DatasetReference
    dataset: Dataset


@dataclass(frozen=True, slots=True)
class DatasetList:
    """A page of the datasets of several servers."""

    datasets: tuple[ListedDataset, ...]
    total: int
    """How many there are on all of them that answered."""
    warnings: tuple[str, ...]
    """Whose datasets are missing, and why."""


async def of_servers(clients: Iterable[OgcClient], *, offset: int, limit: int, seconds: float) -> DatasetList:
    """The datasets from `offset` on of these servers, taken one after the other.

    seconds: how long each server is waited for.
    """
    found: list[ListedDataset] = []
    total, warnings = 0, list[str]()
    for client in clients:
        name = client.identity.name
        left = limit - len(found)
        try:
            # One at least: the answer tells how many there are.
            page = await _page(client, offset=max(0, offset - total), limit=max(1, left), seconds=seconds)
        except BridgeError as error:
            _log.info("datasets of %s: %s", name, error)
            warnings.append(f"datasets of server {name!r} are missing: {error}")
            continue
        total += page.total
        found += [ListedDataset(DatasetReference(name, one.id), one) for one in page.datasets[: max(0, left)]]
    return DatasetList(tuple(found), total, tuple(warnings))


async def _page(client: OgcClient, *, offset: int, limit: int, seconds: float) -> DatasetPage:
    try:
        with anyio.fail_after(seconds):
            await client.connect()
            if not client.dialect.datasets:
                return _NONE
            return await client.collections.page(offset=offset, limit=limit)
    except TimeoutError:
        raise BridgeError(f"no answer within {seconds:g} s") from None
    except RemoteProblemError as error:
        if error.status in _NO_COLLECTIONS:
            return _NONE
        raise
