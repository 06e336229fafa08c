"""Waiting for a job."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from mcp_server.errors import NoSuchJobError, RemoteProblemError, ResultGoneError
from mcp_server.execution.polling import pauses, readable_results, until_final
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.dialects import DIALECTS, Dialect
from mcp_server.ogc.models import OutputResult, StatusInfo

pytestmark = pytest.mark.anyio

RUNNING = StatusInfo("j1", "p", "running", 10, "working", None, None, None, None, None, None)
DONE = replace(RUNNING, status="successful", progress=100)


class Jobs:
    """A server whose job goes through given states, one per question; None is "unchanged"."""

    def __init__(
        self, dialect: str, statuses: Sequence[StatusInfo | Exception | None], results: Sequence[Any] = ()
    ) -> None:
        self.dialect: Dialect = DIALECTS[dialect]
        self.statuses = list(statuses)
        self.answers = list(results)
        self.asked: list[tuple[str | None, float | None]] = []

    async def status(self, job_id: str, *, etag: str | None = None, wait: float | None = None) -> StatusInfo | None:
        assert job_id == "j1"
        self.asked.append((etag, wait))
        answer = self.statuses.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def outputs(self) -> "Jobs":
        return self

    async def of_job(self, job_id: str, *, process_id: str | None = None) -> tuple[OutputResult, ...]:
        assert (job_id, process_id) == ("j1", "p")
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def client(self) -> OgcClient:
        return cast("OgcClient", self)


class Clock:
    """Notes pauses, and takes none."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await anyio.lowlevel.checkpoint()


async def ignore(_: StatusInfo) -> None:
    pass


def steady(low: float, high: float) -> float:
    return (low + high) / 2


def test_pauses_grow_by_half_from_a_tenth_of_a_second_to_fifteen() -> None:
    found = list(islice(pauses(steady), 20))
    assert found[:3] == pytest.approx([0.1, 0.15, 0.225])
    assert max(found) == found[-1] == 15


def test_pauses_are_jittered_by_a_fifth() -> None:
    asked: list[tuple[float, float]] = []

    def note(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    assert next(pauses(note)) == pytest.approx(0.12)
    assert asked == [(0.8, 1.2)]


async def test_a_job_is_polled_until_it_ends_and_every_state_is_told() -> None:
    jobs, clock, told = Jobs("pygeoapi", [replace(RUNNING, progress=50), DONE]), Clock(), list[float | None]()

    async def on_status(status: StatusInfo) -> None:
        told.append(status.progress)

    ended = await until_final(jobs.client, RUNNING, wait=60, on_status=on_status, pause=clock.pause, jitter=steady)
    assert ended == DONE
    assert told == [10, 50, 100]
    assert clock.pauses == pytest.approx([0.1, 0.15])
    assert jobs.asked == [(None, None), (None, None)]


async def test_retry_after_wins_over_the_schedule() -> None:
    jobs, clock = Jobs("pygeoapi", [replace(RUNNING, retry_after=4), DONE]), Clock()
    patient = replace(RUNNING, retry_after=3)
    await until_final(jobs.client, patient, wait=60, on_status=ignore, pause=clock.pause, jitter=steady)
    assert clock.pauses == [3, 4]


async def test_no_pause_goes_beyond_the_deadline() -> None:
    jobs, clock = Jobs("pygeoapi", [DONE]), Clock()
    await until_final(jobs.client, replace(RUNNING, retry_after=9000), wait=600, on_status=ignore, pause=clock.pause)
    (pause,) = clock.pauses
    assert 500 < pause <= 600, "what is left of the time"


async def test_waiting_stops_at_the_deadline_with_the_state_as_it_is() -> None:
    jobs = Jobs("pygeoapi", [RUNNING] * 100)
    with anyio.fail_after(40):
        assert await until_final(jobs.client, RUNNING, wait=0.2, on_status=ignore) == RUNNING
    assert 1 <= len(jobs.asked) <= 3


MISSING = NoSuchJobError("No such job", status=404)


async def test_a_job_that_its_server_does_not_know_for_a_moment_is_followed_all_the_same() -> None:
    jobs, clock = Jobs("pygeoapi", [MISSING, MISSING, RUNNING, *[MISSING] * 6, DONE]), Clock()
    assert await until_final(jobs.client, RUNNING, wait=600, on_status=ignore, pause=clock.pause) == DONE
    assert len(clock.pauses) == 10, "one before each question"


async def test_a_job_that_its_server_does_not_know_time_and_again_is_none() -> None:
    jobs, clock = Jobs("pygeoapi", [MISSING] * 100), Clock()
    with pytest.raises(NoSuchJobError):
        await until_final(jobs.client, RUNNING, wait=600, on_status=ignore, pause=clock.pause)
    assert 3 <= len(jobs.asked) <= 10


async def test_a_job_that_is_not_known_when_the_time_is_over_may_still_be_asked_for() -> None:
    jobs = Jobs("pygeoapi", [MISSING] * 100)
    assert await until_final(jobs.client, RUNNING, wait=0.2, on_status=ignore, jitter=steady) == RUNNING


async def test_our_own_server_is_believed_that_there_is_no_job() -> None:
    jobs, clock = Jobs("ogc-processes-mcp", [MISSING]), Clock()
    with pytest.raises(NoSuchJobError):
        await until_final(jobs.client, RUNNING, wait=600, on_status=ignore, pause=clock.pause)


async def test_an_ended_job_is_not_asked_for() -> None:
    jobs = Jobs("pygeoapi", [])
    assert await until_final(jobs.client, DONE, wait=60, on_status=ignore) == DONE


async def test_a_server_that_holds_the_request_is_asked_without_pauses() -> None:
    jobs, clock = Jobs("ogc-processes-mcp", [replace(RUNNING, etag='"2"'), DONE]), Clock()
    await until_final(jobs.client, replace(RUNNING, etag='"1"'), wait=60, on_status=ignore, pause=clock.pause)
    assert jobs.asked == [('"1"', 20.0), ('"2"', 20.0)]
    assert clock.pauses == []


async def test_a_server_that_holds_no_request_is_asked_after_pauses_though_it_sends_entity_tags() -> None:
    jobs, clock = Jobs("pygeoapi", [replace(RUNNING, etag='"2"'), DONE]), Clock()
    await until_final(jobs.client, replace(RUNNING, etag='"1"'), wait=60, on_status=ignore, pause=clock.pause)
    assert jobs.asked == [(None, None), (None, None)]
    assert len(clock.pauses) == 2


async def test_a_server_that_says_unchanged_at_once_is_not_asked_without_end() -> None:
    jobs, clock = Jobs("ogc-processes-mcp", [None, None, DONE]), Clock()
    held = replace(RUNNING, etag='"1"')
    await until_final(jobs.client, held, wait=60, on_status=ignore, pause=clock.pause, jitter=steady)
    assert clock.pauses == pytest.approx([0.1, 0.15])


async def test_the_pause_after_unchanged_does_not_go_beyond_the_deadline() -> None:
    jobs, clock = Jobs("ogc-processes-mcp", [None, DONE]), Clock()
    held = replace(RUNNING, etag='"1"')
    await until_final(jobs.client, held, wait=60, on_status=ignore, pause=clock.pause, jitter=lambda *_: 9000)
    (pause,) = clock.pauses
    assert 50 < pause <= 60, "what is left of the time"


async def test_results_that_are_not_there_yet_are_read_again() -> None:
    outputs = (OutputResult("out", "application/json", 1, None, 1, None),)
    jobs, clock = Jobs("pygeoapi", [], [RemoteProblemError("?", status=500), outputs]), Clock()
    assert await readable_results(jobs.client, DONE, pause=clock.pause) == outputs
    assert len(clock.pauses) == 1


async def test_results_that_never_come_are_an_error() -> None:
    jobs, clock = Jobs("pygeoapi", [], [RemoteProblemError("JobResultNotFound", status=500)] * 9), Clock()
    with pytest.raises(RemoteProblemError, match="JobResultNotFound"):
        await readable_results(jobs.client, DONE, pause=clock.pause)
    assert len(clock.pauses) == 4


@pytest.mark.parametrize(
    ("dialect", "error"),
    [
        ("pygeoapi", ResultGoneError("dismissed", status=410)),
        ("ogc-processes-mcp", RemoteProblemError("failed", status=500)),
        ("pygeoapi", RemoteProblemError("too busy, three times", status=503)),
    ],
)
async def test_what_cannot_change_or_was_asked_for_again_already_is_not_read_again(
    dialect: str, error: RemoteProblemError
) -> None:
    jobs, clock = Jobs(dialect, [], [error]), Clock()
    with pytest.raises(type(error)):
        await readable_results(jobs.client, DONE, pause=clock.pause)
    assert clock.pauses == []


async def test_results_that_are_told_slowly_not_to_be_there_are_not_read_again() -> None:
    jobs, clock = Jobs("pygeoapi", [], [RemoteProblemError("not ready", status=404)] * 9), Clock()

    moments = [anyio.current_time()]

    async def long(seconds: float) -> None:
        """As if this pause, and the answer before it, had taken all the time there is."""
        await clock.pause(seconds)
        moments.append(moments[-1] + 6)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anyio, "current_time", lambda: moments[-1])
        with pytest.raises(RemoteProblemError, match="not ready"):
            await readable_results(jobs.client, DONE, pause=long)
    assert len(clock.pauses) == 1
