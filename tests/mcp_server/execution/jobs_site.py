"""A small OGC API – Processes server whose one process does what a test says."""

from typing import Any

import anyio
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.dialects import MINIMAL_RESULTS
from mcp_server.ogc.models import ProcessDescription, ServerIdentity
from mcp_server.schema.normalise import normalise
from mcp_server.schema.tool import ToolSpec, tool_spec

POINT = {"type": "Point", "coordinates": [7.6, 51.9]}


class JobsSite:
    """Jobs are made of execute requests and end when the test lets them."""

    def __init__(self, name: str = "remote", *, modes: tuple[str, ...] = ("sync-execute", "async-execute")) -> None:
        self.name = name
        self.url = f"http://{name}.test"
        self.modes = modes
        self.landing_headers: dict[str, str] = {}
        self.conforms_to: list[str] = []
        self.results: Any = {"out": POINT}
        self.status_after: dict[str, Any] = {"status": "successful", "progress": 100}
        """What a job's status says once it has been asked `polls` times."""
        self.polls = 0
        self.refusal: Response | None = None
        self.broken: Response | None = None
        """What every question for a job's status is answered with."""
        self.always_jobs = False
        """Jobs are made of executions that did not ask for it, too."""
        self.hold: anyio.Event | None = None
        """Executions are answered once this is set."""
        self.cut = 0
        """How many callers went away while their execution was held."""
        self.lists: Response | None = None
        """What a question for the list of jobs is answered with, in place of the list."""
        self.executions: list[dict[str, Any]] = []
        self.preferences: list[str | None] = []
        self.dismissed: list[str] = []
        self.jobs: dict[str, int] = {}
        self.made = 0
        self.single: dict[str, Any] = {}
        """Values of `/jobs/{id}/results/{output}`, by output."""
        self.app = Starlette(
            routes=[
                Route("/", self._landing),
                Route("/conformance", self._conformance),
                Route("/processes/p", self._describe),
                Route("/processes/p/execution", self._execute, methods=["POST"]),
                Route("/jobs", self._list),
                Route("/jobs/{job}", self._status),
                Route("/jobs/{job}", self._dismiss, methods=["DELETE"]),
                Route("/jobs/{job}/results", self._results),
                Route("/jobs/{job}/results/{output}", self._output),
            ]
        )

    def answering_only_once(self) -> anyio.Event:
        """Let executions be answered only once the returned event is set."""
        self.hold = anyio.Event()
        return self.hold

    def speak_our_dialect(self) -> "JobsSite":
        self.conforms_to = [MINIMAL_RESULTS]
        return self

    def speak_pygeoapi(self) -> "JobsSite":
        self.landing_headers = {"X-Powered-By": "pygeoapi 0.24.0"}
        return self

    def client(self) -> OgcClient:
        http = httpx.ASGITransport(self.app)
        return OgcClient(self.name, self.url, http, embedded=False, max_reply_bytes=2**20)

    def description(self) -> dict[str, Any]:
        anything: dict[str, Any] = {"schema": {}, "minOccurs": 0}
        inputs = {"value": anything, "with.dot": anything}
        return {"id": "p", "jobControlOptions": list(self.modes), "inputs": inputs, "outputs": {"out": {"schema": {}}}}

    def tool(self) -> "Tool":
        return Tool(self.name, self.url, self.description())

    async def _landing(self, _: Request) -> Response:
        return JSONResponse({}, headers=self.landing_headers)

    async def _conformance(self, _: Request) -> Response:
        return JSONResponse({"conformsTo": self.conforms_to})

    async def _describe(self, _: Request) -> Response:
        return JSONResponse(self.description())

    async def _execute(self, request: Request) -> Response:
        self.executions.append(await request.json())
        self.preferences.append(request.headers.get("prefer"))
        if self.hold is not None:
            try:
                await self.hold.wait()
            except anyio.get_cancelled_exc_class():
                self.cut += 1
                raise
        if self.refusal is not None:
            return self.refusal
        asked = (request.headers.get("prefer") or "").startswith("respond-async")
        if not (asked or self.always_jobs):
            return JSONResponse(self.results)
        self.made += 1
        job = f"j{self.made}"
        self.jobs[job] = 0
        return JSONResponse({"jobID": job, "status": "accepted", "progress": 0}, 201)

    def _info(self, job: str) -> dict[str, Any]:
        ended = self.jobs[job] > self.polls
        return {
            "jobID": job,
            "processID": "p",
            "created": f"2030-01-01T00:00:{int(job[1:]):02}Z",
            **(self.status_after if ended else {"status": "running", "progress": 10 * self.jobs[job], "message": "on"}),
        }

    async def _list(self, _: Request) -> Response:
        if self.lists is not None:
            return self.lists
        return JSONResponse({"jobs": [self._info(job) for job in self.jobs]})

    async def _status(self, request: Request) -> Response:
        job = request.path_params["job"]
        if self.broken is not None:
            return self.broken
        if job not in self.jobs:
            return JSONResponse({"title": "No such job"}, 404)
        self.jobs[job] += 1
        return JSONResponse(self._info(job))

    async def _dismiss(self, request: Request) -> Response:
        job = request.path_params["job"]
        self.dismissed.append(job)
        self.jobs.pop(job, None)
        return JSONResponse({"jobID": job, "status": "dismissed"})

    async def _results(self, _: Request) -> Response:
        return self.results if isinstance(self.results, Response) else JSONResponse(self.results)

    async def _output(self, request: Request) -> Response:
        value = self.single.get(request.path_params["output"])
        if isinstance(value, bytes):
            return Response(value, media_type="image/png")
        return PlainTextResponse("no", 404) if value is None else JSONResponse(value)


def site_without_jobs() -> tuple[JobsSite, anyio.Event]:
    """A site that answers an execution with its results once the event is set."""
    site = JobsSite(modes=("sync-execute",))
    return site, site.answering_only_once()


class Tool:
    """What the catalog would make of the site's process."""

    def __init__(self, name: str, url: str, description: dict[str, Any]) -> None:
        self.server = ServerIdentity(name, url, embedded=False, dialect="unknown")
        self.description = ProcessDescription(self.server, "p", description)
        self.spec: ToolSpec = tool_spec(normalise(description), name="p", server=name)
