"""Executions, from the request to outputs under their URIs."""

from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from mcp_server.errors import BridgeError, RemoteProblemError, ResultGoneError, ServerUnreachableError
from mcp_server.execution.executor import Executor
from mcp_server.execution.request import ExecuteRequest
from mcp_server.ogc.client import OgcClient
from mcp_server.references import JobReference, KeptReference, ResultReference
from tests.mcp_server.execution.bench import Bench, LooseTasks
from tests.mcp_server.execution.jobs_site import POINT, JobsSite

pytestmark = pytest.mark.anyio


async def test_a_process_that_can_be_a_job_is_run_as_one(home: Path) -> None:
    bench = Bench(home, JobsSite())
    execution = await bench.run()
    assert bench.site.preferences == ["respond-async"]
    assert (execution.status, execution.job) == ("successful", JobReference("remote", "j1"))
    (out,) = execution.outputs
    assert out.uri == ResultReference("remote", "j1", "out")
    assert out.output.value == POINT
    assert out.output.summary["kind"] == "Geometry"


async def test_a_process_that_cannot_is_run_synchronously_and_its_result_kept(home: Path) -> None:
    bench = Bench(home, JobsSite(modes=("sync-execute",)))
    execution = await bench.run()
    assert bench.site.preferences == [None]
    assert execution.job is None
    (out,) = execution.outputs
    assert isinstance(out.uri, KeptReference)
    assert (await bench.executor.read(out.uri, None, None)).value == POINT


async def test_our_own_backend_is_asked_to_wait_a_second_and_be_brief(home: Path) -> None:
    site = JobsSite().speak_our_dialect()
    bench = Bench(home, site)
    await bench.run()
    assert site.preferences == ["respond-async, wait=1, return=minimal"]
    assert site.executions == [{"inputs": {"value": 1}, "response": "document"}]


async def test_results_that_come_at_once_from_a_kept_job_are_named_by_it(home: Path) -> None:
    site = JobsSite(modes=("sync-execute",)).speak_our_dialect()
    link = {"href": f"{site.url}/jobs/j9/results/out", "type": "text/plain", "length": 3, "summary": {"kind": "text"}}
    site.results = {"out": link}
    execution = await Bench(home, site).run()
    assert execution.job == JobReference("remote", "j9")
    assert execution.outputs[0].uri == ResultReference("remote", "j9", "out")
    assert execution.outputs[0].output.summary == {"kind": "text"}


async def test_progress_never_falls_and_is_not_repeated(home: Path) -> None:
    site = JobsSite()
    site.polls = 3
    site.status_after = {"status": "successful", "progress": 5}
    bench = Bench(home, site)
    await bench.run()
    percents = [percent for percent, _ in bench.told]
    assert percents == sorted(percents)
    assert len(set(bench.told)) == len(bench.told)
    assert (20, "on") in bench.told


async def test_the_reason_of_a_failure_is_the_problem_in_place_of_the_results(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "failed", "message": "see results"}
    site.results = JSONResponse({"detail": "the polygon crosses itself"}, 400)
    with pytest.raises(RemoteProblemError, match="crosses itself") as caught:
        await Bench(home, site).run()
    assert caught.value.status == 400


async def test_the_reason_of_a_failure_without_anything_in_place_of_the_results_is_the_message(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "failed", "message": "the polygon crosses itself"}
    site.results = JSONResponse({"title": "no results"}, 404)
    with pytest.raises(RemoteProblemError, match="crosses itself"):
        await Bench(home, site).run()


@pytest.mark.parametrize(
    "instead",
    [
        Response(status_code=503, headers={"Retry-After": "3600"}),
        JSONResponse({"title": "Who are you?"}, 401),
        JSONResponse({"detail": "Method Not Allowed"}, 405),
        JSONResponse({"title": "Slow down"}, 429, {"Retry-After": "60"}),
        Response(status_code=500),
    ],
    ids=lambda instead: str(instead.status_code),
)
async def test_what_keeps_results_from_being_read_does_not_hide_why_a_job_failed(home: Path, instead: Response) -> None:
    site = JobsSite()
    site.status_after = {"status": "failed", "message": "the polygon crosses itself"}
    site.results = instead
    with pytest.raises(RemoteProblemError, match="crosses itself"):
        await Bench(home, site).run()


async def test_a_failure_whose_reason_cannot_be_read_now_is_told_as_a_failure(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "failed"}
    site.results = JSONResponse({"title": "Too busy"}, 503, {"Retry-After": "3600"})
    with pytest.raises(RemoteProblemError, match=r"ogc://remote/jobs/j1 failed; .* says: Too busy"):
        await Bench(home, site).run()


async def test_the_reason_of_a_failure_on_our_own_backend_is_the_problem_whatever_its_status(home: Path) -> None:
    site = JobsSite().speak_our_dialect()
    site.status_after = {"status": "failed", "message": "see results"}
    site.results = JSONResponse({"detail": "there is no layer roads"}, 404)
    with pytest.raises(RemoteProblemError, match="no layer roads") as caught:
        await Bench(home, site).run()
    assert caught.value.status == 404


async def test_a_failure_without_any_reason_is_told_as_that_of_its_job(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "failed"}
    site.results = Response(status_code=404)
    with pytest.raises(RemoteProblemError, match=r"ogc://remote/jobs/j1 failed; .* says: HTTP status 404"):
        await Bench(home, site).run()


async def test_the_reason_of_a_failure_may_be_the_exception_in_the_status(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "failed", "exception": {"type": "about:blank", "detail": "out of memory"}}
    site.results = JSONResponse({"title": "no results"}, 404)
    with pytest.raises(RemoteProblemError, match="out of memory"):
        await Bench(home, site).run()


async def test_the_reason_of_a_failure_on_pygeoapi_is_the_message(home: Path) -> None:
    site = JobsSite().speak_pygeoapi()
    site.status_after = {"status": "failed", "message": "InvalidParameterValue: the ground was uneven"}
    site.results = JSONResponse({"description": "job failed"}, 400)
    with pytest.raises(RemoteProblemError, match="the ground was uneven"):
        await Bench(home, site).run()


def _write(file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text("in the way", encoding="utf-8")


async def test_results_that_cannot_be_kept_are_told_as_such(home: Path) -> None:
    _write(home / "bridge-results")
    with pytest.raises(BridgeError, match="p has run, but its results cannot be kept by this bridge: "):
        await Bench(home, JobsSite(modes=("sync-execute",))).run()


async def test_paths_of_faults_are_those_of_the_tool(home: Path) -> None:
    site = JobsSite()
    faults = [{"path": "$.inputs.with.dot[0].x", "message": "no"}, {"path": "$.inputs.value", "message": "no"}]
    site.refusal = JSONResponse({"detail": "two faults", "errors": faults}, 400)
    with pytest.raises(RemoteProblemError) as caught:
        await Bench(home, site).run()
    assert [problem.path for problem in caught.value.problems] == ["$.with_dot[0].x", "$.value"]


async def test_a_job_dismissed_while_its_call_waits_says_so(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "dismissed"}
    bench = Bench(home, site)
    with pytest.raises(ResultGoneError, match="was dismissed before it ended"):
        await bench.run()
    assert (await bench.executor.follow(JobReference("remote", "j1"), 1, bench.note)).status == "dismissed"


async def test_a_job_that_is_gone_is_named_with_its_servers_words_and_what_to_do(home: Path) -> None:
    site = JobsSite()
    site.results = JSONResponse({"detail": "The results have expired."}, 410)
    with pytest.raises(
        ResultGoneError, match=r"ogc://remote/jobs/j1 is gone: The results have expired\. Call the tool"
    ):
        await Bench(home, site).run()


async def test_a_server_lost_while_a_job_runs_leaves_the_handle(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site)
    app = site.app

    class Dying(httpx.AsyncBaseTransport):
        inner = httpx.ASGITransport(app)

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/jobs/j1":
                raise httpx.ConnectError("refused")
            return await self.inner.handle_async_request(request)

    async with Dying() as http:
        client = OgcClient("remote", site.url, http, embedded=False, max_reply_bytes=2**20)
        executor = Executor({"remote": client}, bench.kept, bench.records, LooseTasks(), wait_seconds=5)
        with pytest.raises(ServerUnreachableError, match="get_job, job=ogc://remote/jobs/j1"):
            await executor.run(site.tool(), ExecuteRequest("p", {}), bench.note)


async def test_a_server_that_fails_while_its_job_runs_is_told_in_its_words_and_the_job_is_named(home: Path) -> None:
    site = JobsSite()
    site.polls = 99
    site.broken = JSONResponse({"detail": "The database sleeps."}, 500)
    bench = Bench(home, site)
    with pytest.raises(RemoteProblemError) as raised:
        await bench.run()
    assert str(raised.value) == (
        "The database sleeps. The job may still run: ask with get_job, job=ogc://remote/jobs/j1"
    )
    assert raised.value.status == 500
