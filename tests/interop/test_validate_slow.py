"""A process, a job or a description that takes longer than the time limit is no reason to fail all the others."""

import math
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import Response

from mcp_server.validate import Report, Verdict
from tests.interop.broken_server import Broken, Job, application
from tests.interop.verdicts import judged, lag, messages

pytestmark = [pytest.mark.long(6), pytest.mark.anyio]

LIMITS = (1, 4, 16)
"""Seconds: an honest answer takes some milliseconds, on a busy machine a hundred, and longer where it stands still."""


class Slow(Broken):
    """A server with another echo, the first to be tried, that does not answer, or whose job does not end."""

    slow = "aaa-echo"

    def __init__(self, *slow: str) -> None:
        super().__init__()
        self.where = set(slow)

    def described(self) -> dict[str, Any]:
        processes = super().described()
        return {self.slow: {**processes["echo"], "id": self.slow}, **processes}

    async def process(self, request: Request) -> Response:
        name = request.path_params["process"]
        if name == self.slow and "description" in self.where:
            await anyio.sleep(math.inf)
        if name in self.described():
            return self.page(request, self.described()[name])
        return await super().process(request)

    async def execute(self, request: Request) -> Response:
        if request.path_params["process"] == self.slow or "every execution" in self.where:
            if {"execution", "every execution"} & self.where:
                await anyio.sleep(math.inf)
            if "job" in self.where:
                job = Job("never", self.slow, {}, "document", {}, time.monotonic() + 600)
                self.jobs[job.id] = job
                return self.submitted(request, job)
            return self.problem(400, "bad-request")
        return await super().execute(request)


class Judged(NamedTuple):
    """A report, and the time limit that it was made with, in seconds."""

    report: Report
    limit: int


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def reports() -> Mapping[str, Judged]:
    """The report on a server by what it is slow with; they are waited for together."""
    found: dict[str, Judged] = {}

    async def judge(slow: str, limit: int) -> None:
        found[slow] = Judged(await judged(application(Slow(slow)), timeout=limit), limit)

    with anyio.fail_after(300):
        for limit in LIMITS:
            async with lag() as longest, anyio.create_task_group() as tasks:
                for slow in ("execution", "job", "description", "every execution"):
                    tasks.start_soon(judge, slow, limit)
            if longest() < limit / 2:
                break
    return found


@pytest.mark.parametrize("slow", ["execution", "job"])
async def test_the_next_process_is_tried(slow: str, reports: Mapping[str, Judged]) -> None:
    report = reports[slow].report
    assert messages(report, Verdict.FAILED) == {}
    passed = messages(report, Verdict.PASSED).keys()
    assert {"core/process-execute-op", "core/job-results-async-document", "core/process-execute-input-ref"} <= passed


async def test_a_description_that_does_not_come_fails_one_test(reports: Mapping[str, Judged]) -> None:
    found = reports["description"]
    late = f"GET /processes/aaa-echo was not answered: no answer within {found.limit} s (--timeout)"
    assert messages(found.report, Verdict.FAILED) == {"core/process-description": late}


async def test_nothing_is_said_of_executions_where_none_ends_in_time(reports: Mapping[str, Judged]) -> None:
    report, limit = reports["every execution"]
    assert messages(report, Verdict.FAILED) == {}
    skipped = messages(report, Verdict.NOT_APPLICABLE)
    assert f"no answer within {limit} s (--timeout)" in skipped["core/process-execute-op"]
    assert "--process" in skipped["core/process-execute-op"]


async def test_what_the_suite_says_of_silence_is_not_meant_for_a_model(reports: Mapping[str, Judged]) -> None:
    report = reports["every execution"].report
    told = [one.message for one in report.results]
    told += [exchange.excerpt for one in report.results for exchange in one.exchanges]
    assert [text for text in told if "list_jobs" in text] == []
