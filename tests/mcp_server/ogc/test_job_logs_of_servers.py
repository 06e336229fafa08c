"""The log of a job: read where its status links to it, and nowhere else."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from mcp_server.errors import NoSuchJobError
from tests.mcp_server.ogc.site import BASE, Answer, client_of

pytestmark = pytest.mark.anyio


def status(href: str, rel: str = "urn:ogc-processes-mcp:rel:log") -> Response:
    links: list[dict[str, Any]] = [{"rel": "self", "href": f"{BASE}/jobs/j1"}, {"rel": rel, "href": href}]
    return JSONResponse({"jobID": "j1", "status": "failed", "links": links})


async def test_the_log_is_read_where_the_status_links_to_it_and_its_last_lines_are_asked_for() -> None:
    def log(request: Request) -> Response:
        assert dict(request.query_params) == {"tail": "2"}
        return PlainTextResponse("two\nthree\n")

    answers: dict[str, Answer] = {"GET /jobs/j1": status(f"{BASE}/elsewhere/log"), "GET /elsewhere/log": log}
    async with client_of(answers) as (client, _):
        assert await client.log("j1", lines=2, seconds=5) == ("two", "three")


async def test_of_a_server_that_sends_the_whole_log_the_last_lines_are_taken() -> None:
    whole = Response(b"one\ntwo\r\n\xff three\n", media_type="text/plain")
    async with client_of({"GET /jobs/j1": status("jobs/j1/log"), "GET /jobs/j1/log": whole}) as (client, _):
        assert await client.log("j1", lines=2, seconds=5) == ("two", "\N{REPLACEMENT CHARACTER} three")


@pytest.mark.parametrize(
    ("linked", "told"),
    [
        (status(f"{BASE}/jobs/j1/log", rel="related"), PlainTextResponse("a line\n")),
        (status("http://elsewhere.test/ogc/jobs/j1/log"), PlainTextResponse("a line\n")),
        (status(f"{BASE}/jobs/j1/log"), JSONResponse({"out": 1})),
    ],
    ids=["no link of that relation", "a link to another origin", "no plain text"],
)
async def test_there_is_no_log_but_one_in_plain_text_at_the_same_origin(linked: Response, told: Response) -> None:
    async with client_of({"GET /jobs/j1": linked, "GET /jobs/j1/log": told}) as (client, _):
        assert await client.log("j1", lines=2, seconds=5) == ()


async def test_the_log_of_a_job_that_there_is_not_is_no_log_of_nothing() -> None:
    async with client_of({}) as (client, _):
        with pytest.raises(NoSuchJobError):
            await client.log("j1", lines=2, seconds=5)
