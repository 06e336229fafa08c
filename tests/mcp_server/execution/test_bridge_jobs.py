"""Executions that outlast their call on a server that makes no jobs of them."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.responses import HTMLResponse, JSONResponse

from mcp_server.errors import BridgeError, OutcomeUnknownError, RemoteProblemError, ResultGoneError
from mcp_server.execution import submission
from mcp_server.execution.bridge_jobs import BridgeJobs
from mcp_server.execution.calls import Call
from mcp_server.execution.endings import Endings
from mcp_server.execution.inputs import InputResolver
from mcp_server.execution.job_records import JobRecords, new_record
from mcp_server.execution.kept_values import KeptValues
from mcp_server.execution.owners import Owner
from mcp_server.execution.progress import Teller
from mcp_server.execution.records import Execution, tell_nobody
from mcp_server.execution.request import ExecuteRequest
from mcp_server.execution.submission import Submitter
from mcp_server.execution.under_way import Run
from mcp_server.references import JobReference, KeptReference
from mcp_server.results.store import KeptResults
from tests.mcp_server.execution.bench import Bench, Impatient, LooseTasks, cancelled, until
from tests.mcp_server.execution.jobs_site import POINT, JobsSite, site_without_jobs

pytestmark = pytest.mark.anyio


async def followed(bench: Bench, job: JobReference, wait: float = 30) -> Execution:
    with anyio.fail_after(40):
        return await bench.executor.follow(job, wait, bench.note)


async def test_a_call_out_of_time_is_answered_with_a_job_of_the_bridge_that_yields_the_outputs(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Impatient(home, site)
    first = await bench.outlasted()
    assert first.status == "running"
    assert first.job is not None
    assert first.job.is_of_bridge
    assert "makes no job of it" in (first.message or "")
    assert (await followed(bench, first.job, 0.05)).status == "running"
    released.set()
    ended = await followed(bench, first.job)
    assert (ended.status, ended.process_id, ended.job) == ("successful", "p", first.job)
    (out,) = ended.outputs
    assert isinstance(out.uri, KeptReference)
    assert out.output.value == POINT
    assert (await bench.executor.read(out.uri, None, None)).value == POINT
    assert len(site.executions) == 1


async def test_it_is_listed_while_it_runs_and_when_it_has_ended(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Impatient(home, site)
    job = await bench.job()
    for status in ("running", "successful"):
        (listed,) = (await bench.executor.jobs(9)).jobs
        assert (listed.job, listed.status, listed.process_id) == (job, status, "p")
        assert (await bench.executor.jobs(9, "bridge")).jobs == (listed,) or status == "running"
        released.set()
        await followed(bench, job)


async def test_an_equal_call_joins_it_until_it_has_ended(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Impatient(home, site)
    assert (await bench.outlasted()).job == (await bench.outlasted()).job
    assert (await bench.outlasted(value=2)).job != (await bench.outlasted()).job
    assert len(site.executions) == 2
    job = await bench.job()
    answers: list[Any] = []

    async def run() -> None:
        answers.append(await bench.run())

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await anyio.wait_all_tasks_blocked()
        released.set()
    (out,) = answers[0].outputs
    assert out.uri == (await followed(bench, job)).outputs[0].uri
    await bench.run()
    assert len(site.executions) == 3, "what has ended is executed again"


async def test_dismissing_it_cuts_the_connection_and_says_that_the_server_may_go_on(home: Path) -> None:
    site, _ = site_without_jobs()
    bench = Impatient(home, site)
    job = await bench.job()
    caught: list[str] = []

    async def run() -> None:
        try:
            await bench.run()
        except ResultGoneError as error:
            caught.append(str(error))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await anyio.wait_all_tasks_blocked()
        dismissed = await bench.executor.dismiss(job)
    assert dismissed.status == "dismissed"
    assert "may go on" in (dismissed.message or "")
    assert site.cut == 1
    assert len(caught) == 1
    assert "dismissed before it ended" in caught[0]
    assert (await followed(bench, job)).status == "dismissed"
    assert (await bench.executor.dismiss(job)).status == "dismissed", "a second time changes nothing"


async def test_dismissing_one_that_has_ended_deletes_its_results(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Impatient(home, site)
    job = await bench.job()
    released.set()
    (out,) = (await followed(bench, job)).outputs
    assert (await bench.executor.dismiss(job)).status == "dismissed"
    with pytest.raises(ResultGoneError):
        await bench.executor.read(out.uri, None, None)
    assert (await followed(bench, job)).outputs == ()


async def test_the_reason_of_its_failure_is_told_in_the_callers_terms(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Impatient(home, site)
    job = await bench.job()
    faults = [{"path": "$.inputs.with.dot[0].x", "message": "crosses itself"}]
    site.refusal = JSONResponse({"detail": "one fault", "errors": faults}, 400)
    released.set()
    with pytest.raises(RemoteProblemError, match=r"one fault; \$\.with_dot\[0\]\.x: crosses itself"):
        await followed(bench, job)
    assert [listed.status for listed in (await bench.executor.jobs(9)).jobs] == ["failed"]


async def test_an_answer_that_is_none_is_the_reason_of_its_failure(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Impatient(home, site)
    job = await bench.job()
    site.refusal = HTMLResponse("<html>down</html>", 500)
    released.set()
    with pytest.raises(RemoteProblemError, match="HTML page"):
        await followed(bench, job)


async def test_how_it_stands_is_told_without_waiting_by_whoever_knows_it(home: Path) -> None:
    site, released = site_without_jobs()
    site.always_jobs = True
    bench = Impatient(home, site)
    job = await bench.job()
    server, status = await bench.executor.standing(job)
    assert (server, status.job_id, status.status, status.process_id) == ("remote", job.job_id, "running", "p")
    released.set()
    await followed(bench, job)
    server, status = await bench.executor.standing(job)
    assert (server, status.job_id, status.status) == ("remote", "j1", "successful"), "by the job that its server named"


async def test_an_answer_that_never_comes_is_an_unknown_outcome(home: Path) -> None:
    site, _ = site_without_jobs()
    bench = Impatient(home, site, sync_waits={site.name: 0.2})
    job = await bench.job()
    with pytest.raises(OutcomeUnknownError, match="may have run"):
        await followed(bench, job)
    assert site.cut == 1


@pytest.mark.parametrize("ours", [False, True])
async def test_a_server_that_names_a_job_in_the_end_is_asked_for_that(home: Path, *, ours: bool) -> None:
    site, released = site_without_jobs()
    if ours:
        site.speak_our_dialect()
    site.always_jobs = True
    bench = Impatient(home, site)
    job = await bench.job()
    released.set()
    ended = await followed(bench, job)
    assert (ended.status, ended.job) == ("successful", JobReference("remote", "j1"))
    assert [listed.job for listed in (await bench.executor.jobs(9)).jobs] == [ended.job], "and listed once"
    assert (await bench.executor.dismiss(job)).job == ended.job
    assert site.dismissed == ["j1"]


async def test_a_server_that_keeps_the_results_as_a_job_is_asked_for_that(home: Path) -> None:
    site, released = site_without_jobs()
    site.speak_our_dialect()
    site.results = {"out": {"href": f"{site.url}/jobs/j9/results/out", "type": "text/plain", "length": 3}}
    site.jobs = {"j9": 0}
    bench = Impatient(home, site)
    job = await bench.job()
    released.set()
    ended = await followed(bench, job)
    assert (ended.status, ended.job) == ("successful", JobReference("remote", "j9"))


async def test_a_server_that_makes_jobs_is_given_the_time_to_name_one(home: Path) -> None:
    site = JobsSite()
    released = site.answering_only_once()
    bench = Impatient(home, site)
    answers: list[Any] = []

    async def run() -> None:
        answers.append(await bench.outlasted())

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            await until(lambda: site.executions)
            with anyio.move_on_after(0.2):
                await until(lambda: answers)
            released.set()
    assert answers[0].job == JobReference("remote", "j1")


async def test_no_more_are_sent_than_may_be_waited_for_at_once(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Impatient(home, site, most_at_once=1)
    job = (await bench.outlasted()).job
    assert job is not None
    with pytest.raises(BridgeError, match="nothing was sent"):
        await bench.outlasted(value=2)
    bench.waits.clear()
    assert len(site.executions) == 1
    released.set()
    assert (await followed(bench, job)).status == "successful"
    await anyio.wait_all_tasks_blocked()
    assert len(site.executions) == 1, "what is said not to be sent is not sent later"
    assert (await bench.run(value=2)).status == "successful"


async def test_what_may_be_sent_at_once_is_at_no_moment_one_of_too_many(home: Path) -> None:
    bench = Bench(home, JobsSite(modes=("sync-execute",)))
    client = bench.clients["remote"]
    resolver = InputResolver(bench.clients, KeptValues(bench.kept, bench.clients), max_bytes=1000)
    run = Run("call")

    async def ended(_: Run) -> None:
        run.answered.set()

    endings = Endings(bench.kept, anyio.sleep)
    submitter = Submitter(LooseTasks(), resolver, endings, on_end=ended, sync_seconds=60, sync_waits={}, most_at_once=1)
    deadline = anyio.current_time() + 40
    request = ExecuteRequest("p", {"value": 1})
    submitter.start(Call(client, bench.site.tool(), request, "call", deadline, Teller(bench.note)), run)
    with anyio.fail_after(40):
        while not run.answered.is_set():
            assert not run.queued
            await anyio.lowlevel.checkpoint()
    assert isinstance(run.outcome, Execution)


async def test_the_record_of_a_job_that_another_process_waits_for_is_read_again_after_each_pause(home: Path) -> None:
    records = JobRecords(home)
    record = new_record("remote", "p", seconds=60, owner=Owner.current())
    await records.write(record)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            await records.write(replace(record, status="failed", message="it broke"))

    jobs = BridgeJobs(records, KeptResults(home), pause)
    with anyio.fail_after(40):
        ended = await jobs.until_ended(record.reference, wait=30, teller=Teller(tell_nobody))
    assert ended.message == "it broke"
    assert pauses == [0.5, 0.5, 0.5]


async def test_its_progress_is_the_time_it_has_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "_SIGN_OF_LIFE_SECONDS", 0.05)
    site, _ = site_without_jobs()
    bench = Impatient(home, site)
    job = await bench.job()
    bench.told.clear()
    await cancelled(partial(followed, bench, job), once=lambda: len(bench.told) > 2)
    assert all(percent is None and "waiting for the server's answer" in (text or "") for percent, text in bench.told)


async def test_what_cannot_be_kept_as_a_job_is_given_up_and_said(tmp_path: Path) -> None:
    home = tmp_path / "file"
    home.write_text("no folder")
    site, _ = site_without_jobs()
    bench = Impatient(home, site)
    with pytest.raises(BridgeError, match="was given up"):
        await bench.outlasted()
    with anyio.fail_after(40):
        await until(lambda: site.cut == 1)
