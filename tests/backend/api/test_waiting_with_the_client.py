"""Waiting for a job while its client may leave."""

from datetime import UTC, datetime
from typing import Any

import anyio
import pytest
from starlette.requests import Request

from backend.api.waiting import wait_with_client
from backend.errors import NoSuchJobError
from backend.jobs.records import Job
from backend.jobs.states import JobStatus

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
JOB = Job("1", "p", JobStatus.RUNNING, NOW, NOW, None, NOW, 0, "", "raw", None, None, 1, dismiss_requested=False)


async def stays() -> dict[str, Any]:
    await anyio.sleep_forever()
    raise AssertionError


async def leaves() -> dict[str, Any]:
    return {"type": "http.disconnect"}


async def ends(*, timeout: float) -> Job:  # noqa: ASYNC109 - as the engine has it
    return JOB


async def lasts(*, timeout: float) -> Job:  # noqa: ASYNC109 - as the engine has it
    with anyio.move_on_after(timeout):
        await anyio.sleep_forever()
    return JOB


async def vanishes(*, timeout: float) -> Job:  # noqa: ASYNC109 - as the engine has it
    await lasts(timeout=timeout)
    raise NoSuchJobError("gone")


class VanishesLater:
    """A wait whose job is still there when its client begins to be watched, and gone after that."""

    def __init__(self) -> None:
        self._waits = 0

    async def __call__(self, *, timeout: float) -> Job:  # noqa: ASYNC109 - as the engine has it
        self._waits += 1
        return await (lasts if self._waits == 1 else vanishes)(timeout=timeout)


def request(receive: Any) -> Request:
    return Request({"type": "http"}, receive)


async def test_the_job_is_answered_when_there_is_news() -> None:
    with anyio.fail_after(40):
        assert await wait_with_client(request(stays), ends, 60) is JOB


@pytest.mark.parametrize("seconds", [0.01, 0.2])
async def test_the_job_is_answered_when_the_wait_is_over(seconds: float) -> None:
    with anyio.fail_after(40):
        assert await wait_with_client(request(stays), lasts, seconds) is JOB


async def test_the_wait_ends_when_the_client_leaves() -> None:
    with anyio.fail_after(40):
        assert await wait_with_client(request(leaves), lasts, 60) is None


@pytest.mark.parametrize("seconds", [0.01, 0.2])
async def test_an_error_of_the_wait_is_raised_as_it_is(seconds: float) -> None:
    with anyio.fail_after(40), pytest.raises(NoSuchJobError):
        await wait_with_client(request(stays), vanishes, seconds)


async def test_an_error_of_the_wait_is_raised_as_it_is_once_the_client_is_watched() -> None:
    with anyio.fail_after(40), pytest.raises(NoSuchJobError):
        await wait_with_client(request(stays), VanishesLater(), 0.2)
