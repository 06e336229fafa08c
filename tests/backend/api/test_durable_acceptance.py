"""What is on the disk before an execution is answered: a job that the client is told of, or that others are."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from backend.app import create_app
from backend.errors import StoreUnavailableError
from backend.jobs.engine import Engine
from backend.settings import Settings
from tests.disks import sync_with

NOBODY = {"successUri": "http://localhost:9/ended"}


@pytest.fixture
def client(home: Path) -> Iterator[TestClient]:
    settings = Settings(home=home, workers=1, callback_origins=("http://localhost:9",))
    with TestClient(create_app(settings), base_url=settings.base_url) as client:
        yield client


@pytest.mark.parametrize(
    ("prefer", "subscriber", "status", "synced"),
    [
        ("respond-async", None, 201, True),
        ("respond-async", NOBODY, 201, True),
        ("wait=600", NOBODY, 200, True),
        ("wait=600", None, 200, False),
    ],
)
def test_a_job_is_on_the_disk_before_anybody_is_told_of_it_and_a_short_call_does_not_wait_for_that(
    client: TestClient,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    prefer: str,
    subscriber: dict[str, str] | None,
    status: int,
    synced: bool,
) -> None:
    syncs: list[int] = []
    system = os.fsync

    def sync(descriptor: int) -> None:
        syncs.append(descriptor)
        system(descriptor)

    sync_with(monkeypatch, home, sync)
    body = {"inputs": {"name": "Ada"}, "subscriber": subscriber}
    answer = client.post("/processes/hello-world/execution", json=body, headers={"Prefer": prefer})
    assert (answer.status_code, bool(syncs)) == (status, synced)


def test_an_execution_whose_end_the_store_does_not_tell_is_answered_with_its_job_and_not_to_be_tried_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unanswered(*_: object, **__: object) -> None:
        raise StoreUnavailableError("The database of the job store does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "wait", unanswered)
        answer = client.post("/processes/hello-world/execution", json={"inputs": {"name": "Ada"}})
    assert (answer.status_code, answer.json()["status"]) == (201, "accepted")
    assert "retry-after" not in answer.headers
    job = client.get(answer.headers["location"])
    while job.json()["status"] in ("accepted", "running"):
        job = client.get(job.url, headers={"If-None-Match": job.headers["etag"], "Prefer": "wait=60"})
        assert job.status_code == 200
    assert job.json()["status"] == "successful"
