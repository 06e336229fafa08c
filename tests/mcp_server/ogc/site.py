"""A server made of fixed answers, and a client of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.dialects import MINIMAL_RESULTS

BASE = "http://remote.test/ogc"
POINT = {"type": "Point", "coordinates": [1, 2]}
COLLECTION = {"type": "FeatureCollection", "features": [{"type": "Feature", "id": n} for n in range(5)]}
FINISHED = {"jobID": "j1", "processID": "p", "status": "successful", "progress": 100}

type Answer = Response | Callable[[Request], Response]


class Site:
    """A server made of fixed answers: `METHOD path` → answer. It remembers what it was asked."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers: dict[str, Answer] = {
            "GET /": JSONResponse({"links": []}),
            "GET /conformance": JSONResponse({"conformsTo": []}),
        } | answers
        self.requests: list[Request] = []
        self.bodies: list[bytes] = []
        methods = ["GET", "POST", "DELETE"]
        self.app = Starlette(routes=[Route("/ogc{path:path}", self._answer, methods=methods)])

    async def _answer(self, request: Request) -> Response:
        self.requests.append(request)
        self.bodies.append(await request.body())
        raw_path = request.scope["raw_path"].decode().partition("?")[0].removeprefix("/ogc")
        answer = self.answers.get(f"{request.method} {raw_path}", PlainTextResponse("Not Found", 404))
        return answer(request) if callable(answer) and not isinstance(answer, Response) else answer

    def asked(self, method: str, path: str) -> list[Request]:
        return [r for r in self.requests if r.method == method and r.url.path == f"/ogc{path}"]


@asynccontextmanager
async def client_of(answers: dict[str, Answer], url: str = BASE) -> AsyncIterator[tuple[OgcClient, Site]]:
    site = Site(answers)
    async with httpx.ASGITransport(site.app) as http:
        yield OgcClient("remote", url, http, embedded=False, max_reply_bytes=2**20), site


OURS: dict[str, Answer] = {"GET /conformance": JSONResponse({"conformsTo": [MINIMAL_RESULTS]})}
PYGEOAPI: dict[str, Answer] = {"GET /": JSONResponse({}, headers={"X-Powered-By": "pygeoapi 0.24.0"})}
