"""The client of one server, against small servers that follow the standard, extend it or fall short of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mcp_server.errors import (
    InvalidServerReplyError,
    NoSuchJobError,
    OutcomeUnknownError,
    ReferenceRefusedError,
    RemoteProblemError,
    ResultGoneError,
)
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.dialects import MINIMAL_RESULTS
from mcp_server.ogc.exchange import open_http
from mcp_server.ogc.models import ABSENT, Accepted, Completed

pytestmark = pytest.mark.anyio

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
    async with open_http(httpx.ASGITransport(site.app)) as http:
        yield OgcClient("remote", url, http, embedded=False, max_reply_bytes=2**20), site


OURS: dict[str, Answer] = {"GET /conformance": JSONResponse({"conformsTo": [MINIMAL_RESULTS]})}
PYGEOAPI: dict[str, Answer] = {"GET /": JSONResponse({}, headers={"X-Powered-By": "pygeoapi 0.24.0"})}


async def test_our_backend_is_known_by_its_conformance_class() -> None:
    async with client_of(OURS) as (client, site):
        assert (await client.connect()).dialect == "ogc-processes-mcp"
        await client.connect()
        assert len(site.requests) == 2, "asked once only"


async def test_a_server_without_landing_page_or_conformance_is_used_all_the_same() -> None:
    bare: dict[str, Answer] = {"GET /": HTMLResponse("<html>"), "GET /conformance": PlainTextResponse("no", 404)}
    async with client_of(bare | {"GET /processes": JSONResponse({"processes": [{"id": "a"}]})}) as (client, _):
        assert await client.processes() == ["a"]
        assert client.identity.dialect == "unknown"


async def test_a_server_that_insists_on_html_is_asked_for_json() -> None:
    def landing(request: Request) -> Response:
        wants = request.query_params.get("f") == "json"
        return JSONResponse({}, headers={"X-Powered-By": "pygeoapi 1"}) if wants else HTMLResponse("<html>")

    async with client_of({"GET /": landing}) as (client, _):
        assert (await client.connect()).dialect == "pygeoapi"


async def test_every_page_of_the_process_list_is_read() -> None:
    def listed(request: Request) -> Response:
        page = int(request.query_params.get("page", "0"))
        following = [{"rel": "next", "href": f"{BASE}/processes?page={page + 1}"}] if page < 2 else []
        return JSONResponse({"processes": [{"id": f"p{page}"}, {"id": "shared"}], "links": following})

    async with client_of({"GET /processes": listed}) as (client, _):
        assert await client.processes() == ["p0", "shared", "p1", "p2"]


async def test_a_list_that_refuses_the_limit_is_asked_without_it() -> None:
    def listed(request: Request) -> Response:
        if "limit" in request.query_params:
            return JSONResponse({"code": "InvalidParameterValue", "description": "Limit of 10 exceeded"}, 400)
        return JSONResponse({"processes": [{"id": "a"}]})

    async with client_of({"GET /processes": listed}) as (client, _):
        assert await client.processes() == ["a"]


async def test_a_next_link_to_another_origin_is_not_followed() -> None:
    elsewhere = [{"rel": "next", "href": "http://elsewhere.test/processes"}]
    listed = JSONResponse({"processes": [{"id": "a"}], "links": elsewhere})
    async with client_of({"GET /processes": listed}) as (client, site):
        assert await client.processes() == ["a"]
        assert {request.url.hostname for request in site.requests} == {"remote.test"}


async def test_links_under_the_servers_own_url_are_read_at_the_configured_one() -> None:
    landing = JSONResponse({"links": [{"rel": "self", "href": "https://public.test/api/?f=json"}]})

    def listed(request: Request) -> Response:
        if "page" in request.query_params:
            return JSONResponse({"processes": [{"id": "b"}]})
        following = {"rel": "next", "href": "https://public.test/api/processes?page=2"}
        return JSONResponse({"processes": [{"id": "a"}], "links": [following]})

    async with client_of({"GET /": landing, "GET /processes": listed}) as (client, _):
        assert await client.processes() == ["a", "b"]
        assert client.reference("j 1", "out/put") == "https://public.test/api/jobs/j%201/results/out%2Fput"


async def test_html_in_place_of_a_list_is_an_invalid_reply() -> None:
    async with client_of({"GET /processes": HTMLResponse("<html>")}) as (client, _):
        with pytest.raises(InvalidServerReplyError, match=r"/ogc/processes with an HTML page"):
            await client.processes()


@pytest.mark.parametrize("body", ["{", "[1, 2", '{"processes": 3}', "null", '"text"', "[" * 100_000, "\udce4"])
async def test_what_is_no_process_list_is_an_invalid_reply(body: str) -> None:
    raw = body.encode(errors="surrogateescape")
    async with client_of({"GET /processes": Response(raw, media_type="application/json")}) as (client, _):
        with pytest.raises(InvalidServerReplyError):
            await client.processes()


async def test_ids_are_quoted_in_paths() -> None:
    answers: dict[str, Answer] = {"GET /processes/a%2Fb%3Fc": JSONResponse({"id": "a/b?c"})}
    async with client_of(answers) as (client, _):
        assert (await client.describe("a/b?c")).raw == {"id": "a/b?c"}


async def test_an_id_of_dots_does_not_climb() -> None:
    async with client_of({}) as (client, site):
        with pytest.raises(RemoteProblemError):
            await client.describe("..")
        assert site.requests[-1].scope["raw_path"].startswith(b"/ogc/processes/%2E%2E")


async def test_an_accepted_execution_is_a_job() -> None:
    accepted = JSONResponse({"jobID": "j1", "status": "accepted", "progress": 5, "message": "queued"}, 201)
    accepted.headers["Retry-After"] = "2"
    async with client_of({"POST /processes/p/execution": accepted}) as (client, site):
        reply = await client.execute("p", {"inputs": {"a": 1}}, prefer="respond-async")
        assert isinstance(reply, Accepted)
        assert (reply.status.job_id, reply.status.status, reply.status.progress) == ("j1", "accepted", 5)
        assert reply.status.retry_after == 2
        assert site.bodies[-1] == b'{"inputs":{"a":1}}'
        assert site.requests[-1].headers["prefer"] == "respond-async"


async def test_a_job_named_by_its_location_only_is_found() -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": Response(status_code=201, headers={"Location": f"{BASE}/jobs/j%201"}),
        "GET /jobs/j%201": JSONResponse({"jobID": "j 1", "status": "running"}),
    }
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
        assert isinstance(reply, Accepted)
        assert reply.status.job_id == "j 1"


async def test_an_execution_accepted_without_naming_its_job_has_an_unknown_outcome() -> None:
    async with client_of({"POST /processes/p/execution": Response(status_code=201)}) as (client, _):
        with pytest.raises(OutcomeUnknownError, match="list_jobs"):
            await client.execute("p", {}, prefer=None)


async def test_results_that_come_at_once_are_read_from_a_results_document() -> None:
    document = {
        "number": 3,
        "shape": {"value": POINT, "mediaType": "application/geo+json"},
        "bytes": {"value": "AAEC", "mediaType": "application/x-bin", "encoding": "base64"},
        "elsewhere": {"href": "http://elsewhere.test/x.tif", "type": "image/tiff"},
        "geometry": POINT,
    }
    async with client_of({"POST /processes/p/execution": JSONResponse(document)}) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert reply.job_id is None
    found = {output.id: output for output in reply.outputs}
    assert (found["number"].value, found["number"].size) == (3, 1)
    assert (found["shape"].value, found["shape"].media_type) == (POINT, "application/geo+json")
    assert (found["bytes"].value, found["bytes"].media_type) == (b"\x00\x01\x02", "application/x-bin")
    assert (found["elsewhere"].value, found["elsewhere"].media_type) == (ABSENT, "image/tiff")
    assert found["geometry"].media_type == "application/geo+json"


async def test_minimal_results_keep_summary_length_and_small_value() -> None:
    own = {
        "out": {
            "href": f"{BASE}/jobs/j1/results/out",
            "rel": "item",
            "type": "application/geo+json",
            "length": 9000,
            "summary": {"kind": "Feature"},
        },
        "n": {
            "href": f"{BASE}/jobs/j1/results/n",
            "type": "application/json",
            "length": 4,
            "summary": {},
            "value": None,
        },
    }
    async with client_of(OURS | {"POST /processes/p/execution": JSONResponse(own)}) as (client, _):
        reply = await client.execute("p", {}, prefer="return=minimal")
    assert isinstance(reply, Completed)
    assert reply.job_id == "j1"
    out, number = reply.outputs
    assert (out.value, out.size, out.summary) == (ABSENT, 9000, {"kind": "Feature"})
    assert number.value is None


@pytest.mark.parametrize(
    ("raw", "declared", "outputs"),
    [
        ({"id": "echo", "value": "Hi"}, ["echo"], {"echo": {"id": "echo", "value": "Hi"}}),
        ({"echo": 1}, ["echo"], {"echo": 1}),
        ([{"id": "a", "value": 1}, {"id": "b", "value": 2}], ["a", "b"], {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, ["b", "a"], {"a": 1, "b": 2}),
        ([1, 2], ["a", "b"], {"a": [1, 2]}),
        ("text", [], {"result": "text"}),
    ],
)
async def test_bare_results_of_a_pygeoapi_are_given_their_ids(raw: Any, declared: list[str], outputs: Any) -> None:
    described = JSONResponse({"id": "p", "outputs": {name: {} for name in declared}})
    answers = PYGEOAPI | {"POST /processes/p/execution": JSONResponse(raw), "GET /processes/p": described}
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert {output.id: output.value for output in reply.outputs} == outputs


async def test_problem_details_are_told_with_every_fault() -> None:
    problem = {
        "type": "about:blank",
        "title": "The request is not valid",
        "detail": "two inputs are wrong",
        "errors": [{"path": "$.inputs.a", "message": "is required"}, {"path": "$.inputs.b", "message": "too large"}],
    }
    refused = JSONResponse(problem, 400, media_type="application/problem+json")
    async with client_of({"POST /processes/p/execution": refused}) as (client, _):
        with pytest.raises(RemoteProblemError, match="two inputs are wrong") as caught:
            await client.execute("p", {}, prefer=None)
    assert caught.value.status == 400
    assert [(p.path, p.message) for p in caught.value.problems] == [
        ("$.inputs.a", "is required"),
        ("$.inputs.b", "too large"),
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (JSONResponse({"code": "NoApplicableCode", "description": "bad\x00 thing"}, 400), "bad thing"),
        (JSONResponse({"detail": [{"loc": "a"}], "message": "nope"}, 422), "nope"),
        (PlainTextResponse("Internal Server Error", 500), "Internal Server Error"),
        (JSONResponse(["?"], 500), "HTTP status 500"),
        (Response(b"{broken", 500, media_type="application/json"), "HTTP status 500"),
        (JSONResponse({"description": "x" * 100_000}, 400), "x{599}…$"),
    ],
)
async def test_errors_of_other_forms_are_told_in_the_servers_words(answer: Response, words: str) -> None:
    async with client_of({"POST /processes/p/execution": answer}) as (client, _):
        with pytest.raises(RemoteProblemError, match=words):
            await client.execute("p", {}, prefer=None)


async def test_an_html_error_page_is_an_invalid_reply() -> None:
    async with client_of({"POST /processes/p/execution": HTMLResponse("<html>", 500)}) as (client, _):
        with pytest.raises(InvalidServerReplyError, match="HTML"):
            await client.execute("p", {}, prefer=None)


@pytest.mark.parametrize("status", [502, 504])
async def test_a_gateways_word_leaves_the_outcome_unknown(status: int) -> None:
    async with client_of({"POST /processes/p/execution": PlainTextResponse("gateway", status)}) as (client, site):
        with pytest.raises(OutcomeUnknownError, match="list_jobs"):
            await client.execute("p", {}, prefer=None)
        assert len(site.asked("POST", "/processes/p/execution")) == 1


async def test_a_status_that_has_not_changed_is_none() -> None:
    def status(request: Request) -> Response:
        if request.headers.get("if-none-match") == '"7"' and request.headers.get("prefer") == "wait=5":
            return Response(status_code=304)
        return JSONResponse({"jobID": "j1", "status": "running"}, headers={"ETag": '"7"'})

    async with client_of(OURS | {"GET /jobs/j1": status}) as (client, _):
        first = await client.status("j1")
        assert first is not None
        assert (first.etag, first.final) == ('"7"', False)
        assert await client.status("j1", etag=first.etag, wait=5) is None


async def test_an_unknown_job_and_a_gone_result_are_told_apart() -> None:
    gone = JSONResponse({"title": "The result is gone"}, 410)
    not_ready = JSONResponse({"type": "http://…/1.0/result-not-ready", "title": "not ready"}, 404)
    answers: dict[str, Answer] = {"GET /jobs/j1/results": gone, "GET /jobs/j2/results": not_ready}
    async with client_of(answers) as (client, _):
        with pytest.raises(NoSuchJobError):
            await client.status("nowhere")
        with pytest.raises(ResultGoneError):
            await client.results("j1")
        with pytest.raises(RemoteProblemError) as caught:
            await client.results("j2")
        assert type(caught.value) is RemoteProblemError


async def test_a_page_of_an_output_is_asked_of_a_server_that_has_pages() -> None:
    def output(request: Request) -> Response:
        assert dict(request.query_params) == {"offset": "2", "limit": "1"}
        return JSONResponse([3], headers={"OGC-NumberMatched": "5"})

    async with client_of(OURS | {"GET /jobs/j1/results/out": output}) as (client, _):
        found = await client.read("j1", "out", offset=2, limit=1)
    assert (found.value, found.matched, found.id) == ([3], 5, "out")


async def test_a_page_of_an_output_is_cut_where_the_server_has_none() -> None:
    answers: dict[str, Answer] = {"GET /jobs/j1/results": JSONResponse({"out": COLLECTION, "list": [1, 2, 3], "n": 4})}
    async with client_of(answers) as (client, _):
        page = await client.read("j1", "out", offset=3, limit=10)
        assert [feature["id"] for feature in page.value["features"]] == [3, 4]
        assert page.matched == 5
        assert (await client.read("j1", "list", offset=1)).value == [2, 3]
        assert (await client.read("j1", "n", offset=1)).value == 4
        with pytest.raises(RemoteProblemError, match="no output 'x'; it has out, list, n"):
            await client.read("j1", "x")


async def test_an_output_kept_on_another_origin_is_not_read() -> None:
    results = {
        "out": {"href": "http://169.254.169.254/secret"},
        "near": {"href": f"{BASE}/files/1", "type": "text/csv"},
    }
    answers: dict[str, Answer] = {
        "GET /jobs/j1/results": JSONResponse(results),
        "GET /files/1": PlainTextResponse("a,b", media_type="text/csv"),
    }
    async with client_of(answers) as (client, _):
        with pytest.raises(ReferenceRefusedError, match=r"169\.254"):
            await client.read("j1", "out")
        assert (await client.read("j1", "near")).value == b"a,b"


async def test_jobs_that_make_no_sense_are_left_out() -> None:
    listed = {"jobs": [FINISHED, {"jobID": "x", "status": "odd"}, 3, {"status": "failed"}]}
    async with client_of({"GET /jobs": JSONResponse(listed)}) as (client, _):
        assert [status.job_id for status in await client.jobs(limit=10)] == ["j1"]


async def test_a_dismissal_tells_the_state_the_job_is_in() -> None:
    answers: dict[str, Answer] = {"DELETE /jobs/j1": JSONResponse({"jobID": "j1", "status": "running", "message": "m"})}
    async with client_of(answers | {"DELETE /jobs/j2": Response(status_code=204)}) as (client, _):
        assert (await client.dismiss("j1")).status == "running"
        assert (await client.dismiss("j2")).status == "dismissed"
        with pytest.raises(NoSuchJobError):
            await client.dismiss("j3")


async def test_a_500_of_pygeoapi_to_a_dismissal_is_looked_into() -> None:
    broken = PlainTextResponse("Internal Server Error", 500)
    still = JSONResponse({"jobID": "j2", "status": "running"})
    answers = PYGEOAPI | {"DELETE /jobs/j1": broken, "DELETE /jobs/j2": broken, "GET /jobs/j2": still}
    async with client_of(answers) as (client, _):
        assert (await client.dismiss("j1")).status == "dismissed"
        assert (await client.dismiss("j2")).status == "running"


async def test_a_500_of_another_server_to_a_dismissal_is_an_error() -> None:
    async with client_of({"DELETE /jobs/j1": PlainTextResponse("broken", 500)}) as (client, _):
        with pytest.raises(RemoteProblemError, match="broken"):
            await client.dismiss("j1")


async def test_a_dismissal_repeated_after_a_lost_answer_is_done() -> None:
    answers = iter([PlainTextResponse("bad gateway", 502), JSONResponse({"title": "gone"}, 404)])
    async with client_of({"DELETE /jobs/j1": lambda _: next(answers)}) as (client, _):
        assert (await client.dismiss("j1")).status == "dismissed"


async def test_numbers_that_are_not_json_become_null() -> None:
    answers: dict[str, Answer] = {"GET /jobs/j1/results": Response(b'{"out": [NaN, 1]}', media_type="application/json")}
    async with client_of(answers) as (client, _):
        assert (await client.read("j1", "out")).value == [None, 1]
