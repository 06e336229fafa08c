"""`/collections/{id}/items`: the features of a dataset, as a process would get them."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from backend.api.documents import HTML, link, page_links, timestamp
from backend.api.encoding import encode
from backend.api.query import integer_parameter, require_known_parameters
from backend.api.representation import form_of, represented
from backend.api.service import Service, service_of
from backend.errors import InputProblem, InvalidRequestError, NoItemsError, NoSuchDatasetError, ProcessRefusedError
from backend.geo.vector.item_query import Box, ItemsPage, ItemsQuery
from backend.jobs.references import DatasetReference
from backend.openapi.parameters import ITEMS_IN_A_PAGE, MOST_IN_A_PAGE
from backend.openapi.paths import GEOJSON

type Document = dict[str, Any]

_KEPT = ("limit", "bbox", "layer", "f")
_PARAMETERS = ("f", "limit", "offset", "bbox", "layer")


async def get_items(request: Request) -> Response:
    """`GET /collections/{id}/items`: some features, with links to the others."""
    require_known_parameters(request, _PARAMETERS)
    service, dataset_id = service_of(request), str(request.path_params["collection"])
    offset = integer_parameter(request, "offset", default=0, least=0, most=2**31)
    limit = integer_parameter(request, "limit", default=ITEMS_IN_A_PAGE, least=1, most=MOST_IN_A_PAGE)
    layer = request.query_params.get("layer") or None
    query = ItemsQuery(layer, offset, limit, _box(request.query_params.get("bbox")))
    page = await _read(service, dataset_id, query)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name in _KEPT]
    url = items_url(service.base_url, dataset_id)
    # The page may be smaller than was asked for: the next one begins where it ends.
    links = page_links(url, offset=offset, limit=page.returned or limit, total=page.matched, query=kept)
    rest: Document = {
        "numberMatched": page.matched,
        "numberReturned": page.returned,
        "timeStamp": timestamp(datetime.now(UTC), "seconds"),
        **_told(page),
        "links": [*map(_as_geojson, links), _up(service, dataset_id)],
    }
    members = b'"type":"FeatureCollection","features":' + page.features
    return _represented(request, members, {**rest, "collection": dataset_id}, rest)


async def get_item(request: Request) -> Response:
    """`GET /collections/{id}/items/{featureId}`: one feature, by its place in the layer."""
    require_known_parameters(request, ("f", "layer"))
    service, dataset_id = service_of(request), str(request.path_params["collection"])
    place = str(request.path_params["feature"])
    if not (place.isascii() and place.isdigit() and len(place) < 10):
        raise NoItemsError(f"{dataset_id[:80]} has no feature with the id {place[:80]!r}: ids are numbers from 0 on.")
    query = ItemsQuery(request.query_params.get("layer") or None, item=int(place))
    page = await _read(service, dataset_id, query)
    layer = [(name, value) for name, value in request.query_params.multi_items() if name == "layer"]
    url = f"{items_url(service.base_url, dataset_id)}/{int(place)}"
    links = page_links(url, offset=0, limit=1, total=1, query=layer)
    rest: Document = {**_told(page), "links": [*map(_as_geojson, links), _up(service, dataset_id)]}
    return _represented(request, page.features[2:-2], {**rest, "id": int(place), "collection": dataset_id}, rest)


def items_url(base_url: str, dataset_id: str) -> str:
    """Where the features of a dataset stand."""
    return f"{DatasetReference(dataset_id).href(base_url)}/items"


async def _read(service: Service, dataset_id: str, query: ItemsQuery) -> ItemsPage:
    return await anyio.to_thread.run_sync(partial(_page, service, dataset_id, query), limiter=service.reading)


def _page(service: Service, dataset_id: str, query: ItemsQuery) -> ItemsPage:
    try:
        dataset = service.datasets.get(dataset_id)
    except NoSuchDatasetError:
        raise
    except ProcessRefusedError as error:
        raise NoItemsError(str(error)) from error
    if dataset.kind != "vector":
        raise NoItemsError(f"{dataset_id} is a raster: it has no features. Processes read its cells.")
    return service.readers.page(dataset, query)


def _box(text: str | None) -> Box | None:
    """West, south, east, north; heights in between are passed over, as what is asked for has no vertical extent."""
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    box = {4: numbers, 6: [*numbers[:2], *numbers[3:5]]}.get(len(numbers), [])
    if not box or not all(map(math.isfinite, box)):
        raise _invalid_box("must be 4 or 6 numbers with `,` between them: west, south, east, north in degrees")
    west, south, east, north = box
    if south > north:
        raise _invalid_box("begins north of where it ends: the order is west, south, east, north")
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        raise _invalid_box("is not on the globe: longitude, latitude in degrees")
    return west, south, east, north


def _invalid_box(reason: str) -> InvalidRequestError:
    return InvalidRequestError("The query parameter `bbox` is not valid.", [InputProblem("bbox", reason)])


def _told(page: ItemsPage) -> Document:
    """What a person must know of the features: where they came from, and what was made of them."""
    return {"source_crs": page.source_crs, "warnings": list(page.warnings)}


def _as_geojson(one: Document) -> Document:
    return one if one["type"] == HTML else {**one, "type": GEOJSON}


def _up(service: Service, dataset_id: str) -> Document:
    return link("collection", DatasetReference(dataset_id).href(service.base_url), "The dataset")


def _represented(request: Request, members: bytes, page: Mapping[str, Any], rest: Mapping[str, Any]) -> Response:
    """`members` are the beginning of the JSON, without its brace; `page` is what the HTML page is made of."""
    if form_of(request, (GEOJSON,)) == "html":
        return represented(request, "items", page, media_type=GEOJSON)
    return represented(request, "items", b"{" + members + b"," + encode(rest)[1:], media_type=GEOJSON)
