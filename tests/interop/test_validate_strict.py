"""What does not keep the standard is told, where a mild reading would pass it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_server.errors import ConfigurationError
from mcp_server.validate import ConformanceClass, Verdict
from mcp_server.validate.declared import declared_classes
from tests.interop.broken_documents import CLASSES
from tests.interop.broken_server import create
from tests.interop.verdicts import judged, messages

pytestmark = pytest.mark.anyio

BASE = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/"


def but(chosen: Callable[[str, str], bool], answer: Response) -> ASGIApp:
    """The server that keeps the standard, but for requests that are chosen by path and `Accept`."""
    app = create()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        other = scope["method"] == "GET" and chosen(scope["path"], Headers(scope=scope).get("accept", ""))
        await (answer if other else app)(scope, receive, send)

    return serve


def of_path(pattern: str, kind: str) -> Callable[[str, str], bool]:
    """Requests for a path, or all that begin as it does where it ends with `*`, in one encoding."""

    def chosen(path: str, accept: str) -> bool:
        fits = path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
        return fits and (kind == "html") == ("text/html" in accept)

    return chosen


STATUS = {"jobID": "job 1", "processID": "echo", "type": "process", "status": "successful"}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", Response("<html/>", 500, media_type="text/html")),
        ("/", JSONResponse({}, 500)),
        ("/conformance", JSONResponse({"conformsTo": [BASE + "conf/json"]}, media_type="text/plain")),
        ("/jobs", JSONResponse({"jobs": [], "links": []}, media_type="text/plain")),
        ("/jobs", JSONResponse({}, 406)),
        ("/jobs/job*", JSONResponse(STATUS, media_type="text/plain")),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.status_code} {value.media_type}",
)
async def test_what_does_not_come_as_json_fails_the_definition_of_json(path: str, answer: Response) -> None:
    report = await judged(but(of_path(path, "json"), answer), classes=(ConformanceClass.JSON,))
    assert messages(report, Verdict.FAILED).keys() == {"json/definition"}


async def test_results_are_to_come_as_json() -> None:
    def results(path: str, _: str) -> bool:
        return path.endswith("/results")

    report = await judged(but(results, Response("{}", media_type="text/plain")), classes=(ConformanceClass.JSON,))
    assert "/results has the media type 'text/plain'" in messages(report, Verdict.FAILED)["json/definition"]


@pytest.mark.parametrize("path", ["/", "/conformance", "/processes", "/processes/echo", "/jobs", "/jobs/job*"])
@pytest.mark.parametrize("status", [500, 406])
async def test_what_does_not_come_as_html_fails_the_definition_of_html(path: str, status: int) -> None:
    report = await judged(but(of_path(path, "html"), Response("no", status)), classes=(ConformanceClass.HTML,))
    assert f"answered {status}" in messages(report, Verdict.FAILED)["html/definition"]


@pytest.mark.parametrize(
    "core", [BASE + "req/core", "https" + BASE.removeprefix("http") + "conf/core", BASE + "conf/core/"], ids=str
)
async def test_a_class_is_declared_by_its_identifier(core: str) -> None:
    named = [BASE + "conf/" + name for name in CLASSES if name != "core"]
    answer = JSONResponse({"conformsTo": [core, *named]})
    report = await judged(but(of_path("/conformance", "json"), answer))
    assert messages(report, Verdict.FAILED).keys() == {"core/conformance-success"}
    assert set(report.declared) == set(ConformanceClass)


def test_what_is_meant_by_a_declaration_is_tested() -> None:
    assert declared_classes({"conformsTo": [BASE + "req/dismiss"]}) == (ConformanceClass.DISMISS,)


async def test_nothing_has_passed_where_nothing_was_judged() -> None:
    answer = JSONResponse({"conformsTo": [BASE + "conf/core"]})
    report = await judged(but(of_path("/conformance", "json"), answer), classes=(ConformanceClass.DISMISS,))
    assert report.counts() == {Verdict.NOT_APPLICABLE: 2}
    assert (report.passed, report.judged) == (False, False)


@pytest.mark.parametrize("more", [{}, {"inputs": {"text": "a"}}], ids=str)
async def test_a_process_that_there_is_not_is_a_wrong_option(more: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"--process ecoh: .* no such process; it has echo, linger, stumble"):
        await judged(create(), process="ecoh", **more)


async def test_a_process_that_the_first_page_of_the_list_lacks_may_be_named() -> None:
    page = JSONResponse({"processes": [{"id": "stumble", "version": "1"}], "links": []})
    report = await judged(but(of_path("/processes", "json"), page), process="echo", classes=(ConformanceClass.CORE,))
    assert "core/process-execute-op" in messages(report, Verdict.PASSED)
