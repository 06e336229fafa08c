"""Which jobs a query selects."""

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.datastructures import QueryParams

from backend.api.job_filters import read_filter
from backend.errors import InvalidRequestError
from backend.jobs.records import JobQuery
from backend.jobs.states import JobStatus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "conditions"),
    [
        ("", {}),
        ("limit=3&unknown=x", {}),
        ("type=process", {}),
        ("type=collection,process", {}),
        ("processID=clip&processID=buffer", {"process_ids": ("clip", "buffer")}),
        ("processID=clip,buffer", {"process_ids": ("clip", "buffer")}),
        ("status=failed,running", {"statuses": (JobStatus.FAILED, JobStatus.RUNNING)}),
        ("datetime=2026-03-01T12:00:00Z", {"created_from": NOON, "created_to": NOON}),
        ("datetime=../2026-03-01T12:00:00Z", {"created_to": NOON}),
        ("datetime=/2026-03-01T13:00:00%2B01:00", {"created_to": NOON}),
        ("datetime=/2026-03-01T13:00:00+01:00", {"created_to": NOON}),
        ("datetime=2026-03-01T12:00:00Z/..", {"created_from": NOON}),
        ("datetime=2026-03-01t12:00:00.000z/", {"created_from": NOON}),
        (
            "datetime=2026-03-01T00:00:00Z/2026-03-01T12:00:00Z",
            {"created_from": NOON.replace(hour=0), "created_to": NOON},
        ),
        ("minDuration=10", {"min_seconds": 10}),
        ("minDuration=0&maxDuration=15", {"min_seconds": 0, "max_seconds": 15}),
    ],
)
def test_a_query_becomes_the_conditions_that_it_names(query: str, conditions: dict[str, Any]) -> None:
    assert read_filter(QueryParams(query)) == JobQuery(**conditions)


def test_no_job_is_of_another_type_than_process() -> None:
    assert read_filter(QueryParams("type=collection")) is None


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("status=done", ["status"]),
        ("datetime=yesterday", ["datetime"]),
        ("datetime=", ["datetime"]),
        ("datetime=2026-03-01T12:00:00Z/tomorrow", ["datetime"]),
        ("datetime=0001-01-01T00:00:00%2B10:00", ["datetime"]),
        ("datetime=2026-11-21", ["datetime"]),
        ("datetime=2026-W47-6/..", ["datetime"]),
        ("datetime=20261121T000000Z/..", ["datetime"]),
        ("datetime=2026-11-21T00:00:00/..", ["datetime"]),
        ("datetime=2026-11-21T00:00Z", ["datetime"]),
        ("datetime=2026-11-21T24:00:01Z", ["datetime"]),
        ("datetime=٢٠٢٦-11-21T00:00:00Z", ["datetime"]),
        ("datetime=../..", ["datetime"]),
        ("datetime=/", ["datetime"]),
        ("minDuration=-1&maxDuration=long", ["minDuration", "maxDuration"]),
    ],
)
def test_values_that_the_standard_does_not_permit_are_refused_all_at_once(query: str, names: list[str]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_filter(QueryParams(query))
    assert [problem.path for problem in caught.value.problems] == names


def test_a_refused_time_is_told_the_form_of_one() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_filter(QueryParams("datetime=2026-11-21"))
    assert "RFC 3339 date-time with its offset, such as 2026-01-31T12:00:00Z" in caught.value.problems[0].message
