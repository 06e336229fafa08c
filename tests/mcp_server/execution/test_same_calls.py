"""The same call again, and calls that are cancelled."""

from functools import partial
from pathlib import Path

import anyio
import pytest

from mcp_server.references import JobReference
from tests.mcp_server.execution.bench import Bench, Impatient, cancelled, until
from tests.mcp_server.execution.jobs_site import JobsSite

pytestmark = pytest.mark.anyio


async def test_a_call_out_of_time_answers_with_its_job_and_finds_it_again(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Impatient(home, site)
    first = await bench.outlasted()
    assert first.status in ("accepted", "running")
    assert first.job == JobReference("remote", "j1")
    assert (await bench.outlasted()).job == first.job
    assert len(site.executions) == 1
    assert (await bench.outlasted(value=2)).job == JobReference("remote", "j2")
    site.polls = 0
    bench.waits.clear()
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
    await cancelled(Bench(home, site).run, once=lambda: site.jobs.get("j1"))
    assert site.dismissed == ["j1"]


async def test_a_call_cancelled_while_it_is_sent_dismisses_the_job_it_became(home: Path) -> None:
    site = JobsSite()
    site.hold = anyio.Event()
    bench = Bench(home, site)
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(bench.run)
            await until(lambda: site.executions)
            group.cancel_scope.cancel()
            site.hold.set()
    assert site.dismissed == ["j1"]


async def test_a_cancelled_call_to_our_backend_is_dropped_at_once(home: Path) -> None:
    site = JobsSite().speak_our_dialect()
    site.hold = anyio.Event()
    await cancelled(Bench(home, site).run, once=lambda: site.executions)
    assert site.dismissed == [], "that backend dismisses what nobody waits for"


async def test_a_cancelled_wait_for_a_job_leaves_the_job_alone(home: Path) -> None:
    site = JobsSite()
    site.polls, site.jobs["j1"] = 1000, 0
    bench = Bench(home, site)
    follow = partial(bench.executor.follow, JobReference("remote", "j1"), 60, bench.note)
    await cancelled(follow, once=lambda: site.jobs["j1"] > 1)
    assert site.dismissed == []


async def test_the_same_call_made_while_the_first_waits_joins_its_job(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site)
    ended: list[JobReference] = []

    async def run() -> None:
        ended.append((await bench.run()).job)

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            await bench.until_told(1)
            group.start_soon(run)
            await bench.until_told(2)
            site.polls = 0
    assert ended == [JobReference("remote", "j1")] * 2
    assert len(site.executions) == 1
    assert (await bench.run()).job == JobReference("remote", "j2"), "an ended job is not its call's"


async def test_the_same_call_gets_the_results_of_a_job_that_has_ended_though_the_first_still_waits(home: Path) -> None:
    site = JobsSite()
    asked_again = anyio.Event()

    async def pause(_: float) -> None:
        await asked_again.wait()

    bench = Bench(home, site, pause=pause)
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(bench.run)
            await bench.until_told(1)
            second = await bench.run()
            assert (second.status, second.job) == ("successful", JobReference("remote", "j1"))
            asked_again.set()
    assert len(site.executions) == 1


async def test_a_cancelled_call_leaves_the_job_to_the_same_call_that_still_waits(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site)
    scopes = [anyio.CancelScope(), anyio.CancelScope()]

    async def run(scope: anyio.CancelScope) -> None:
        with scope:
            await bench.run()

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            for number, scope in enumerate(scopes):
                group.start_soon(run, scope)
                await bench.until_told(number + 1)
            scopes[0].cancel()
            before = site.jobs["j1"]
            await until(lambda: site.jobs["j1"] >= before + 3)
            assert site.dismissed == []
            scopes[1].cancel()
    assert site.dismissed == ["j1"], "nobody waits for it any more"
    assert len(site.executions) == 1


async def test_calls_cancelled_together_dismiss_their_job_once(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site)
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(bench.run)
                await bench.until_told(number + 1)
            group.cancel_scope.cancel()
    assert site.dismissed == ["j1"]
