"""Calls that are cancelled while a server without jobs works for them."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_server.execution import sharing
from tests.mcp_server.execution.bench import Bench, Impatient, cancelled, until
from tests.mcp_server.execution.jobs_site import JobsSite, site_without_jobs

pytestmark = pytest.mark.anyio


async def test_results_go_to_the_second_of_two_equal_calls_when_the_first_was_cancelled(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Bench(home, site)
    answers: list[Any] = []
    scope = anyio.CancelScope()

    async def first() -> None:
        with scope:
            await bench.run()

    async def second() -> None:
        answers.append(await bench.run())

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(first)
            await until(lambda: site.executions)
            group.start_soon(second)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
            await anyio.wait_all_tasks_blocked()
            released.set()
    assert [answer.status for answer in answers] == ["successful"]
    assert len(site.executions) == 1


async def test_the_connection_of_the_only_caller_is_cut_when_it_has_cancelled(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_GRACE_SECONDS", 0.05)
    site, _ = site_without_jobs()
    bench = Bench(home, site)
    await cancelled(bench.run, once=lambda: site.executions)
    with anyio.fail_after(40):
        await until(lambda: site.cut == 1)
    assert (await bench.executor.jobs(9)).jobs == ()


async def test_a_cancelled_call_that_was_not_sent_yet_waits_for_no_answer(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_GRACE_SECONDS", 50)
    site, _ = site_without_jobs()
    bench = Bench(home, site, most_at_once=1)
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(bench.run, 1)
            await until(lambda: site.executions)
            async with anyio.create_task_group() as second:
                second.start_soon(bench.run, 2)
                await anyio.wait_all_tasks_blocked()
                second.cancel_scope.cancel()
            # The first one is sent: it would be waited for.
            monkeypatch.setattr(sharing, "_GRACE_SECONDS", 0.05)
            group.cancel_scope.cancel()
    assert len(site.executions) == 1


async def test_a_cancelled_call_waits_for_no_answer_of_a_server_that_dismisses_abandoned_executions_itself(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_GRACE_SECONDS", 50)
    site = JobsSite().speak_our_dialect()
    site.answering_only_once()
    bench = Bench(home, site)
    await cancelled(bench.run, once=lambda: site.executions)
    with anyio.fail_after(40):
        await until(lambda: site.cut == 1)


async def test_an_equal_call_made_after_the_only_caller_cancelled_still_gets_the_results(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Bench(home, site)
    scope = anyio.CancelScope()
    answers: list[Any] = []

    async def first() -> None:
        with scope:
            await bench.run()

    async def second() -> None:
        answers.append(await bench.run())

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(first)
            await until(lambda: site.executions)
            scope.cancel()
            await anyio.wait_all_tasks_blocked()
            group.start_soon(second)
            await anyio.wait_all_tasks_blocked()
            released.set()
    assert [answer.status for answer in answers] == ["successful"]
    assert (len(site.executions), site.cut) == (1, 0)


async def test_an_equal_call_that_still_waits_when_the_grace_is_over_is_not_cut_off(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_GRACE_SECONDS", 0.1)
    site, released = site_without_jobs()
    bench = Bench(home, site)
    scope = anyio.CancelScope()
    gone = anyio.Event()

    async def first() -> None:
        with scope:
            await bench.run()
        gone.set()

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(first)
            await until(lambda: site.executions)
            scope.cancel()
            group.start_soon(bench.run)
            await gone.wait()
            await anyio.wait_all_tasks_blocked()
            assert site.cut == 0
            released.set()
    assert len(site.executions) == 1


async def test_a_job_of_the_bridge_outlives_the_cancellation_of_an_equal_call(home: Path) -> None:
    site, released = site_without_jobs()
    bench = Impatient(home, site)
    job = await bench.job()
    with anyio.move_on_after(0.05) as scope:
        await bench.run()
    assert scope.cancelled_caught
    assert site.cut == 0
    released.set()
    with anyio.fail_after(40):
        assert (await bench.executor.follow(job, 30, bench.note)).status == "successful"
