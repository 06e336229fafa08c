"""A process, a job or a description that takes longer than the time limit is no reason to fail all the others."""

import math
import time
from typing import Any

import anyio
import pytest
from starlette.requests import Request
from starlette.responses import Response

from mcp_server.validate import Verdict
from tests.interop.broken_server import Broken, Job, application
from tests.interop.verdicts import judged, messages

pytestmark = [pytest.mark.long(20), pytest.mark.anyio]

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


@pytest.mark.parametrize("slow", ["execution", "job"])
async def test_the_next_process_is_tried(slow: str) -> None:
    with anyio.fail_after(60):
        report = await judged(application(Slow(slow)), timeout=LIMIT)
    assert messages(report, Verdict.FAILED) == {}
    passed = messages(report, Verdict.PASSED).keys()
    assert {"core/process-execute-op", "core/job-results-async-document", "core/process-execute-input-ref"} <= passed


async def test_a_description_that_does_not_come_fails_one_test() -> None:
    with anyio.fail_after(60):
        report = await judged(application(Slow("description")), timeout=LIMIT)
    assert messages(report, Verdict.FAILED) == {
        "core/process-description": "GET /processes/aaa-echo was not answered: no answer within 1 s (--timeout)"
    }


async def test_nothing_is_said_of_executions_where_none_ends_in_time() -> None:
    with anyio.fail_after(60):
        report = await judged(application(Slow("every execution")), timeout=LIMIT)
    assert messages(report, Verdict.FAILED) == {}
    skipped = messages(report, Verdict.NOT_APPLICABLE)
    assert "no answer within 1 s (--timeout)" in skipped["core/process-execute-op"]
    assert "--process" in skipped["core/process-execute-op"]


async def test_what_the_suite_says_of_silence_is_not_meant_for_a_model() -> None:
    with anyio.fail_after(60):
        report = await judged(application(Slow("every execution")), timeout=LIMIT)
    told = [one.message for one in report.results]
    told += [exchange.excerpt for one in report.results for exchange in one.exchanges]
    assert [text for text in told if "list_jobs" in text] == []
