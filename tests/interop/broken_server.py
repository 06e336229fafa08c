"""A small server of OGC API – Processes that keeps the standard, and a list of ways in which it can fail to.

`create(*faults)` is an ASGI application with just these faults. It runs nothing: a job ends when its time has come.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.interop.broken_documents import CLASSES, PROCESSES, REL, openapi, wrong_input

EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"


@dataclass
class Job:
    id: str
    process: str
    values: dict[str, Any]
    response: str
    modes: dict[str, str]
    ends: float
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    dismissed: bool = False

    @property
    def status(self) -> str:
        if self.dismissed:
            return "dismissed"
        if time.monotonic() < self.ends:
            return "running"
        return "failed" if self.process == "stumble" else "successful"


class Broken:
    """The handlers of one server."""

    def __init__(self, *faults: str) -> None:
        self.faults = set(faults)
        self.jobs: dict[str, Job] = {}
        self.numbers = count(1)
        self.calls: set[asyncio.Task[Any]] = set()

    async def landing(self, request: Request) -> Response:
        html = [] if "definition without HTML" in self.faults else [("service-doc", "/openapi?f=html", "text/html")]
        rows = [
            ("self", "/", "application/json"),
            ("service-desc", "/openapi", "application/vnd.oai.openapi+json;version=3.0"),
            *html,
            (REL + "conformance", "/conformance", "application/json"),
            *([] if "no link to processes" in self.faults else [(REL + "processes", "/processes", "application/json")]),
        ]
        links = [{"rel": rel, "href": self.url(request, path), "type": kind} for rel, path, kind in rows]
        return self.page(request, {"title": "broken", "links": links})

    async def conformance(self, request: Request) -> Response:
        base = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
        return self.page(
            request, {"conformsTo": [base + name for name in CLASSES if f"{name} not declared" not in self.faults]}
        )

    async def definition(self, request: Request) -> Response:
        if "f" in request.query_params:
            return HTMLResponse("<html><body>The API</body></html>")
        document = {} if "definition empty" in self.faults else openapi(self.faults)
        return Response(json.dumps(document), media_type="application/vnd.oai.openapi+json;version=3.0")

    async def processes(self, request: Request) -> Response:
        members = ("id", "version", "title", "jobControlOptions", "outputTransmission")
        if "summary without version" in self.faults:
            members = ("id", "title", "jobControlOptions")
        entries = [{name: process[name] for name in members} for process in self.described().values()]
        if "limit" in request.query_params and "limit of processes ignored" not in self.faults:
            entries = entries[: int(request.query_params["limit"])]
        document: dict[str, Any] = {"processes": entries, "links": self.links(request)}
        if "list without links" in self.faults:
            del document["links"]
        if "list without self" in self.faults:
            document["links"] = document["links"][1:]
        return self.page(request, document)

    async def process(self, request: Request) -> Response:
        name = request.path_params["process"]
        if name not in PROCESSES or f"{name} not described" in self.faults:
            return self.problem(404, "no-such-process", untyped="unknown process untyped")
        document = self.described()[name]
        return self.page(request, {**document, "id": "other"} if "description of another" in self.faults else document)

    async def execute(self, request: Request) -> Response:
        process = PROCESSES[request.path_params["process"]]
        body = json.loads(await request.body())
        if not isinstance(body, dict):
            return self.problem(500 if "an array is a server error" in self.faults else 400, "bad-request")
        if "outputs" in body and "outputs not understood" in self.faults:
            return self.problem(400, "bad-request")
        values, wrong = self.values(process, body.get("inputs", {}))
        if wrong is not None and "inputs not checked" not in self.faults:
            return self.problem(400, "bad-request", "wrong" if "wrong input not named" in self.faults else wrong)
        modes = {name: one.get("transmissionMode", "value") for name, one in body.get("outputs", {}).items()}
        if not modes:
            modes = {} if "first output only" not in self.faults else {"text": "value"}
        number = f"job {next(self.numbers)}"
        seconds = float(values.get("seconds", 0))
        job = Job(number, process["id"], values, body.get("response", "raw"), modes, time.monotonic() + seconds)
        self.jobs[number] = job
        if "subscriber" in body:
            self.call(body["subscriber"]["successUri"])
        modes_offered = process["jobControlOptions"]
        wished = "respond-async" in request.headers.get("prefer", "")
        asynchronous = "always asynchronous" in self.faults or "sync-execute" not in modes_offered or wished
        if asynchronous and "never asynchronous" not in self.faults:
            return self.submitted(request, job)
        answer = self.results_of(request, job)
        answer.headers["location"] = self.job_url(request, job)
        if "no monitor link" not in self.faults:
            answer.headers.append("link", f'<{self.job_url(request, job)}>; rel="monitor"')
        return answer

    def submitted(self, request: Request, job: Job) -> Response:
        headers = {} if "no location" in self.faults else {"location": self.job_url(request, job)}
        return JSONResponse(self.status(job), 200 if "job with 200" in self.faults else 201, headers)

    def values(self, process: dict[str, Any], given: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """Inputs as plain values, and the name of one that is wrong."""
        values: dict[str, Any] = {}
        for name, sent in given.items():
            value = sent
            if f"{name} refused" in self.faults:
                return {}, name
            if isinstance(value, dict) and "href" in value:
                if "references refused" in self.faults:
                    return {}, name
                job, output = value["href"].rsplit("/", 2)[1:]
                value = self.jobs[job.replace("%20", " ")].values[output]
            elif isinstance(value, dict) and "value" in value:
                if "qualified values refused" in self.faults:
                    return {}, name
                value = value["value"]
            values[name] = value
        wrong = next((name for name, value in values.items() if wrong_input(process, name, value)), None)
        return values, wrong

    def results_of(self, request: Request, job: Job) -> Response:
        produced = {"done": True} if job.process == "linger" else {**job.values, "length": len(job.values)}
        wanted = {name: produced[name] for name in job.modes or produced if name in produced}
        if job.response == "document" or ("raw as document" in self.faults and "reference" not in job.modes.values()):
            document: Any = {name: {"value": v} if isinstance(v, dict) else v for name, v in wanted.items()}
            if "results in a list" in self.faults:
                document = {"outputs": [{"id": name, "value": value} for name, value in wanted.items()]}
            return JSONResponse(document)
        links = {name: self.url(request, f"/values/{job.id}/{name}".replace(" ", "%20")) for name in wanted}
        if set(job.modes.values()) == {"reference"}:
            answer = Response(status_code=200 if "reference with 200" in self.faults else 204)
            for name, link in links.items():
                answer.headers.append("link", f'<{link}>; rel="{name}"')
            return answer
        if len(wanted) == 1:
            return JSONResponse(next(iter(wanted.values())))
        return self.multipart(wanted, links, job)

    def multipart(self, wanted: dict[str, Any], links: dict[str, str], job: Job) -> Response:
        body = b""
        for name, value in wanted.items():
            by_reference = job.modes.get(name) == "reference"
            head = "" if "parts without id" in self.faults else f"Content-ID: <{name}>\r\n"
            head += f"Content-Location: {links[name]}\r\n" if by_reference else "Content-Type: application/json\r\n"
            content = b"" if by_reference and "parts by value" not in self.faults else json.dumps(value).encode()
            body += b"--part\r\n" + head.encode() + b"\r\n" + content + b"\r\n"
        return Response(body + b"--part--\r\n", media_type='multipart/related; boundary="part"')

    async def job_list(self, request: Request) -> Response:
        query = request.query_params
        found = [self.status(job) for job in reversed(self.jobs.values())]
        for name, member in (("type", "type"), ("status", "status"), ("processID", "processID")):
            if name in query and f"{name} ignored" not in self.faults:
                found = [one for one in found if one.get(member) == query[name]]
        if "datetime" in query and "datetime ignored" not in self.faults:
            first, last = (text if text != ".." else "" for text in query["datetime"].split("/"))
            found = [one for one in found if first <= one["created"] <= (last or "9")]
        if {"minDuration", "maxDuration"} & query.keys() and "durations ignored" not in self.faults:
            least, most = float(query.get("minDuration", 0)), float(query.get("maxDuration", "inf"))
            found = [one for one in found if "finished" in one and least <= 0 <= most]
        if "limit" in query and "limit of jobs ignored" not in self.faults:
            found = found[: int(query["limit"])]
        return self.page(request, {"jobs": found, "links": self.links(request)})

    async def job(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["job"])
        if job is None:
            return self.problem(404, "no-such-job", untyped="unknown job untyped")
        if request.method == "DELETE":
            if "dismissal fails" in self.faults:
                return self.problem(500, "internal")
            job.dismissed = "dismissed in name only" not in self.faults
            return Response(status_code=204) if "dismissal empty" in self.faults else JSONResponse(self.status(job))
        return self.page(request, self.status(job))

    async def results(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["job"])
        if job is None:
            return self.problem(404, "no-such-job", untyped="unknown job untyped")
        if job.status == "running":
            return JSONResponse({}) if "results too early" in self.faults else self.problem(404, "result-not-ready")
        if job.status == "failed":
            return JSONResponse({}) if "failure hidden" in self.faults else self.problem(500, "internal")
        return self.results_of(request, job)

    def status(self, job: Job) -> dict[str, Any]:
        moment = job.created.isoformat(timespec="milliseconds")
        document: dict[str, Any] = {"processID": job.process, "type": "process", "jobID": job.id, "status": job.status}
        document |= {"created": moment, "started": moment}
        if job.status != "running":
            document["finished"] = moment
        elif "null in place of no value" in self.faults:
            document["finished"] = None
        for member, fault in (("processID", "jobs without process"), ("type", "jobs without type")):
            if fault in self.faults:
                del document[member]
        return document

    def described(self) -> dict[str, Any]:
        processes = json.loads(json.dumps(PROCESSES))
        inputs = processes["echo"]["inputs"]
        if "input without schema" in self.faults:
            del inputs["number"]["schema"]
        if "unknown type" in self.faults:
            inputs["number"]["schema"] = {"type": "float"}
        if "mixed by anyOf" in self.faults:
            inputs["either"]["schema"] = {"anyOf": inputs["either"]["schema"]["oneOf"]}
        if "output without schema" in self.faults:
            del processes["echo"]["outputs"]["length"]["schema"]
        return processes

    def page(self, request: Request, document: dict[str, Any]) -> Response:
        if "text/html" in request.headers.get("accept", "") and "HTML as JSON" not in self.faults:
            told = "" if "empty pages" in self.faults else json.dumps(document).replace("<", "&lt;")
            return HTMLResponse(f"<html><body><a href='/'>Home</a> {told}</body></html>")
        return JSONResponse(document, media_type="text/json" if "JSON by another name" in self.faults else None)

    def problem(self, status: int, kind: str, detail: str = "no", untyped: str = "") -> Response:
        typed = {"type": EXCEPTIONS + kind} if untyped not in self.faults else {"type": "Error"}
        return JSONResponse(
            {**typed, "status": status, "detail": detail}, status, media_type="application/problem+json"
        )

    def links(self, request: Request) -> list[dict[str, str]]:
        url = str(request.url)
        alternate = {"rel": "alternate", "href": f"{url}?f=html", "type": "text/html"}
        own = {"rel": "self", "href": url, "type": "application/json"}
        return [own] if "no alternate" in self.faults else [own, alternate]

    def url(self, request: Request, path: str) -> str:
        return str(request.base_url).rstrip("/") + path

    def job_url(self, request: Request, job: Job) -> str:
        return self.url(request, f"/jobs/{job.id}".replace(" ", "%20"))

    def call(self, url: str) -> None:
        async def post() -> None:
            async with httpx.AsyncClient(timeout=60) as client:
                await client.post(url, json={})

        if "callbacks fail" not in self.faults:
            task = asyncio.create_task(post())
            self.calls.add(task)
            task.add_done_callback(self.calls.discard)


def create(*faults: str) -> Starlette:
    """The server with some faults."""
    return application(Broken(*faults))


def application(broken: Broken) -> Starlette:
    """The server with these handlers."""
    return Starlette(
        routes=[
            Route("/", broken.landing),
            Route("/conformance", broken.conformance),
            Route("/openapi", broken.definition),
            Route("/processes", broken.processes),
            Route("/processes/{process}", broken.process),
            Route("/processes/{process}/execution", broken.execute, methods=["POST"]),
            Route("/jobs", broken.job_list),
            Route("/jobs/{job}", broken.job, methods=["GET", "DELETE"]),
            Route("/jobs/{job}/results", broken.results),
        ]
    )
