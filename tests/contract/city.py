"""A small foreign OGC API – Processes server whose processes come and go while it runs."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CORE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core"


def echo(process_id: str) -> dict[str, Any]:
    """A process that returns its only input."""
    return {
        "id": process_id,
        "version": "1.0.0",
        "title": f"Echo {process_id}",
        "jobControlOptions": ["sync-execute"],
        "outputTransmission": ["value"],
        "inputs": {"text": {"title": "Text", "schema": {"type": "string"}}},
        "outputs": {"text": {"title": "Text", "schema": {"type": "string"}}},
    }


class City:
    """The server's state: its processes by id. Change `processes` to change what it offers."""

    def __init__(self, *process_ids: str) -> None:
        self.processes = {process_id: echo(process_id) for process_id in process_ids}
        self.app = Starlette(
            routes=[
                Route("/", self._landing),
                Route("/conformance", self._conformance),
                Route("/processes", self._list),
                Route("/processes/{id}", self._describe),
                Route("/processes/{id}/execution", self._execute, methods=["POST"]),
            ]
        )

    def offer(self, process_id: str) -> None:
        """Offer one more process."""
        self.processes = self.processes | {process_id: echo(process_id)}

    async def _landing(self, _: Request) -> Response:
        return JSONResponse({"title": "City", "links": []})

    async def _conformance(self, _: Request) -> Response:
        return JSONResponse({"conformsTo": [CORE]})

    async def _list(self, _: Request) -> Response:
        summaries = [{"id": p["id"], "version": p["version"], "title": p["title"]} for p in self.processes.values()]
        return JSONResponse({"processes": summaries, "links": []})

    async def _describe(self, request: Request) -> Response:
        found = self.processes.get(request.path_params["id"])
        return JSONResponse(found or {"title": "No such process", "status": 404}, status_code=200 if found else 404)

    async def _execute(self, request: Request) -> Response:
        body = await request.json()
        return JSONResponse({"text": body["inputs"]["text"]})
