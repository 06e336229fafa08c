"""`/collections`: the datasets, files of the data folders, that inputs of processes may refer to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from backend.api.documents import HTML, link, page_link, page_links, timestamp
from backend.api.items import items_url
from backend.api.query import integer_parameter, refuse_misspelt_parameters
from backend.api.representation import represented
from backend.api.service import service_of
from backend.errors import NoSuchDatasetError
from backend.geo.vector.datasets import DatasetFile, Kind
from backend.jobs.references import DatasetReference
from backend.openapi.parameters import MOST_IN_A_PAGE
from backend.openapi.paths import GEOJSON

type Document = dict[str, Any]

_ITEMS: dict[Kind, str] = {"vector": "feature", "raster": "coverage"}


async def list_collections(request: Request) -> Response:
    """`GET /collections`: all of them, unless the client wishes pages. No file is opened.

    In a thread: to find thousands of files takes its time, and so does to tell of them.
    """
    refuse_misspelt_parameters(request, ("limit", "offset", "f"))
    service = service_of(request)
    limit = integer_parameter(request, "limit", default=MOST_IN_A_PAGE, least=1, most=MOST_IN_A_PAGE)
    offset = integer_parameter(request, "offset", default=0, least=0, most=2**31)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name in ("limit", "f")]

    def listed() -> Response:
        every = service.datasets.all()
        total, page = len(every), [collection(one, service.base_url) for one in every[offset : offset + limit]]
        links = page_links(f"{service.base_url}/collections", offset=offset, limit=limit, total=total, query=kept)
        return represented(request, "collections", collection_list(page, links, total))

    return await anyio.to_thread.run_sync(listed)


async def get_collection(request: Request) -> Response:
    """`GET /collections/{id}`."""
    service, wanted = service_of(request), request.path_params["collection"]

    def read() -> Document | None:
        found = {dataset.id: dataset for dataset in service.datasets.all()}.get(wanted)
        return None if found is None else collection(found, service.base_url)

    document = await anyio.to_thread.run_sync(read)
    if document is None:
        raise NoSuchDatasetError(f"There is no collection `{wanted[:80]}`.")
    return represented(request, "collection", document)


def collection_list(page: Sequence[Document], links: Sequence[Document], total: int) -> Document:
    """A page of `/collections`."""
    return {"collections": list(page), "links": list(links), "numberMatched": total, "numberReturned": len(page)}


def collection(dataset: DatasetFile, base_url: str) -> Document:
    """A dataset as far as it can be told without opening its file (OGC 20-024, `collection`)."""
    url = DatasetReference(dataset.id).href(base_url)
    return {
        "id": dataset.id,
        "title": dataset.file_name,
        "itemType": _ITEMS[dataset.kind],
        **_file(dataset),
        "links": [
            link("self", url, "This dataset; as an input of a process, a reference to it"),
            page_link(url),
            *_items(dataset, base_url),
            link("up", f"{base_url}/collections", "All datasets"),
        ],
    }


def _items(dataset: DatasetFile, base_url: str) -> list[Document]:
    if dataset.kind != "vector":
        return []
    url = items_url(base_url, dataset.id)
    return [link("items", url, "Its features", GEOJSON), link("items", f"{url}?f=html", "Its features on a map", HTML)]


def _file(dataset: DatasetFile) -> Document:
    """Its size in bytes, and when it last changed; nothing where it is there no more."""
    try:
        found = dataset.path.stat()
    except OSError:
        return {}
    return {"length": found.st_size, "updated": timestamp(datetime.fromtimestamp(found.st_mtime, UTC), "seconds")}
