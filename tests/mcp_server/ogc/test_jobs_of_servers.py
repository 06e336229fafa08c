"""Jobs: status, results, single outputs, dismissal."""

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mcp_server.errors import (
    NoSuchJobError,
    ReferenceRefusedError,
    RemoteProblemError,
    ResultGoneError,
)
from tests.mcp_server.ogc.site import BASE, COLLECTION, FINISHED, OURS, PYGEOAPI, Answer, client_of

pytestmark = pytest.mark.anyio


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
            await client.outputs.of_job("j1")
        with pytest.raises(RemoteProblemError) as caught:
            await client.outputs.of_job("j2")
        assert type(caught.value) is RemoteProblemError


async def test_a_page_of_an_output_is_asked_of_a_server_that_has_pages() -> None:
    def output(request: Request) -> Response:
        assert dict(request.query_params) == {"offset": "2", "limit": "1"}
        return JSONResponse([3], headers={"OGC-NumberMatched": "5"})

    async with client_of(OURS | {"GET /jobs/j1/results/out": output}) as (client, _):
        found = await client.outputs.read("j1", "out", offset=2, limit=1)
    assert (found.value, found.matched, found.id) == ([3], 5, "out")


async def test_a_page_of_an_output_is_cut_where_the_server_has_none() -> None:
    answers: dict[str, Answer] = {"GET /jobs/j1/results": JSONResponse({"out": COLLECTION, "list": [1, 2, 3], "n": 4})}
    async with client_of(answers) as (client, _):
        page = await client.outputs.read("j1", "out", offset=3, limit=10)
        assert [feature["id"] for feature in page.value["features"]] == [3, 4]
        assert page.matched == 5
        assert (await client.outputs.read("j1", "list", offset=1)).value == [2, 3]
        assert (await client.outputs.read("j1", "n", offset=1)).value == 4
        with pytest.raises(RemoteProblemError, match="no output 'x'; it has out, list, n"):
            await client.outputs.read("j1", "x")


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
            await client.outputs.read("j1", "out")
        assert (await client.outputs.read("j1", "near")).value == b"a,b"


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


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (JSONResponse({"jobID": "j1", "status": "running"}), "running"),
        (JSONResponse({"title": "No such job"}, 404), "dismissed"),
    ],
)
async def test_a_dismissal_that_is_only_accepted_is_looked_into(standing: Response, state: str) -> None:
    answers: dict[str, Answer] = {"DELETE /jobs/j1": Response(status_code=202), "GET /jobs/j1": standing}
    async with client_of(answers) as (client, _):
        assert (await client.dismiss("j1")).status == state


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


@pytest.mark.parametrize("status", [405, 501])
async def test_a_server_that_dismisses_no_jobs_is_told_as_such(status: int) -> None:
    async with client_of({"DELETE /jobs/j1": PlainTextResponse("Method Not Allowed", status)}) as (client, _):
        with pytest.raises(
            RemoteProblemError, match=r"server 'remote' cannot dismiss jobs .* the job is as it was"
        ) as no:
            await client.dismiss("j1")
    assert no.value.status == status


async def test_a_dismissal_repeated_after_a_lost_answer_is_done() -> None:
    answers = iter([PlainTextResponse("bad gateway", 502), JSONResponse({"title": "gone"}, 404)])
    async with client_of({"DELETE /jobs/j1": lambda _: next(answers)}) as (client, _):
        assert (await client.dismiss("j1")).status == "dismissed"


async def test_numbers_that_are_not_json_become_null() -> None:
    answers: dict[str, Answer] = {"GET /jobs/j1/results": Response(b'{"out": [NaN, 1]}', media_type="application/json")}
    async with client_of(answers) as (client, _):
        assert (await client.outputs.read("j1", "out")).value == [None, 1]
