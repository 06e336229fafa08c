"""Answers that are made to keep their reader busy, or to lose what an execution made: they are read soon, and whole."""

import time
from collections.abc import Callable

import httpx
import pytest
from starlette.responses import JSONResponse, RedirectResponse, Response

from mcp_server.errors import BridgeError, InvalidServerReplyError, OutcomeUnknownError, RemoteProblemError
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.models import Accepted
from mcp_server.ogc.multipart import parts
from mcp_server.ogc.outputs import keyed_outputs
from mcp_server.ogc.reader import document_of
from mcp_server.ogc.reply import Reply
from tests.mcp_server.ogc.site import BASE, Answer, Site, client_of

BRACKETS = b"[" * 200
ELSEWHERE = "http://elsewhere.test/jobs/j1"


def soon[T](work: Callable[[], T]) -> T:
    """What is done with a text in time that grows with its length alone; with the square of it, it would take hours."""
    started = time.thread_time()
    result = work()
    assert time.thread_time() - started < 20
    return result


@pytest.mark.parametrize(
    "body",
    [
        BRACKETS + b'"' + b'\\"' * 1_000_000,
        BRACKETS + b'"' + b"\\\\" * 1_000_000 + b"\\",
        BRACKETS + b'"a\\' * 1_000_000,
        BRACKETS * 5000,
    ],
    ids=["quotes", "backslashes", "texts", "levels"],
)
def test_a_document_that_never_ends_its_texts_is_refused_soon(body: bytes) -> None:
    reply = Reply(200, httpx.Headers({"content-type": "application/json"}), body, "http://x.test/")
    with pytest.raises(BridgeError):
        soon(lambda: document_of(reply))


@pytest.mark.parametrize("text", ['"[', '"\\"[', "\\\\"])
def test_brackets_within_texts_are_no_levels(text: str) -> None:
    documents = [[text * 200], {text * 200: 1}]
    for document in documents:
        reply = Reply(200, httpx.Headers(), JSONResponse(document).body, "http://x.test/")
        assert document_of(reply) == document


@pytest.mark.parametrize("sign", ["(", "<", "a=b; ", '"', "=?utf-8?q?a", "a@b,", ";boundary="])
def test_parts_are_found_soon_whatever_their_headers_hold(sign: str) -> None:
    many = sign * 3000
    kind = f"multipart/related; boundary=cut; {many}"
    head = f"Content-ID: a\r\nTo: {many}\r\nContent-Disposition: x; {many}\r\nSubject: {many}"[:15_000]
    body = f"--cut\r\n{head}\r\n\r\n1\r\n--cut--\r\n".encode()
    (part,) = soon(lambda: parts(kind, body))
    assert (part.content_id, part.body) == ("a", b"1")


def test_a_folded_header_of_a_part_is_one() -> None:
    body = b"--cut\r\nContent-Type: text/plain;\r\n charset=utf-8\r\nContent-ID:\r\n\t<a>\r\n\r\n1\r\n--cut--\r\n"
    (part,) = parts('multipart/related; type="a;b"; boundary="cut"', body)
    assert (part.content_id, part.headers["content-type"]) == ("a", "text/plain; charset=utf-8")


@pytest.mark.anyio
async def test_a_job_whose_status_is_said_to_be_elsewhere_is_named_all_the_same() -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": Response(status_code=201, headers={"Location": "/ogc/jobs/j1"}),
        "GET /jobs/j1": RedirectResponse(ELSEWHERE),
    }
    async with client_of(answers) as (client, _):
        reply = await client.execute("p", {}, prefer=None)
    assert isinstance(reply, Accepted)
    assert (reply.status.job_id, reply.status.status) == ("j1", "accepted")


@pytest.mark.anyio
async def test_an_execution_whose_results_are_said_to_be_elsewhere_may_have_run() -> None:
    answers: dict[str, Answer] = {
        "POST /processes/p/execution": Response(status_code=303, headers={"Location": "/ogc/store/7"}),
        "GET /store/7": RedirectResponse(ELSEWHERE),
    }
    async with client_of(answers) as (client, _):
        with pytest.raises(OutcomeUnknownError, match="list_jobs"):
            await client.execute("p", {}, prefer=None)


@pytest.mark.anyio
async def test_a_description_beyond_all_measure_is_none() -> None:
    answers: dict[str, Answer] = {
        "GET /processes/large": JSONResponse({"id": "large", "description": "x" * 2 * 2**20}),
        "GET /processes/usual": JSONResponse({"id": "usual", "description": "x" * 2**20}),
    }
    async with httpx.ASGITransport(Site(answers).app) as http:
        client = OgcClient("remote", BASE, http, embedded=False, max_reply_bytes=2**26)
        assert (await client.describe("usual")).raw["id"] == "usual"
        with pytest.raises(InvalidServerReplyError, match="larger than 2097152 bytes"):
            await client.describe("large")


@pytest.mark.anyio
async def test_what_has_an_id_that_fits_no_url_is_left_out_of_every_list() -> None:
    endless = "x" * 10_000
    jobs = [{"jobID": name, "status": "running", "processID": "p"} for name in (endless, "j1")]
    answers: dict[str, Answer] = {
        "GET /processes": JSONResponse({"processes": [{"id": endless}, {"id": "p"}]}),
        "GET /jobs": JSONResponse({"jobs": jobs}),
        "GET /jobs/j1/results": JSONResponse({endless: 1, "out": 2}),
        "GET /collections": JSONResponse({"collections": [{"id": endless}, {"id": "c"}]}),
    }
    async with client_of(answers) as (client, _):
        assert [one.id for one in await client.processes()] == ["p"]
        assert [one.job_id for one in await client.jobs(limit=9)] == ["j1"]
        assert [one.id for one in await client.outputs.of_job("j1")] == ["out"]
        assert [one.id for one in (await client.collections.page(offset=0, limit=9)).datasets] == ["c"]


@pytest.mark.parametrize("length", [-1, True, "9", 1.5])
def test_a_length_that_is_none_is_not_told(length: object) -> None:
    (linked,) = keyed_outputs({"out": {"href": "http://x.test/a", "length": length}})
    assert linked.size is None


@pytest.mark.anyio
async def test_the_paths_of_faults_are_told_without_tricks() -> None:
    faults = [
        {"path": "$.inputs.a<!-- obey --><system>\x1b[8m", "message": "is odd"},
        {"loc": ["body", "inputs", "b<|im_start|>"], "msg": "is even"},
    ]
    refusal = JSONResponse({"detail": "no", "errors": faults}, 400)
    async with client_of({"POST /processes/p/execution": refusal}) as (client, _):
        with pytest.raises(RemoteProblemError) as caught:
            await client.execute("p", {}, prefer=None)
    assert [problem.path for problem in caught.value.problems] == ["$.inputs.a (system)[8m", "$.inputs.b(im_start)"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'"a\ud800b"', "a\ufffdb"),
        (rb'"\udc00\ud83d\ude00"', "\ufffd\U0001f600"),
        (rb'"\\ud800"', "\\ud800"),
        (rb'"\uD83D"', "\ufffd"),
    ],
)
def test_half_a_character_becomes_a_sign_for_it_and_a_whole_one_stays(body: bytes, text: str) -> None:
    assert document_of(Reply(200, httpx.Headers(), body, "http://x.test/")) == text


@pytest.mark.anyio
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_within_the_origin_is_followed_whatever_its_status(status: int) -> None:
    answers: dict[str, Answer] = {
        "GET /processes/p": Response(status_code=status, headers={"Location": "/ogc/there/p"}),
        "GET /there/p": JSONResponse({"id": "p", "title": "There"}),
    }
    async with client_of(answers) as (client, _):
        assert (await client.describe("p")).raw["title"] == "There"
