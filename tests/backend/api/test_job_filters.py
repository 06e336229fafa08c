"""Which jobs a query selects."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.datastructures import QueryParams

from backend.api.job_filters import read_filter
from backend.jobs.records import Job
from backend.jobs.states import JobStatus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = NOON + timedelta(minutes=5)


def job(*, started: bool = True, seconds: float | None = 10) -> Job:
    """Created at noon; begun at once; ended after `seconds`, or still running."""
    finished = None if seconds is None or not started else NOON + timedelta(seconds=seconds)
    status = JobStatus.SUCCESSFUL if finished else JobStatus.RUNNING if started else JobStatus.ACCEPTED
    return Job(
        id="1",
        process_id="buffer",
        status=status,
        created=NOON,
        started=NOON if started else None,
        finished=finished,
        updated=NOON,
        progress=0,
        message="",
        response="raw",
        outputs=None,
        failure=None,
        version=1,
        dismiss_requested=False,
    )


def selects(query: str, of: Job) -> bool:
    wanted = read_filter(QueryParams(query))
    return wanted is None or wanted.accepts(of, NOW)


@pytest.mark.parametrize(
    ("query", "selected"),
    [
        ("limit=3&unknown=x", True),
        ("type=process", True),
        ("type=collection", False),
        ("processID=buffer", True),
        ("processID=clip&processID=buffer", True),
        ("processID=clip,buffer", True),
        ("processID=clip", False),
        ("status=successful", True),
        ("status=failed,running", False),
        ("datetime=2026-03-01T12:00:00Z", True),
        ("datetime=2026-03-01T12:00:01Z", False),
        ("datetime=../2026-03-01T11:59:59Z", False),
        ("datetime=2026-02-28T00:00:00Z/..", True),
        ("datetime=2026-02-28T00:00:00/2026-03-01T13:00:00", True),
        ("datetime=/2026-03-01T14:00:00%2B01:00", True),
        ("minDuration=10", True),
        ("minDuration=11", False),
        ("maxDuration=9", False),
        ("minDuration=5&maxDuration=15", True),
    ],
)
def test_a_query_selects_jobs_that_meet_all_its_conditions(query: str, selected: bool) -> None:
    assert selects(query, job()) is selected


def test_a_running_job_lasts_until_now_and_a_waiting_one_not_at_all() -> None:
    assert selects("minDuration=300", job(seconds=None))
    assert not selects("minDuration=301", job(seconds=None))
    assert not selects("minDuration=0&maxDuration=9", job(started=False))
