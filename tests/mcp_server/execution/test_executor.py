"""Executions, from the request to outputs under their URIs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from starlette.responses import JSONResponse

from mcp_server.errors import (
    InvalidReferenceError,
    ReferenceRefusedError,
    RemoteProblemError,
    ResultGoneError,
    ServerUnreachableError,
)
from mcp_server.execution.executor import Executor
from mcp_server.execution.request import ExecuteRequest
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.exchange import open_http
from mcp_server.ogc.models import OutputResult
from mcp_server.references import JobReference, KeptReference, ResultReference
from mcp_server.results.store import KeptResults
from tests.mcp_server.execution.jobs_site import POINT, JobsSite

pytestmark = pytest.mark.anyio


class Bench:
    """An executor on small servers, and what it told."""

    def __init__(self, home: Path, *sites: JobsSite, wait_seconds: float = 5, **limits: Any) -> None:
        self.kept = KeptResults(home)
        self.clients: Mapping[str, OgcClient] = {site.name: site.client() for site in sites}
        self.executor = Executor(self.clients, self.kept, wait_seconds=wait_seconds, **limits)
        self.site = sites[0]
        self.told: list[tuple[float | None, str | None]] = []

    async def run(self, value: Any = 1) -> Any:
        with anyio.fail_after(10):
            request = ExecuteRequest("p", {"value": value})
            return await self.executor.run(self.site.tool(), request, self.note)

    async def note(self, percent: float | None, message: str | None) -> None:
        self.told.append((percent, message))

    def sent(self) -> Any:
        return self.site.executions[-1]["inputs"]["value"]


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


async def test_the_reason_of_a_failure_on_pygeoapi_is_the_message(home: Path) -> None:
    site = JobsSite().speak_pygeoapi()
    site.status_after = {"status": "failed", "message": "InvalidParameterValue: the ground was uneven"}
    site.results = JSONResponse({"description": "job failed"}, 400)
    with pytest.raises(RemoteProblemError, match="the ground was uneven"):
        await Bench(home, site).run()


async def test_paths_of_faults_are_those_of_the_tool(home: Path) -> None:
    site = JobsSite()
    faults = [{"path": "$.inputs.with.dot[0].x", "message": "no"}, {"path": "$.inputs.value", "message": "no"}]
    site.refusal = JSONResponse({"detail": "two faults", "errors": faults}, 400)
    with pytest.raises(RemoteProblemError) as caught:
        await Bench(home, site).run()
    assert [problem.path for problem in caught.value.problems] == ["$.with_dot[0].x", "$.value"]


async def test_a_call_out_of_time_answers_with_its_job_and_finds_it_again(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site, wait_seconds=0.2)
    first = await bench.run()
    assert (first.status, first.job) == ("running", JobReference("remote", "j1"))
    assert (await bench.run()).job == first.job
    assert len(site.executions) == 1
    assert (await bench.run(value=2)).job == JobReference("remote", "j2")
    site.polls = 0
    again = await bench.run()
    assert (again.status, again.job) == ("successful", JobReference("remote", "j3")), "an ended job is not its call's"


async def test_a_remembered_job_that_is_gone_is_not_waited_for(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site, wait_seconds=0.2)
    first = await bench.run()
    await bench.executor.dismiss(first.job)
    site.polls = 0
    site.jobs["other"] = 0
    assert (await bench.run()).job != first.job


async def test_a_cancelled_call_dismisses_its_job(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site)
    with anyio.move_on_after(0.3) as scope:
        await bench.run()
    assert scope.cancelled_caught
    assert site.dismissed == ["j1"]


async def test_a_call_cancelled_while_it_is_sent_dismisses_the_job_it_became(home: Path) -> None:
    site = JobsSite()
    site.hold = anyio.Event()
    bench = Bench(home, site)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(bench.run)
            while not site.executions:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
            site.hold.set()
    assert site.dismissed == ["j1"]


async def test_a_cancelled_call_to_our_backend_is_dropped_at_once(home: Path) -> None:
    site = JobsSite().speak_our_dialect()
    site.hold = anyio.Event()
    with anyio.fail_after(2), anyio.move_on_after(0.2):
        await Bench(home, site).run()
    assert site.executions
    assert site.dismissed == [], "that backend dismisses what nobody waits for"


async def test_a_cancelled_wait_for_a_job_leaves_the_job_alone(home: Path) -> None:
    site = JobsSite()
    site.polls, site.jobs["j1"] = 1000, 0
    bench = Bench(home, site)
    with anyio.move_on_after(0.2) as scope:
        await bench.executor.follow(JobReference("remote", "j1"), 60, bench.note)
    assert scope.cancelled_caught
    assert site.dismissed == []


async def test_a_job_dismissed_by_somebody_else_says_so(home: Path) -> None:
    site = JobsSite()
    site.status_after = {"status": "dismissed"}
    bench = Bench(home, site)
    with pytest.raises(ResultGoneError, match="dismissed by somebody else"):
        await bench.run()
    assert (await bench.executor.follow(JobReference("remote", "j1"), 1, bench.note)).status == "dismissed"


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

    async with open_http(Dying()) as http:
        client = OgcClient("remote", site.url, http, embedded=False, max_reply_bytes=2**20)
        executor = Executor({"remote": client}, bench.kept, wait_seconds=5)
        with pytest.raises(ServerUnreachableError, match="get_job, job=ogc://remote/jobs/j1"):
            await executor.run(site.tool(), ExecuteRequest("p", {}), bench.note)


async def test_an_own_result_is_sent_as_the_servers_own_link(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    await bench.run([ResultReference("remote", "j 7", "out")])
    assert bench.sent() == [{"href": "http://remote.test/jobs/j%207/results/out"}]


async def test_a_result_of_another_server_is_carried_as_its_value(home: Path) -> None:
    other = JobsSite("other").speak_our_dialect()
    other.single = {"out": POINT, "pixels": b"\x89PNG"}
    bench = Bench(home, JobsSite().speak_our_dialect(), other)
    await bench.run(ResultReference("other", "j1", "out"))
    assert bench.sent() == POINT
    await bench.run(ResultReference("other", "j1", "pixels"))
    assert bench.sent() == {"value": "iVBORw==", "mediaType": "image/png", "encoding": "base64"}


async def test_a_server_that_reads_no_links_is_sent_values(home: Path) -> None:
    site = JobsSite()
    site.jobs["j5"] = 0
    bench = Bench(home, site)
    await bench.run(ResultReference("remote", "j5", "out"))
    assert bench.sent() == {"value": POINT}, "the standard has objects qualified"
    plain = Bench(home, JobsSite("stock").speak_pygeoapi(), site)
    await plain.run(ResultReference("remote", "j5", "out"))
    assert plain.sent() == POINT


async def test_a_kept_result_is_carried_as_its_value(home: Path) -> None:
    bench = Bench(home, JobsSite().speak_our_dialect())
    output = OutputResult("out", "application/json", 3, None, {"a": [1]}, None)
    (reference,) = await bench.kept.keep("gone", "p", (output,))
    await bench.run({"features": [reference, reference]})
    assert bench.sent() == {"features": [{"a": [1]}, {"a": [1]}]}


async def test_a_value_too_large_to_carry_is_refused_before_anything_is_sent(home: Path) -> None:
    other = JobsSite("other").speak_our_dialect()
    other.single = {"out": list(range(1000))}
    bench = Bench(home, JobsSite(), other, max_carried_bytes=1000)
    with pytest.raises(ReferenceRefusedError, match="at most 1000 can be carried to server 'remote'"):
        await bench.run(ResultReference("other", "j1", "out"))
    assert bench.site.executions == []


async def test_a_reference_to_an_unknown_server_names_those_there_are(home: Path) -> None:
    bench = Bench(home, JobsSite())
    with pytest.raises(InvalidReferenceError, match=r"ogc://nowhere/jobs/j1/results/out .* there are: remote"):
        await bench.run(ResultReference("nowhere", "j1", "out"))


async def test_a_reference_to_a_lost_result_says_which(home: Path) -> None:
    bench = Bench(home, JobsSite(), JobsSite("other").speak_our_dialect())
    with pytest.raises(InvalidReferenceError, match="ogc://other/jobs/j1/results/out cannot be read"):
        await bench.run(ResultReference("other", "j1", "out"))


async def test_a_link_of_the_caller_is_passed_on_unread(home: Path) -> None:
    link = {"href": "http://169.254.169.254/secret", "type": "application/geo+json"}
    bench = Bench(home, JobsSite())
    await bench.run(link)
    assert bench.sent() == link


async def test_jobs_of_all_servers_come_newest_first(home: Path) -> None:
    first, second = JobsSite(), JobsSite("other")
    first.jobs, second.jobs = {"j1": 0, "j3": 0}, {"j2": 0}
    bench = Bench(home, first, second)
    assert [str(job.job) for job in await bench.executor.jobs(2)] == ["ogc://remote/jobs/j3", "ogc://other/jobs/j2"]
    assert [str(job.job) for job in await bench.executor.jobs(9, "other")] == ["ogc://other/jobs/j2"]
    with pytest.raises(InvalidReferenceError, match="no server 'x'; there are: other, remote"):
        await bench.executor.jobs(9, "x")


async def test_jobs_of_a_server_that_does_not_answer_hide_no_others(home: Path, free_tcp_port: int) -> None:
    site = JobsSite()
    site.jobs = {"j1": 0}
    bench = Bench(home, site)
    async with open_http() as http:
        url = f"http://127.0.0.1:{free_tcp_port}"
        down = OgcClient("down", url, http, embedded=False, max_reply_bytes=2**20)
        both = Executor({**bench.clients, "down": down}, bench.kept, wait_seconds=1)
        assert [str(job.job) for job in await both.jobs(9)] == ["ogc://remote/jobs/j1"]
        with pytest.raises(ServerUnreachableError):
            await Executor({"down": down}, bench.kept, wait_seconds=1).jobs(9)
