"""`/openapi`: the API's own definition, built once when the server starts."""

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from starlette.requests import Request
from starlette.responses import Response

from backend.api.encoding import encode
from backend.api.metadata import Metadata
from backend.api.representation import represented
from backend.openapi.document import Server, openapi_document
from backend.openapi.paths import OPENAPI
from backend.openapi.process_paths import Process

_DISTRIBUTION = "ogc-processes-mcp"


@dataclass(frozen=True, slots=True)
class Definition:
    """The OpenAPI document, encoded."""

    body: bytes

    @classmethod
    def of(cls, metadata: Metadata) -> "Definition":
        """The definition of a server that tells this of itself."""
        landing = json.loads(metadata.landing)
        server = Server(landing["title"], landing["description"], _version(), metadata.base_url)
        processes = [Process(json.loads(offering.body), offering.outputs) for offering in metadata.offerings.all]
        return cls(encode(openapi_document(server, processes, callbacks=metadata.callbacks)))

    async def get_openapi(self, request: Request) -> Response:
        """`GET /openapi`."""
        return represented(request, "openapi", self.body, media_type=OPENAPI)


def _version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        # Run from a checkout that was never installed.
        return "0.0.0"
