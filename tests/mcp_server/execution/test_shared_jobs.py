"""What one caller does to a job that another counts on, and equal calls made before the first is answered."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.responses import HTMLResponse, JSONResponse

from mcp_server.errors import InvalidServerReplyError, RemoteProblemError
from mcp_server.execution.under_way import UnderWay
from mcp_server.ogc.documents import status_info
from mcp_server.references import JobReference
from tests.mcp_server.execution.bench import Bench, Impatient, cancelled, until
from tests.mcp_server.execution.jobs_site import JobsSite

pytestmark = pytest.mark.anyio

FIRST = JobReference("remote", "j1")


async def test_a_job_answered_as_a_handle_outlives_the_cancellation_of_an_equal_call(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Impatient(home, site)
    soon = dict(bench.waits)
    assert await bench.job() == FIRST
    asked = site.jobs["j1"]
    await cancelled(bench.run, once=lambda: site.jobs["j1"] > asked)
    assert site.dismissed == []
    bench.waits.update(soon)
    assert (await bench.outlasted()).job == FIRST, "it is still the job of that call"


async def test_a_job_whose_results_were_answered_outlives_the_cancellation_of_an_equal_call(home: Path) -> None:
    site = JobsSite()
    site.polls = 2
    bench = Bench(home, site)
    told = anyio.Event()

    async def told_slowly(percent: float | None, message: str | None) -> None:
        if percent == 100:
            told.set()
            await anyio.sleep_forever()

    answers: list[Any] = []

    async def run() -> None:
        answers.append(await bench.run())

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            group.start_soon(bench.run, 1, told_slowly)
            await until(lambda: answers and told.is_set())
            group.cancel_scope.cancel()
    assert [answer.status for answer in answers] == ["successful"]
    assert site.dismissed == []


async def test_a_job_that_an_error_told_to_ask_for_is_not_dismissed(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site)
    site.broken = HTMLResponse("<html>expired</html>")
    with pytest.raises(InvalidServerReplyError, match="get_job"):
        await bench.run()
    site.broken = None
    await cancelled(bench.run, once=lambda: site.jobs["j1"] > 0)
    assert site.dismissed == []


async def test_a_job_that_somebody_follows_outlives_the_cancellation_of_its_call(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site)
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            scope = anyio.CancelScope()
            gone = anyio.Event()

            async def run() -> None:
                with scope:
                    await bench.run()
                gone.set()

            group.start_soon(run)
            await until(lambda: bench.told)
            group.start_soon(bench.executor.follow, FIRST, 60, bench.note)
            asked = site.jobs["j1"]
            await until(lambda: site.jobs["j1"] > asked + 1)
            scope.cancel()
            await gone.wait()
            assert site.dismissed == []
            group.cancel_scope.cancel()


async def test_a_job_whose_status_cannot_be_read_any_more_does_not_block_its_call(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Impatient(home, site)
    assert await bench.job() == FIRST
    site.broken = HTMLResponse("<html>expired</html>")
    for _ in range(2):
        with pytest.raises(InvalidServerReplyError):
            await bench.run()
    assert len(site.executions) == 3, "each call started anew"


@pytest.mark.parametrize("ending", ["successful", "failed", "dismissed"])
async def test_a_job_that_was_seen_to_end_is_not_asked_for_again(home: Path, ending: str) -> None:
    site = JobsSite()
    site.status_after = {"status": ending, "message": "so it ended"}
    bench = Bench(home, site)
    for _ in range(2):
        if ending == "successful":
            await bench.run()
        else:
            with pytest.raises(RemoteProblemError):
                await bench.run()
    assert site.jobs == {"j1": 1, "j2": 1}, "each job was asked for by the call that started it alone"


async def test_a_job_that_was_followed_to_its_end_is_not_asked_for_again(home: Path) -> None:
    site = JobsSite()
    site.polls = 1000
    bench = Bench(home, site, wait_seconds=0.1)
    await bench.run()
    site.polls = 0
    await bench.executor.follow(FIRST, 30, bench.note)
    asked = site.jobs["j1"]
    await bench.run()
    assert site.jobs["j1"] == asked


async def test_equal_calls_made_before_the_first_is_answered_share_its_job(home: Path) -> None:
    site = JobsSite()
    released = site.answering_only_once()
    bench = Bench(home, site)
    ended: list[JobReference] = []

    async def run() -> None:
        ended.append((await bench.run()).job)

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(run)
            await until(lambda: site.executions)
            await anyio.wait_all_tasks_blocked()
            released.set()
    assert ended == [FIRST] * 3
    assert len(site.executions) == 1


async def test_equal_calls_to_a_server_without_jobs_share_its_answer(home: Path) -> None:
    site = JobsSite(modes=("sync-execute",))
    released = site.answering_only_once()
    bench = Bench(home, site)
    answers: list[Any] = []

    async def run() -> None:
        answers.append(await bench.run())

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            group.start_soon(run)
            await until(lambda: site.executions)
            await anyio.wait_all_tasks_blocked()
            released.set()
    assert answers[0].outputs[0].uri == answers[1].outputs[0].uri
    await bench.run()
    assert len(site.executions) == 2, "what has ended is executed again"


async def test_equal_calls_made_before_a_refusal_are_told_of_it(home: Path) -> None:
    site = JobsSite()
    released = site.answering_only_once()
    bench = Bench(home, site)
    refused: list[str] = []

    async def run() -> None:
        try:
            await bench.run()
        except RemoteProblemError as error:
            refused.append(str(error))

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            group.start_soon(run)
            await until(lambda: site.executions)
            await anyio.wait_all_tasks_blocked()
            site.refusal = JSONResponse({"title": "Full"}, 503)
            released.set()
    assert len(refused) == 2
    assert len(site.executions) == 1


@pytest.mark.parametrize("ours", [False, True])
async def test_when_the_submitting_call_is_cancelled_an_equal_one_gets_a_job_all_the_same(
    home: Path, *, ours: bool
) -> None:
    site = JobsSite().speak_our_dialect() if ours else JobsSite()
    released = site.answering_only_once()
    bench = Bench(home, site)
    scope = anyio.CancelScope()
    ended: list[JobReference] = []

    async def first() -> None:
        with scope:
            await bench.run()

    async def run() -> None:
        ended.append((await bench.run()).job)

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(first)
            await until(lambda: site.executions)
            group.start_soon(run)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
            await anyio.wait_all_tasks_blocked()
            released.set()
    assert ended == [FIRST]
    assert site.dismissed == []
    assert len(site.executions) == 1, "the answer is taken, whoever asked for it"


async def test_calls_cancelled_while_the_first_is_sent_leave_no_job(home: Path) -> None:
    site = JobsSite()
    released = site.answering_only_once()
    bench = Bench(home, site)
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(bench.run)
            await until(lambda: site.executions)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
            released.set()
    assert site.dismissed == ["j1"]
    assert len(site.executions) == 1


async def test_of_many_executions_those_that_are_waited_for_are_kept() -> None:
    under_way = UnderWay(most=2)

    def accepted(number: int) -> None:
        run = under_way.begin(f"call {number}")
        run.accepted("remote", status_info({"jobID": f"j{number}", "status": "running"}))
        under_way.answered(run)

    accepted(1)
    first = under_way.of_call("call 1")
    assert first is not None
    with first.awaited():
        for number in range(2, 5):
            accepted(number)
    assert [number for number in range(1, 5) if under_way.of_call(f"call {number}")] == [1, 4]
    assert under_way.of_job(FIRST) is first
