"""Answers that say of themselves that they succeeded, and tell an error, a state or a part in place of results."""

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from mcp_server.errors import (
    InvalidServerReplyError,
    NoSuchJobError,
    OutcomeUnknownError,
    RemoteProblemError,
)
from mcp_server.ogc.models import Completed
from tests.mcp_server.ogc.site import BASE, FINISHED, PYGEOAPI, Answer, client_of

pytestmark = pytest.mark.anyio

PROBLEM = {"type": "http://example.org/errors/zero", "title": "Division", "status": 422, "detail": "division by zero"}
EXCEPTION = {"code": "NoApplicableCode", "description": "division by zero"}
RESULTS = "GET /jobs/j1/results"
EXECUTION = "POST /processes/p/execution"


def described(*outputs: str) -> dict[str, Answer]:
    return {"GET /processes/p": JSONResponse({"id": "p", "outputs": {name: {} for name in outputs}})}


def job(answer: Answer, *outputs: str) -> dict[str, Answer]:
    return {"GET /jobs/j1": JSONResponse(FINISHED), RESULTS: answer, **described(*(outputs or ("out",)))}


@pytest.mark.parametrize("called", [EXECUTION, RESULTS])
async def test_a_problem_is_one_whatever_the_status_of_its_answer(called: str) -> None:
    told = JSONResponse(PROBLEM, media_type="application/problem+json")
    async with client_of(job(told) | {called: told}) as (client, _):
        with pytest.raises(RemoteProblemError, match="division by zero") as caught:
            await (client.execute("p", {}, prefer=None) if called == EXECUTION else client.outputs.of_job("j1"))
    assert caught.value.status == 422


async def test_a_problem_tells_what_its_own_status_means() -> None:
    told = JSONResponse({"title": "No such job", "status": 404}, media_type="application/problem+json")
    async with client_of({"GET /jobs/j1": told}) as (client, _):
        with pytest.raises(NoSuchJobError):
            await client.standing("j1")


@pytest.mark.parametrize("document", [PROBLEM, EXCEPTION, {"type": "NoApplicableCode", **EXCEPTION}])
async def test_an_error_in_place_of_the_results_of_a_job_is_no_result(document: dict[str, Any]) -> None:
    async with client_of(job(JSONResponse(document))) as (client, _):
        with pytest.raises(RemoteProblemError, match="division by zero"):
            await client.outputs.of_job("j1")


@pytest.mark.parametrize("document", [PROBLEM, EXCEPTION])
async def test_an_error_in_place_of_results_that_were_to_come_at_once_may_have_run(document: dict[str, Any]) -> None:
    async with client_of({EXECUTION: JSONResponse(document), **described("out")}) as (client, _):
        with pytest.raises(OutcomeUnknownError, match=r"division by zero.* may have run"):
            await client.execute("p", {}, prefer=None)


@pytest.mark.parametrize("document", [PROBLEM, EXCEPTION, {"jobID": "batch-7", "status": "failed"}])
async def test_results_that_look_like_an_error_are_results_where_they_are_declared(document: Mapping[str, Any]) -> None:
    async with client_of(job(JSONResponse(document), *document, "more")) as (client, _):
        found = await client.outputs.of_job("j1")
    assert {output.id: output.value for output in found} == document


@pytest.mark.parametrize(
    "value",
    [
        EXCEPTION,
        {"title": "Roads", "detail": "all of them"},
        {"type": "road", "title": "A 1", "status": 3},
        {"type": "road", "title": "A 1", "status": "open"},
        {"jobID": "batch-7", "status": "open"},
        {"jobID": "batch-7", "status": "running"},
    ],
)
async def test_a_bare_value_that_resembles_an_error_stays_a_value(value: dict[str, Any]) -> None:
    async with client_of(PYGEOAPI | job(JSONResponse(value))) as (client, _):
        (output,) = await client.outputs.of_job("j1")
    assert output.value == value


@pytest.mark.parametrize(
    "document",
    [
        {"code": "7", "description": "a village"},
        {"code": "A b", "description": "x"},
        {"code": "Village", "description": "x"},
        {"code": "Aa" + "A" * 5000 + "!", "description": "x"},
    ],
)
async def test_members_that_resemble_an_exception_are_outputs(document: dict[str, Any]) -> None:
    async with client_of(job(JSONResponse(document))) as (client, _):
        assert {output.id for output in await client.outputs.of_job("j1")} == {"code", "description"}


async def test_a_job_that_still_runs_in_place_of_its_results_is_told_as_such() -> None:
    running = JSONResponse({"jobID": "j1", "status": "running", "message": "half of it"})
    async with client_of(job(running)) as (client, _):
        with pytest.raises(RemoteProblemError, match="running: half of it") as caught:
            await client.outputs.of_job("j1")
    assert caught.value.status == 404, "as of results that are not there yet"


async def test_a_job_that_failed_in_place_of_its_results_tells_why() -> None:
    failed = JSONResponse({"jobID": "j1", "status": "failed", "message": "out of memory"})
    async with client_of(job(failed)) as (client, _):
        with pytest.raises(RemoteProblemError, match="out of memory") as caught:
            await client.outputs.of_job("j1")
    assert caught.value.status == 500


PART = Response(b"id,name\r\n1,a\r\n", 206, {"Content-Type": "text/csv", "Content-Range": "bytes 0-13/9000"})


async def test_a_part_of_an_answer_is_not_taken_for_the_whole() -> None:
    async with client_of(job(PART)) as (client, _):
        with pytest.raises(InvalidServerReplyError, match="206"):
            await client.outputs.of_job("j1")


async def test_a_part_of_the_answer_to_an_execution_may_be_of_one_that_ran() -> None:
    async with client_of({EXECUTION: PART, **described("out")}) as (client, _):
        with pytest.raises(OutcomeUnknownError, match=r"206.* may have run"):
            await client.execute("p", {}, prefer=None)


async def test_a_part_of_a_value_is_not_saved_for_the_whole() -> None:
    linked = JSONResponse({"out": {"href": f"{BASE}/files/x.csv", "type": "text/csv"}})
    async with client_of(job(linked) | {"GET /files/x.csv": PART}) as (client, _):
        with pytest.raises(InvalidServerReplyError, match="206"):
            async with client.outputs.opened("j1", "out", seconds=10, most=1000):
                pass


async def test_results_that_name_no_media_type_and_are_json_are_read_as_json() -> None:
    bare = Response(b' {"out": 3}\n')
    async with client_of({EXECUTION: bare, **described("out")}) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert [(output.id, output.value) for output in reply.outputs] == [("out", 3)]


@pytest.mark.parametrize("body", [b"[ERROR] no such layer", b"{", b"plain", b"42"])
async def test_what_names_no_media_type_and_does_not_read_like_json_stays_as_it_is(body: bytes) -> None:
    async with client_of({EXECUTION: Response(body), **described("out")}) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert [output.value for output in reply.outputs] == [body]


async def test_a_media_type_that_is_told_twice_is_that_media_type() -> None:
    twice = Response(b'{"out": 3}', headers={"Content-Type": "application/json, application/json; charset=utf-8"})
    async with client_of({EXECUTION: twice, **described("out")}) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert [(output.id, output.value) for output in reply.outputs] == [("out", 3)]


PAGE = Response(b"<html><body>Please sign in</body></html>", media_type="text/html")


@pytest.mark.parametrize("kind", ["image/tiff", "application/geo+json", "text/csv"])
async def test_a_page_in_place_of_a_value_is_no_value(kind: str) -> None:
    linked = JSONResponse({"out": {"href": f"{BASE}/files/x", "type": kind}})
    async with client_of(job(linked) | {"GET /files/x": PAGE}) as (client, _):
        with pytest.raises(InvalidServerReplyError, match="HTML page"):
            await client.outputs.read("j1", "out")
        with pytest.raises(InvalidServerReplyError, match="HTML page"):
            async with client.outputs.opened("j1", "out", seconds=10, most=1000):
                pass


@pytest.mark.parametrize("kind", ["text/html", None])
async def test_a_page_is_a_value_where_its_link_does_not_say_otherwise(kind: str | None) -> None:
    linked = JSONResponse({"out": {"href": f"{BASE}/files/x"} | ({"type": kind} if kind else {})})
    async with client_of(job(linked) | {"GET /files/x": PAGE}) as (client, _):
        assert (await client.outputs.read("j1", "out")).value == PAGE.body
