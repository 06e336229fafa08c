"""A server cannot break a run, learn the user's credentials for others, or have itself called what it is not."""

import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from mcp_server.validate import Options, Report, Verdict, validate
from mcp_server.validate.records import NotAServerError

pytestmark = pytest.mark.anyio

LISTS: dict[str, Any] = {"processes": [{"id": "echo", "version": "1"}], "links": []}


class Answering(httpx.AsyncBaseTransport):
    """A server that is one function."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        made = self.answer(request)
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))


class Silent(httpx.AsyncBaseTransport):
    """A server that never answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError(request)


async def judged(answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> Report:
    return await validate("http://a.test/api/", Options(**{"timeout": 30} | options), transport=Answering(answer))


def document(request: httpx.Request, value: Any) -> httpx.Response:
    """A list of processes, so that it is taken for a server, and `value` everywhere else."""
    return httpx.Response(200, json=LISTS if request.url.path == "/api/processes" else value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "text",
        5,
        {},
        {"links": {}, "conformsTo": {}, "jobs": {}, "inputs": [], "outputs": [], "paths": []},
        {"links": [None, 5], "conformsTo": [None], "jobs": [None, "a"], "inputs": {"a": None}, "outputs": {"b": 5}},
        {"id": {}, "version": [], "jobID": {}, "status": "successful", "type": {}, "links": [{"href": {}}]},
        {"inputs": {"a": {"schema": {"type": {"$ref": 5}, "oneOf": 7}}}, "outputs": {"o": {"schema": {"type": 1}}}},
        {"id": "echo", "version": "1", "status": "running", "jobID": "../..", "type": "process"},
    ],
    ids=repr,
)
async def test_no_document_stops_a_run(value: Any) -> None:
    report = await judged(lambda request: document(request, value), timeout=0.5)  # there is a job that never ends
    assert len(report.results) == 83
    assert not [one for one in report.results if "not of the standard's shape" in one.message]


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b'{"title": "\x1b[31m"', b"<html>"], ids=lambda body: body[:9]
)
async def test_no_body_stops_a_run(body: bytes) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return (
            httpx.Response(200, json=LISTS)
            if request.url.path == "/api/processes"
            else httpx.Response(200, content=body)
        )

    assert len((await judged(answer)).results) == 83


async def test_what_the_server_says_is_shown_without_control_characters() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/processes":
            return httpx.Response(200, json=LISTS)
        return httpx.Response(500, json={"type": "a", "detail": "\x1b]0;owned\x07 line\r\nbreak"})

    report = await judged(answer)
    told = [one.message for one in report.results] + [one.evidence.excerpt for one in report.results if one.evidence]
    assert any("owned" in text for text in told)
    assert all(text.isprintable() for text in told)


async def test_headers_of_the_user_go_to_the_server_alone() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == "/api/conformance":
            return httpx.Response(302, headers={"location": "http://b.test/conformance"})
        links = [{"rel": rel, "href": "http://b.test/openapi"} for rel in ("service-desc", "service-doc")]
        return document(request, {"links": links})

    report = await judged(answer, headers={"Authorization": "Bearer secret"})
    assert {request.url.host for request in asked} == {"a.test"}
    assert all(request.headers["authorization"] == "Bearer secret" for request in asked)
    verdicts = {one.id: one for one in report.results}
    assert verdicts["/conf/core/api-definition-op"].verdict is Verdict.NOT_APPLICABLE
    assert "another origin" in verdicts["/conf/core/conformance-op"].message


async def test_an_answer_without_end_is_cut_off() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/processes":
            return httpx.Response(200, json=LISTS)
        return httpx.Response(200, content=b"x" * 20_000_001)

    report = await judged(answer)
    (landing,) = [one for one in report.results if one.id == "/conf/core/landingpage-op"]
    assert "larger than 20000000 bytes" in landing.message


async def test_a_connection_that_breaks_at_every_execution_is_a_failure() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.RemoteProtocolError("gone", request=request)
        return document(request, {"id": "echo", "version": "1", "inputs": {}, "outputs": {}})

    report = await judged(answer)
    told = {one.id: one.message for one in report.results if one.verdict is Verdict.FAILED}
    assert told["/conf/core/process-execute-op"] == (
        "POST /api/processes/echo/execution was not answered: the connection broke before the answer came"
    )


@pytest.mark.parametrize("url", ["a.test", "ftp://a.test/", "http://", "http://a:b:c/", "/path", ""])
async def test_what_is_no_url_of_a_server_cannot_be_judged(url: str) -> None:
    with pytest.raises(NotAServerError, match="no URL"):
        await validate(url)


async def test_a_server_of_something_else_cannot_be_judged() -> None:
    with pytest.raises(NotAServerError, match="no server of OGC API – Processes"):
        await judged(lambda _: httpx.Response(200, json={"hello": "world"}))


async def test_a_server_that_is_not_there_cannot_be_judged() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(NotAServerError, match=r"GET /api/ was not answered: server 'http://a.test/api'"):
        await validate("http://a.test/api/", Options(timeout=30), transport=Answering(refuse))


async def test_a_server_that_is_silent_cannot_be_judged() -> None:
    with pytest.raises(NotAServerError, match=r"http://a.test/api does not answer within 0.2 s \(--timeout\)"):
        await validate("http://a.test/api/", Options(timeout=0.2), transport=Silent())


async def test_a_landing_page_without_its_slash_is_found() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/":
            return httpx.Response(404)
        return document(request, {"title": "found", "links": []})

    assert (await judged(answer)).title == "found"


async def test_jobs_that_never_end_are_not_waited_for_without_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        job = {"jobID": "1", "status": "running", "type": "process"}
        described = {"id": "echo", "version": "1", "inputs": {}, "outputs": {}}
        if request.method == "POST":
            return httpx.Response(201, json=job, headers={"location": "http://a.test/api/jobs/1"})
        return document(request, job if "/jobs/" in request.url.path else described)

    report = await validate("http://a.test/api", Options(timeout=0.2), transport=Answering(answer))
    (async_test,) = [one for one in report.results if one.id == "/conf/core/process-execute-success-async"]
    assert "did not end within 0.2 s" in async_test.message
    assert json.dumps([one.message for one in report.results])
