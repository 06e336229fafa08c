"""Jobs of the bridge after a stop or a crash, and of several bridges that share a home."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from mcp_server.errors import InvalidReferenceError, OutcomeUnknownError
from mcp_server.references import JobReference, parse
from tests.conftest import ROOT
from tests.mcp_server.execution.bench import Bench
from tests.mcp_server.execution.jobs_site import POINT, JobsSite, site_without_jobs

pytestmark = pytest.mark.anyio


@contextmanager
def other_bridge(home: Path) -> Generator[subprocess.Popen[str]]:
    """Another process that runs a bridge on the same home."""
    command = [sys.executable, "-m", "tests.mcp_server.execution.bridge_process", str(home)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield process
        finally:
            process.kill()


async def job_told_by(process: subprocess.Popen[str]) -> JobReference:
    assert process.stdout is not None
    with anyio.fail_after(40):
        line = await anyio.to_thread.run_sync(process.stdout.readline, abandon_on_cancel=True)
    job = parse(line.strip())
    assert isinstance(job, JobReference)
    return job


async def statuses(bench: Bench) -> list[str]:
    return [listed.status for listed in (await bench.executor.jobs(9)).jobs]


async def test_a_job_of_a_bridge_that_crashed_has_an_unknown_outcome_of_which_who_waits_for_it_is_told(
    home: Path,
) -> None:
    bench = Bench(home, site_without_jobs()[0])
    caught: list[str] = []

    async def follow(job: JobReference) -> None:
        try:
            await bench.executor.follow(job, 30, bench.note)
        except OutcomeUnknownError as error:
            caught.append(str(error))

    with other_bridge(home) as process:
        job = await job_told_by(process)
        assert (await bench.executor.follow(job, 0, bench.note)).status == "running"
        assert await statuses(bench) == ["running"]
        with pytest.raises(InvalidReferenceError, match=rf"another bridge.*process {process.pid}"):
            await bench.executor.dismiss(job)
        told = len(bench.told)
        with anyio.fail_after(40):
            async with anyio.create_task_group() as group:
                group.start_soon(follow, job)
                await bench.until_told(told + 1)
                process.kill()
        assert len(caught) == 1
        with pytest.raises(OutcomeUnknownError, match=r"bridge stopped while server 'remote' was working.*may have"):
            await bench.executor.follow(job, 0, bench.note)
        assert await statuses(bench) == ["failed"]
        assert (await bench.executor.dismiss(job)).status == "dismissed"


async def test_a_bridge_that_stops_says_that_the_outcome_is_unknown(home: Path) -> None:
    site, _ = site_without_jobs()
    async with anyio.create_task_group() as tasks:
        job = (await Bench(home, site, wait_seconds=0.1, tasks=tasks).run()).job
        tasks.cancel_scope.cancel()
    assert site.cut == 1
    next_one = Bench(home, site)
    with pytest.raises(OutcomeUnknownError, match="the bridge stopped while server 'remote' was working"):
        await next_one.executor.follow(job, 30, next_one.note)


async def test_results_of_a_job_are_there_after_a_restart(home: Path) -> None:
    site, released = site_without_jobs()
    async with anyio.create_task_group() as tasks:
        bench = Bench(home, site, wait_seconds=0.1, tasks=tasks)
        job = (await bench.run()).job
        released.set()
        await bench.executor.follow(job, 30, bench.note)
        tasks.cancel_scope.cancel()
    next_one = Bench(home, JobsSite())
    (out,) = (await next_one.executor.follow(job, 0, next_one.note)).outputs
    assert out.output.value == POINT
    assert out.output.summary["kind"] == "Geometry"


async def test_a_bridge_waits_for_the_job_of_another_on_the_same_home(home: Path) -> None:
    site, released = site_without_jobs()
    first, second = Bench(home, site, wait_seconds=0.1), Bench(home, JobsSite())
    job = (await first.run()).job
    answers: list[Any] = []

    async def follow() -> None:
        answers.append(await second.executor.follow(job, 30, second.note))

    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(follow)
            await second.until_told(1)
            released.set()
    assert answers[0].status == "successful"
    assert answers[0].outputs[0].output.value == POINT
