"""What the server tells of itself and its processes, encoded once."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from backend.api.configuration import Configuration
from backend.api.documents import conformance, landing_page, page_links
from backend.api.offerings import Offerings
from backend.api.responses import encode, integer_parameter, json_response, require_json_format


@dataclass(frozen=True, slots=True)
class Metadata:
    """The handlers of the documents that never change while the server runs."""

    landing: bytes
    conformance: bytes
    offerings: Offerings
    base_url: str

    @classmethod
    def of(cls, configuration: Configuration, offerings: Offerings, base_url: str) -> "Metadata":
        """The documents of this configuration."""
        return cls(encode(landing_page(configuration, base_url)), encode(conformance()), offerings, base_url)

    async def get_landing_page(self, request: Request) -> Response:
        """`GET /`."""
        require_json_format(request)
        return json_response(self.landing)

    async def get_conformance(self, request: Request) -> Response:
        """`GET /conformance`."""
        require_json_format(request)
        return json_response(self.conformance)

    async def list_processes(self, request: Request) -> Response:
        """`GET /processes`: all of them, unless the client wishes pages."""
        require_json_format(request)
        every = self.offerings.all
        limit = integer_parameter(request, "limit", default=max(1, len(every)), least=1, most=10_000)
        offset = integer_parameter(request, "offset", default=0, least=0, most=2**31)
        page = every[offset : offset + limit]
        url = f"{self.base_url}/processes"
        document = {
            "processes": [offering.summary for offering in page],
            "links": page_links(url, offset=offset, limit=limit, total=len(every), query=()),
            "numberMatched": len(every),
            "numberReturned": len(page),
        }
        return json_response(document)

    async def get_process(self, request: Request) -> Response:
        """`GET /processes/{id}`."""
        require_json_format(request)
        return json_response(self.offerings.find(request.path_params["process"]).body)
