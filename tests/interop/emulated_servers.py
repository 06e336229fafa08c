"""Servers that take requests and answer as ZOO-Project, Weaver and GeoServer do: strict where those are.

Written from their documentation and sources (docs/dialects.md); nobody else's code runs here. Each has one process that
answers with what the server understood of its inputs, so that a test sees what a request means to it.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

type Json = dict[str, Any]

CORE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core"
BBOX = {
    "allOf": [
        {"format": "ogc-bbox"},
        {
            "type": "object",
            "properties": {"bbox": {"type": "array", "items": {"type": "number"}}},
            "required": ["bbox"],
        },
    ]
}
INPUTS: Mapping[str, Json] = {
    "geometry": {"schema": {"type": "object"}, "minOccurs": 0},
    "numbers": {"schema": {"type": "array", "items": {"type": "number"}}, "minOccurs": 0},
    "tags": {"schema": {"type": "string"}, "minOccurs": 0, "maxOccurs": 3},
    "area": {"schema": BBOX, "minOccurs": 0},
    "fail": {"schema": {"type": "boolean"}, "minOccurs": 0},
}
TEXTS: Mapping[str, Json] = {
    "shape": {
        "schema": {
            "oneOf": [{"type": "string", "contentMediaType": t} for t in ("text/xml; subtype=gml", "application/wkt")]
        },
        "minOccurs": 0,
    }
}


class RefusedError(Exception):
    """A request that the server does not take."""


@dataclass(slots=True)
class Execution:
    """One execution, as it was asked for."""

    prefer: str | None
    body: Json
    received: Json
    """Its inputs as the server understood them."""
    job: str | None = None


class Emulated:
    """What the three share: a process `receive`, and jobs that have ended by the time anybody asks."""

    root = ""
    headers: ClassVar[Mapping[str, str]] = {}
    classes: tuple[str, ...] = (CORE,)
    inputs: ClassVar[Mapping[str, Json]] = INPUTS
    outputs: tuple[str, ...] = ("received",)
    modes: tuple[str, ...] = ("sync-execute", "async-execute")
    lists_jobs = True

    def __init__(self, url: str) -> None:
        self.url = url + self.root
        self.executions: list[Execution] = []
        self.jobs: dict[str, Execution] = {}
        self.dismissed: list[str] = []
        get: Mapping[str, Callable[[Request], Awaitable[Response]]] = {
            "/": self.landing, "/conformance": self.conformance, "/processes": self.listed,
            "/processes/receive": self.described, "/jobs": self.job_list, "/jobs/{job}": self.status,
            "/jobs/{job}/results": self.results,
        }  # fmt: skip
        self._app = Starlette(
            routes=[
                *(Route(self.root + path, answer) for path, answer in get.items()),
                Route(f"{self.root}/processes/receive/execution", self.executed, methods=["POST"]),
                Route(f"{self.root}/jobs/{{job}}", self.dismiss, methods=["DELETE"]),
            ]
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    def page(self) -> Json:
        return {"title": "emulated", "links": [{"rel": "self", "href": f"{self.url}/"}]}

    async def landing(self, _: Request) -> Response:
        return JSONResponse(self.page(), headers=dict(self.headers))

    async def conformance(self, _: Request) -> Response:
        return JSONResponse({"conformsTo": list(self.classes)}, headers=dict(self.headers))

    async def listed(self, _: Request) -> Response:
        return JSONResponse({"processes": [{"id": "receive"}], "links": []})

    async def described(self, _: Request) -> Response:
        outputs = {name: {"schema": {"type": "object"}} for name in self.outputs}
        options = {"jobControlOptions": list(self.modes)}
        return JSONResponse({"id": "receive", "inputs": dict(self.inputs), "outputs": outputs, **options})

    async def executed(self, request: Request) -> Response:
        body = await request.json()
        try:
            execution = Execution(request.headers.get("prefer"), body, self.understood(body))
        except RefusedError as refusal:
            return JSONResponse({"code": "BadRequest", "description": str(refusal)}, 400)
        self.executions.append(execution)
        if not self.becomes_job(execution):
            return self.finished(execution)
        execution.job = f"job-{len(self.jobs)}"
        self.jobs[execution.job] = execution
        return self.accepted(execution.job)

    def becomes_job(self, execution: Execution) -> bool:
        return "respond-async" in (execution.prefer or "")

    def accepted(self, job: str) -> Response:
        return JSONResponse(self.info(job), 201, headers={"Location": f"{self.url}/jobs/{job}"})

    def info(self, job: str) -> Json:
        failed = self.jobs[job].received.get("fail")
        state = {"status": "failed", "message": "the cup was empty"} if failed else {"status": "successful"}
        return {"jobID": job, "processID": "receive", "type": "process", **state}

    async def status(self, request: Request) -> Response:
        job = request.path_params["job"]
        return JSONResponse(self.info(job)) if job in self.jobs else JSONResponse({"title": "no such job"}, 404)

    async def results(self, request: Request) -> Response:
        execution = self.jobs[request.path_params["job"]]
        return self.failure() if execution.received.get("fail") else self.finished(execution)

    def failure(self) -> Response:
        return JSONResponse({"title": "no results", "detail": "the cup was empty"}, 500)

    def finished(self, execution: Execution) -> Response:
        return JSONResponse({"received": {"value": execution.received, "mediaType": "application/json"}})

    async def job_list(self, request: Request) -> Response:
        if not self.lists_jobs:
            return JSONResponse({"title": "Not Found"}, 404)
        return JSONResponse(self.jobs_page(request))

    def jobs_page(self, request: Request) -> Json:
        limit = int(request.query_params.get("limit", 10))
        return {"jobs": [self.info(job) for job in list(self.jobs)[:limit]]}

    async def dismiss(self, request: Request) -> Response:
        job = request.path_params["job"]
        self.dismissed.append(job)
        return JSONResponse({**self.info(job), "status": "dismissed"})

    def understood(self, body: Json) -> Json:
        """The inputs as the server reads them. An array of occurrences is told as one.

        Raises: RefusedError.
        """
        return {name: self.occurrences(value) for name, value in body.get("inputs", {}).items()}

    def occurrences(self, value: Any) -> Any:
        if not isinstance(value, list):
            return self.one(value)
        return {"occurrences": [self.one(item) for item in cast("list[Any]", value)]}

    def one(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        members = cast("Json", value)
        if "value" in members:
            return self.qualified(members)
        if "href" in members or "bbox" in members:
            return members.get("bbox", members)
        raise RefusedError(f"Wrong type used for input: {json.dumps(members)}")

    def qualified(self, value: Json) -> Any:
        return value["value"]


class Zoo(Emulated):
    """ZOO-Project: names its outputs or gives none, every array is occurrences, results as a list if so configured."""

    headers: ClassVar[Mapping[str, str]] = {"X-Powered-By": "ZOO-Project-DRU"}

    def understood(self, body: Json) -> Json:
        if not body.get("outputs"):
            raise RefusedError("no output was asked for")
        return super().understood(body)

    def finished(self, execution: Execution) -> Response:
        qualities = {"value": execution.received, "mimeType": "application/json"}
        return JSONResponse([{"id": name, **qualities} for name in execution.body["outputs"]])

    def info(self, job: str) -> Json:
        return {**super().info(job), "id": job}


class Weaver(Emulated):
    """Weaver: words of its own for states, jobs by id unless asked for in full, outputs in a list, or by link."""

    outputs = ("received", "file")

    def page(self) -> Json:
        return {**super().page(), "message": "Weaver Information", "configuration": "hybrid", "parameters": []}

    def becomes_job(self, execution: Execution) -> bool:
        return super().becomes_job(execution) or execution.body.get("mode") == "async"

    def info(self, job: str) -> Json:
        told = super().info(job)
        words = {"successful": "succeeded"}
        return {**told, "status": words.get(told["status"], told["status"]), "percentCompleted": 100}

    def finished(self, execution: Execution) -> Response:
        file = {"id": "file", "href": f"{self.url}/processes/receive", "format": {"mediaType": "application/json"}}
        return JSONResponse({"outputs": [{"id": "received", "value": execution.received}, file], "links": []})

    def jobs_page(self, request: Request) -> Json:
        page, detail = int(request.query_params.get("page", 0)), request.query_params.get("detail") == "true"
        shown = list(self.jobs)[page * 2 : page * 2 + 2]
        jobs = [self.info(job) if detail else job for job in shown]
        return {"jobs": jobs, "page": page, "limit": 2, "total": len(self.jobs)}


class GeoServer(Emulated):
    """GeoServer: everything below one path, jobs told by Location alone, one output comes bare from a job."""

    root = "/geoserver/ogc/processes/v1"
    classes = (CORE, "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/kvp-execute")
    inputs: ClassVar[Mapping[str, Json]] = {**INPUTS, **TEXTS}
    lists_jobs = False

    def page(self) -> Json:
        links = [{"rel": "service-desc", "href": f"{self.url}/openapi?f=application%2Fjson"}]
        return {**super().page(), "links": links}

    def understood(self, body: Json) -> Json:
        if isinstance(body.get("inputs", {}).get("shape"), str):
            raise RefusedError("Unexpected situation: a literal for a complex input")
        return super().understood(body)

    def qualified(self, value: Json) -> Any:
        if "mediaType" not in value:
            return value["value"]
        # What is qualified with a media type is read as text, and an object has none.
        text = value["value"] if isinstance(value["value"], str) else ""
        return {"text": text, "mediaType": value["mediaType"]}

    def accepted(self, job: str) -> Response:
        return Response(status_code=201, headers={"Location": f"{self.url}/jobs/{job}"})

    def finished(self, execution: Execution) -> Response:
        return JSONResponse(execution.received if execution.job else {"received": execution.received})

    def info(self, job: str) -> Json:
        return {name: told for name, told in super().info(job).items() if name != "message"}

    def failure(self) -> Response:
        words = "The job is not in a state that allows retrieving results, it is: FAILED"
        return JSONResponse({"type": "result-not-ready", "title": words}, 404)
