"""A job's status in the words and spellings of many servers."""

from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from mcp_server.errors import InvalidServerReplyError
from mcp_server.ogc.documents import is_status, job_in, status_info, statuses
from mcp_server.ogc.models import Accepted, Completed
from tests.mcp_server.ogc.site import BASE, Answer, client_of


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("accepted", "accepted"),
        ("queued", "accepted"),
        ("Pending", "accepted"),
        ("started", "running"),
        ("IN_PROGRESS", "running"),
        ("succeeded", "successful"),
        ("SUCCEEDED", "successful"),
        ("completed", "successful"),
        ("Error", "failed"),
        ("exception", "failed"),
        ("revoked", "dismissed"),
        ("cancelled", "dismissed"),
    ],
)
def test_the_words_of_other_engines_are_the_standards_states(word: str, state: str) -> None:
    assert status_info({"jobID": "j", "status": word}).status == state


@pytest.mark.parametrize(
    "document",
    [
        {"jobID": "j1", "status": "running"},
        {"jobId": "j1", "status": "running"},
        {"job_id": "j1", "status": "running"},
        {"id": "j1", "status": "running"},
        {"id": "j1", "status": "started", "processID": "p"},
        {"StatusInfo": {"JobID": "j1", "Status": "Running"}},
        {"statusInfo": {"jobID": "j1", "status": "started"}},
    ],
)
def test_a_jobs_id_is_found_in_every_spelling(document: Any) -> None:
    assert is_status(document)
    assert (status_info(document).job_id, status_info(document).status) == ("j1", "running")


@pytest.mark.parametrize(
    ("members", "percent"),
    [({"progress": 40}, 40), ({"percentCompleted": 40}, 40), ({"progress": "40%"}, 40), ({"progress": "soon"}, None)],
)
def test_progress_is_read_however_it_is_written(members: Any, percent: float | None) -> None:
    assert status_info({"jobID": "j", "status": "running", **members}).progress == percent


@pytest.mark.parametrize(
    "result",
    [
        {"id": 5, "status": "completed"},
        {"id": "order", "status": "done"},
        {"status": "successful"},
        {"jobID": "j", "status": "green"},
        {"jobID": "j", "status": 3},
        ["accepted"],
    ],
)
def test_a_result_with_a_member_named_status_is_no_job(result: Any) -> None:
    assert not is_status(result)


def test_a_word_nobody_knows_is_an_invalid_reply() -> None:
    with pytest.raises(InvalidServerReplyError, match="'green'"):
        status_info({"jobID": "j", "status": "green"})


def test_a_bare_list_of_jobs_is_a_job_list() -> None:
    assert [job.job_id for job in statuses([{"jobID": "a", "status": "done"}, "b"])] == ["a"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse({"jobID": "j1", "status": "running"}, 200),
        JSONResponse({"id": "j1", "status": "accepted"}, 202),
        JSONResponse({"status": "running", "links": [{"rel": "monitor", "href": f"{BASE}/jobs/j1"}]}, 201),
        JSONResponse({"status": "running", "links": [{"rel": "status", "href": f"{BASE}/jobs/j1"}]}, 202),
        JSONResponse({"message": "thanks"}, 201, headers={"Location": f"{BASE}/jobs/j1"}),
        Response(status_code=201, headers={"Location": f"{BASE}/jobs/j1"}, media_type="application/json"),
        Response(status_code=200, headers={"Location": f"{BASE}/jobs/j1"}),
        Response(status_code=200, headers={"Location": f"{BASE}/jobs/j1"}, media_type="application/json"),
    ],
    ids=["200", "202", "link", "link of another name", "no status", "no body", "200 without body", "JSON without body"],
)
async def test_a_job_is_found_however_the_answer_names_it(answer: Answer) -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": answer,
        "GET /jobs/j1": JSONResponse({"jobID": "j1", "status": "started"}),
    }
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer="respond-async")
    assert isinstance(reply, Accepted)
    assert reply.status.job_id == "j1"


@pytest.mark.parametrize("told", ["http://[", "https://example.org/7", "urn:uuid:7", "http://remote.test/jobs/"])
def test_an_id_that_is_no_url_of_a_job_stays_as_it_is(told: str) -> None:
    assert status_info({"jobID": told, "status": "running"}).job_id == told


@pytest.mark.parametrize("url", [f"{BASE}/jobs", f"{BASE}/jobs/", f"{BASE}/store/7", "http://[", None])
def test_a_url_that_leads_to_no_single_job_names_none(url: str | None) -> None:
    assert job_in(url) is None


@pytest.mark.anyio
async def test_a_location_that_is_no_url_hides_no_job() -> None:
    answer = JSONResponse({"jobID": "j1", "status": "accepted"}, 201, headers={"Location": "http://["})
    async with client_of({"POST /processes/p/execution": answer}) as (client, _):
        reply = await client.execute("p", {}, prefer="respond-async")
    assert isinstance(reply, Accepted)
    assert reply.status.job_id == "j1"


@pytest.mark.anyio
async def test_a_result_that_has_an_id_and_a_status_is_a_result() -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": JSONResponse({"id": 5, "status": "completed"}),
    }
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Completed)
    assert {output.id: output.value for output in reply.outputs} == {"id": 5, "status": "completed"}


@pytest.mark.anyio
@pytest.mark.parametrize("named", [{"jobID": f"{BASE}/jobs/j%201"}, {"id": f"{BASE}/jobs/j%201/"}])
async def test_a_job_whose_id_is_its_url_is_asked_for_there(named: dict[str, str]) -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": JSONResponse({**named, "status": "accepted"}, 201),
        "GET /jobs/j%201": JSONResponse({**named, "status": "running"}),
        "GET /jobs": JSONResponse({"jobs": [{**named, "status": "running"}]}),
    }
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer="respond-async")
        assert isinstance(reply, Accepted)
        assert reply.status.job_id == "j 1"
        assert (await client.standing("j 1")).status == "running"
        assert [job.job_id for job in await client.jobs(limit=5)] == ["j 1"]
