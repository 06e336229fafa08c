"""What the server tells of itself and its processes, encoded once."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from backend.api.configuration import Configuration
from backend.api.documents import conformance, landing_page, page_links
from backend.api.encoding import encode
from backend.api.offerings import Offerings
from backend.api.query import integer_parameter, refuse_misspelt_parameters
from backend.api.representation import represented
from backend.openapi.parameters import MOST_IN_A_PAGE


@dataclass(frozen=True, slots=True)
class Metadata:
    """The handlers of the documents that never change while the server runs."""

    landing: bytes
    conformance: bytes
    offerings: Offerings
    base_url: str
    callbacks: bool = False
    """The server makes callbacks."""

    @classmethod
    def of(
        cls, configuration: Configuration, offerings: Offerings, base_url: str, *, callbacks: bool = False
    ) -> "Metadata":
        """The documents of this configuration."""
        landing = encode(landing_page(configuration, base_url))
        return cls(landing, encode(conformance(callbacks=callbacks)), offerings, base_url, callbacks)

    async def get_landing_page(self, request: Request) -> Response:
        """`GET /`."""
        return represented(request, "landing_page", self.landing)

    async def get_conformance(self, request: Request) -> Response:
        """`GET /conformance`."""
        return represented(request, "conformance", self.conformance)

    async def list_processes(self, request: Request) -> Response:
        """`GET /processes`: all of them, unless the client wishes pages."""
        refuse_misspelt_parameters(request, ("limit", "offset", "f"))
        every = self.offerings.all
        limit = integer_parameter(request, "limit", default=max(1, len(every)), least=1, most=MOST_IN_A_PAGE)
        offset = integer_parameter(request, "offset", default=0, least=0, most=2**31)
        page = every[offset : offset + limit]
        kept = [(name, value) for name, value in request.query_params.multi_items() if name in ("limit", "f")]
        links = page_links(f"{self.base_url}/processes", offset=offset, limit=limit, total=len(every), query=kept)
        rest = {"links": links, "numberMatched": len(every), "numberReturned": len(page)}
        summaries = b",".join(offering.summary for offering in page)
        return represented(request, "processes", b'{"processes":[' + summaries + b"]," + encode(rest)[1:])

    async def get_process(self, request: Request) -> Response:
        """`GET /processes/{id}`."""
        return represented(request, "process", self.offerings.find(request.path_params["process"]).body)
