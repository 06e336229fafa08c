"""Executions, and the results and errors that answer them."""

from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from mcp_server.errors import (
    InvalidServerReplyError,
    OutcomeUnknownError,
    RemoteProblemError,
)
from mcp_server.ogc.models import ABSENT, Accepted, Completed
from tests.mcp_server.ogc.site import BASE, OURS, POINT, PYGEOAPI, Answer, client_of

pytestmark = pytest.mark.anyio


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


@pytest.mark.parametrize("status", [200, 201, 202, 303])
async def test_a_job_named_by_its_location_only_is_found(status: int) -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": Response(status_code=status, headers={"Location": f"{BASE}/jobs/j%201"}),
        "GET /jobs/j%201": JSONResponse({"jobID": "j 1", "status": "running"}),
    }
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
        assert isinstance(reply, Accepted)
        assert reply.status.job_id == "j 1"


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "application/json", None])
async def test_a_job_named_by_the_body_only_is_found_whatever_the_body_is_said_to_be(kind: str | None) -> None:
    accepted = Response(b'{"jobID": "j1", "status": "accepted"}', 201, media_type=kind)
    async with client_of({"POST /processes/p/execution": accepted}) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Accepted)
    assert reply.status.job_id == "j1"


@pytest.mark.parametrize("status", [301, 302])
async def test_a_job_that_an_execution_is_redirected_to_is_found(status: int) -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": Response(status_code=status, headers={"Location": "/ogc/jobs/j1"}),
        "GET /jobs/j1": JSONResponse({"jobID": "j1", "status": "running"}),
    }
    async with client_of(answers) as (client, site):
        reply = await client.execute("p", {}, prefer=None)
        assert len(site.asked("POST", "/processes/p/execution")) == 1
    assert isinstance(reply, Accepted)
    assert (reply.status.job_id, reply.status.status) == ("j1", "running")


@pytest.mark.parametrize(
    ("status", "location", "told"),
    [
        (301, "https://remote.test/ogc/processes/p/execution", "nothing was run"),
        (302, "https://remote.test/ogc/processes/p/execution/?key=S3CRET", "nothing was run"),
        (307, "https://user:S3CRET@elsewhere.test/run", r"https://elsewhere\.test/run .*nothing was run"),
        (308, "/ogc/processes/jobs/execution", "nothing was run"),
        (301, "/ogc/processes/jobs/execution", "nothing was run"),
        (302, "/done", r"http://remote\.test/done .*may have run"),
        (302, "http://[", "may have run"),
    ],
)
async def test_an_execution_that_is_redirected_is_not_sent_again_and_who_can_help_is_told(
    status: int, location: str, told: str
) -> None:
    moved = Response(status_code=status, headers={"Location": location})
    async with client_of({"POST /processes/p/execution": moved}) as (client, site):
        with pytest.raises((InvalidServerReplyError, OutcomeUnknownError), match=told) as caught:
            await client.execute("p", {}, prefer=None)
        assert len(site.requests) == 3, "landing page, conformance and the execution"
    assert "redirects" in str(caught.value)
    assert "S3CRET" not in str(caught.value)


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


OWS = {"version": "1.0.0", "exceptions": [{"code": "InvalidParameterValue", "text": "no layer topp:states"}]}
OWS_XML = """<?xml version="1.0"?>
<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="1.1.0">
  <ows:Exception exceptionCode="InvalidParameterValue" locator="a">
    <ows:ExceptionText>no layer &lt;states&gt; &amp; more</ows:ExceptionText>
  </ows:Exception>
</ows:ExceptionReport>"""


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


async def test_results_that_look_like_a_status_are_results_where_they_are_declared() -> None:
    results = {"jobID": "batch-7", "status": "running"}
    described = JSONResponse({"id": "p", "outputs": {name: {} for name in (*results, "log")}})
    answers: dict[str, Answer] = {"POST /processes/p/execution": JSONResponse(results), "GET /processes/p": described}
    async with client_of(answers) as (client, _):
        await client.describe("p")
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert {output.id: output.value for output in reply.outputs} == results


@pytest.mark.parametrize(
    ("answer", "outputs"),
    [
        (JSONResponse({"sum": 3}, 201), {"sum": 3}),
        (JSONResponse({"sum": 3, "status": "done"}, 202), {"sum": 3, "status": "done"}),
    ],
)
async def test_results_are_results_where_their_status_is_that_of_something_created(
    answer: Response, outputs: dict[str, Any]
) -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": answer,
        "GET /processes/p": JSONResponse({"id": "p", "outputs": {"sum": {}, "status": {}}}),
    }
    async with client_of(answers) as (client, _):
        await client.describe("p")
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert {one.id: one.value for one in reply.outputs} == outputs


async def test_an_answer_that_leads_to_a_job_is_no_refusal() -> None:
    there = Response(status_code=303, headers={"Location": "/ogc/jobs/j1"})
    answers: dict[str, Answer] = {"POST /processes/p/execution": there}
    async with client_of(answers | {"GET /jobs/j1": JSONResponse({"jobID": "j1", "status": "running"})}) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Accepted)
    assert (reply.status.job_id, reply.status.status) == ("j1", "running")


@pytest.mark.parametrize("location", ["/ogc/store/7", f"{BASE}/store/7", "../../store/7"])
async def test_an_answer_that_leads_to_results_is_answered_with_them(location: str) -> None:
    there = Response(status_code=303, headers={"Location": location})
    answers: dict[str, Answer] = {"POST /processes/p/execution": there, "GET /store/7": JSONResponse({"sum": 3})}
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert [(one.id, one.value) for one in reply.outputs] == [("sum", 3)]


async def test_an_answer_that_leads_elsewhere_leaves_the_outcome_unknown() -> None:
    there = Response(status_code=303, headers={"Location": "/ogc/done"})
    async with client_of({"POST /processes/p/execution": there}) as (client, _):
        with pytest.raises(OutcomeUnknownError, match="list_jobs"):
            await client.execute("p", {}, prefer=None)


@pytest.mark.parametrize(
    ("refusal", "faults"),
    [
        (
            {"detail": [{"loc": ["body", "inputs", "a", 0], "msg": "Input should be a number", "type": "float_type"}]},
            [("$.inputs.a[0]", "Input should be a number")],
        ),
        ({"errors": ["a is odd", "b is even"]}, [("$", "a is odd"), ("$", "b is even")]),
    ],
    ids=["fastapi", "texts"],
)
async def test_faults_that_frameworks_list_are_told(refusal: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    async with client_of({"POST /processes/p/execution": JSONResponse(refusal, 422)}) as (client, _):
        with pytest.raises(RemoteProblemError, match=r"^the request was refused \(HTTP status 422\)$") as caught:
            await client.execute("p", {}, prefer=None)
    assert [(p.path, p.message) for p in caught.value.problems] == faults


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (JSONResponse({"code": "NoApplicableCode", "description": "bad\x00 thing"}, 400), "bad thing"),
        (JSONResponse({"detail": [{"loc": "a"}], "message": "nope"}, 422), "nope"),
        (PlainTextResponse("Internal Server Error", 500), "Internal Server Error"),
        (JSONResponse(["?"], 500), "HTTP status 500"),
        (Response(b"{broken", 500, media_type="application/json"), "HTTP status 500"),
        (JSONResponse({"description": "x" * 100_000}, 400), "x{599}…$"),
        (JSONResponse({"error": {"code": 400, "message": "a is odd"}}, 400), "^a is odd$"),
        (JSONResponse({"detail": {"reason": "a is odd"}}, 400), "^a is odd$"),
        (JSONResponse(OWS, 400), "^InvalidParameterValue: no layer topp:states$"),
        (Response(OWS_XML, 400, media_type="application/xml"), "^InvalidParameterValue: no layer <states> & more$"),
        (Response(OWS_XML.replace("ows:", ""), 500, media_type="text/xml; charset=utf-8"), "no layer <states> & more$"),
        (Response(b'{"title": "a is odd"}', 400, media_type="text/plain"), "^a is odd$"),
        (Response(b"a is odd", 400), "^a is odd$"),
        (Response(b"\x89PNG\0", 400), "^HTTP status 400$"),
        (Response("<ows:Exception " * 10_000, 400, media_type="application/xml"), "^HTTP status 400$"),
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


@pytest.mark.parametrize("location", [{}, {"Location": "http://elsewhere.test/store/7"}, {"Location": "http://["}])
async def test_an_answer_that_leads_where_nothing_is_read_leaves_the_outcome_unknown(location: dict[str, str]) -> None:
    elsewhere = Response(status_code=303, headers=location)
    async with client_of({"POST /processes/p/execution": elsewhere}) as (client, site):
        with pytest.raises(OutcomeUnknownError, match=r"neither to its job nor to its results.* may have run"):
            await client.execute("p", {}, prefer=None)
        assert len(site.requests) == 3, "landing page, conformance and the execution"


@pytest.mark.parametrize("status", [502, 504, 520, 524])
async def test_a_gateways_word_leaves_the_outcome_unknown(status: int) -> None:
    async with client_of({"POST /processes/p/execution": PlainTextResponse("gateway", status)}) as (client, site):
        with pytest.raises(OutcomeUnknownError, match="list_jobs"):
            await client.execute("p", {}, prefer=None)
        assert len(site.asked("POST", "/processes/p/execution")) == 1
