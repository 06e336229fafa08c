"""A process, a job or a description that takes longer than the time limit is no reason to fail all the others."""

import math
import time
from collections.abc import Mapping
from typing import Any

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import Response

from mcp_server.validate import Report, Verdict
from tests.interop.broken_server import Broken, Job, application
from tests.interop.verdicts import judged, messages

pytestmark = [pytest.mark.long(6), pytest.mark.anyio]

LIMIT = 1
"""Seconds: an honest answer takes some milliseconds, on a busy machine a hundred."""


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


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def reports() -> Mapping[str, Report]:
    """The report on a server by what it is slow with; they are waited for together."""
    found: dict[str, Report] = {}

    async def judge(slow: str) -> None:
        found[slow] = await judged(application(Slow(slow)), timeout=LIMIT)

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for slow in ("execution", "job", "description", "every execution"):
                tasks.start_soon(judge, slow)
    return found


@pytest.mark.parametrize("slow", ["execution", "job"])
async def test_the_next_process_is_tried(slow: str, reports: Mapping[str, Report]) -> None:
    report = reports[slow]
    assert messages(report, Verdict.FAILED) == {}
    passed = messages(report, Verdict.PASSED).keys()
    assert {"core/process-execute-op", "core/job-results-async-document", "core/process-execute-input-ref"} <= passed


async def test_a_description_that_does_not_come_fails_one_test(reports: Mapping[str, Report]) -> None:
    assert messages(reports["description"], Verdict.FAILED) == {
        "core/process-description": "GET /processes/aaa-echo was not answered: no answer within 1 s (--timeout)"
    }


async def test_nothing_is_said_of_executions_where_none_ends_in_time(reports: Mapping[str, Report]) -> None:
    report = reports["every execution"]
    assert messages(report, Verdict.FAILED) == {}
    skipped = messages(report, Verdict.NOT_APPLICABLE)
    assert "no answer within 1 s (--timeout)" in skipped["core/process-execute-op"]
    assert "--process" in skipped["core/process-execute-op"]


async def test_what_the_suite_says_of_silence_is_not_meant_for_a_model(reports: Mapping[str, Report]) -> None:
    report = reports["every execution"]
    told = [one.message for one in report.results]
    told += [exchange.excerpt for one in report.results for exchange in one.exchanges]
    assert [text for text in told if "list_jobs" in text] == []
