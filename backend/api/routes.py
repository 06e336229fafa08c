"""The table of the API's resources."""

from starlette.routing import BaseRoute, Route

from backend.api.asgi import answering
from backend.api.collections import get_collection, list_collections
from backend.api.execute import execute
from backend.api.items import get_item, get_items
from backend.api.jobs import dismiss_job, get_job, get_log, list_jobs
from backend.api.metadata import Metadata
from backend.api.methods import Endpoint, by_method
from backend.api.openapi import Definition
from backend.api.results import get_output, get_results
from backend.html.assets import get_asset


def api_routes(metadata: Metadata) -> list[BaseRoute]:
    """Every resource with its methods; what is not in here is answered 404 or 405."""
    definition = Definition(metadata)
    return [
        resource("/", GET=metadata.get_landing_page),
        resource("/conformance", GET=metadata.get_conformance),
        resource("/openapi", GET=definition.get_openapi),
        resource("/api", GET=definition.get_openapi),
        resource("/processes", GET=metadata.list_processes),
        resource("/processes/{process}", GET=metadata.get_process),
        resource("/processes/{process}/execution", POST=execute),
        resource("/collections", GET=list_collections),
        resource("/collections/{collection}", GET=get_collection),
        resource("/collections/{collection}/items", GET=get_items),
        resource("/collections/{collection}/items/{feature}", GET=get_item),
        resource("/jobs", GET=list_jobs),
        resource("/jobs/{job}", GET=get_job, DELETE=dismiss_job),
        resource("/jobs/{job}/log", GET=get_log),
        resource("/jobs/{job}/results", GET=get_results),
        resource("/jobs/{job}/results/{output}", GET=get_output),
        resource("/static/{version}/{path:path}", GET=get_asset),
    ]


def resource(path: str, **endpoints: Endpoint) -> Route:
    """The route of one resource: an endpoint per method, HEAD with GET, OPTIONS, and problems for their errors."""
    return Route(path, answering(by_method(endpoints)), methods=[*endpoints, "OPTIONS"])
