"""`/openapi`: the API's own definition, built once it is asked for."""

import json
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from backend.api.encoding import encode
from backend.api.metadata import Metadata
from backend.api.representation import represented
from backend.openapi.document import Server, openapi_document
from backend.openapi.paths import OPENAPI
from backend.openapi.process_paths import Process

_DISTRIBUTION = "ogc-processes-mcp"


class Definition:
    """The OpenAPI document of a server."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata

    @cached_property
    def body(self) -> bytes:
        """The document, encoded."""
        metadata = self._metadata
        landing = json.loads(metadata.landing)
        server = Server(landing["title"], landing["description"], _version(), metadata.base_url)
        processes = [Process(offering.description, offering.outputs) for offering in metadata.offerings.all]
        return encode(openapi_document(server, processes, callbacks=metadata.callbacks))

    async def get_openapi(self, request: Request) -> Response:
        """`GET /openapi`. In a thread: to make the document, or a page of it, takes its time."""
        return await anyio.to_thread.run_sync(lambda: represented(request, "openapi", self.body, media_type=OPENAPI))


def _version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        # Run from a checkout that was never installed.
        return "0.0.0"
