"""What a subscriber is sent of results that are large, or no more what they were."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from backend.api.callback_notices import Notices
from backend.errors import ResultGoneError
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Job, JobRequest, NewResult
from backend.jobs.store import JobStore
from tests.backend.jobs.attempts import finish

pytestmark = pytest.mark.anyio

BASE = "https://maps.example/ogc"


@pytest.fixture
def store(home: Path) -> Iterator[JobStore]:
    with closing(JobStore.open(home, lease_seconds=15)) as opened:
        yield opened


def ended(store: JobStore, *sizes: int) -> Job:
    """A job that gave texts of these sizes, those above 100 in files."""
    job = store.insert(JobRequest("p", {}, None, "raw", idempotent=False), owner="e", durable=False)
    started = store.start(job.id, "e", ProcessIdentity.current())
    assert started is not None
    texts = [NewResult(f"o{number}", "text/plain", b"x" * size, {}) for number, size in enumerate(sizes)]
    assert finish(store, started, texts)
    return store.get(job.id)


def large_file(home: Path) -> Path:
    (file,) = (path for path in home.rglob("*") if path.is_file() and path.stat().st_size == 600)
    return file


async def linked(store: JobStore, job: Job, most_bytes: int) -> list[bool]:
    notice = await Notices(store, BASE, most_bytes).of(job)
    return ["href" in value for value in json.loads(notice.body).values()]


@pytest.mark.parametrize(
    ("most_bytes", "expected"),
    [
        (660, [False] * 3),
        (659, [False, True, False]),
        (60, [False, True, False]),
        (59, [True, True, False]),
        (9, [True] * 3),
        (0, [True] * 3),
    ],
)
async def test_the_largest_become_links_until_the_others_fit(
    store: JobStore, most_bytes: int, expected: list[bool]
) -> None:
    assert await linked(store, ended(store, 50, 600, 10), most_bytes) == expected


async def test_a_damaged_result_is_a_link_which_says_so(store: JobStore, home: Path) -> None:
    job = ended(store, 50, 600)
    large_file(home).write_bytes(b"y" * 600)
    assert await linked(store, job, 10**6) == [False, True]


async def test_a_removed_result_is_a_link_too(store: JobStore, home: Path) -> None:
    job = ended(store, 600)
    large_file(home).unlink()
    assert await linked(store, job, 10**6) == [True]


async def test_results_that_were_dismissed_meanwhile_are_not_told(store: JobStore) -> None:
    job = ended(store, 5)
    store.dismiss(job.id)
    with pytest.raises(ResultGoneError):
        await Notices(store, BASE, 100).of(job)
