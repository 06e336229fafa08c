"""A running backend that makes callbacks, and what it tells of that."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from backend.app import ConfigurationError, create_app
from backend.settings import Settings
from tests.backend.api.calls import BASE, finished, local, run
from tests.backend.api.conftest import OWN_PROCESSES, Conforms
from tests.receiving import Notified, Receiver, receiving

pytestmark = pytest.mark.anyio

CALLBACK = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/callback"
LATER = "respond-async"
PROGRESS = "/progress"


@dataclass
class Caller:
    """A client of the backend, and the receiver that it names as its subscriber."""

    client: httpx.AsyncClient
    receiver: Receiver

    async def told(self, process: str, prefer: str = LATER, **body: Any) -> tuple[httpx.Response, Notified]:
        """Execute a process, and wait until its end is told; a job may tell of its progress before that."""
        before = len(self.receiver.came)
        response = await run(self.client, process, prefer, subscriber=self.subscriber, **body)
        assert response.status_code in (200, 201), response.text
        with anyio.fail_after(40):
            while True:
                ends = [one for one in self.receiver.came[before:] if one.target != PROGRESS]
                if ends:
                    (end,) = ends
                    return response, end
                await anyio.sleep(0.01)

    @property
    def subscriber(self) -> dict[str, str]:
        names = {"successUri": "success", "failedUri": "failed", "inProgressUri": "progress"}
        return {name: self.receiver.uri(path) for name, path in names.items()}


@pytest.fixture(scope="module")
async def caller(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Caller]:
    async with receiving() as receiver:
        settings = Settings(
            home=tmp_path_factory.mktemp("calling"),
            config=OWN_PROCESSES / "trial.yml",
            processes=(OWN_PROCESSES,),
            public_url="https://maps.example",
            root_path="/ogc",
            workers=2,
            callback_origins=(receiver.url,),
            callback_result_bytes=2000,
        )
        app = create_app(settings)
        inside = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=inside, base_url="http://inside", timeout=30) as client,
        ):
            yield Caller(client, receiver)


async def test_success_is_told_with_the_results_as_a_document(caller: Caller, conforms: Conforms) -> None:
    response, notice = await caller.told("many-outputs", response="document")
    job = local(response.headers["location"])
    assert (notice.method, notice.target) == ("POST", "/success")
    assert notice.headers["link"] == f'<{BASE}{job}>; rel="monitor"; type="application/json"'
    conforms(notice.json, "results.yaml")
    assert notice.json == (await caller.client.get(f"{job}/results")).json()


async def test_raw_results_are_told_as_a_document_too(caller: Caller) -> None:
    selected = {"number": {}, "picture": {"transmissionMode": "reference"}}
    response, notice = await caller.told("many-outputs", outputs=selected, response="raw")
    assert notice.json["number"] == 1.5
    assert notice.json["picture"]["href"] == f"{response.headers['location']}/results/picture"


async def test_results_that_are_too_large_are_links(caller: Caller) -> None:
    response, notice = await caller.told("sequence", inputs={"kind": "features", "count": 100})
    link = notice.json["sequence"]
    assert link["href"] == f"{response.headers['location']}/results/sequence"
    assert len((await caller.client.get(local(link["href"]))).json()["features"]) == 100


async def test_a_failure_is_told_with_the_status_and_its_exception(caller: Caller, conforms: Conforms) -> None:
    response, notice = await caller.told("trouble", inputs={"kind": "refused"})
    job = local(response.headers["location"])
    assert notice.target == "/failed"
    status = notice.json
    conforms(status, "statusInfo.yaml")
    exception = status.pop("exception")
    assert status == (await caller.client.get(job)).json()
    conforms(exception, "exception.yaml")
    assert exception == (await caller.client.get(f"{job}/results")).json()


async def test_progress_is_told_while_the_job_runs(caller: Caller, conforms: Conforms) -> None:
    for _ in range(5):  # what is told while a machine stands still is overtaken by the end
        before = len(caller.receiver.came)
        _, end = await caller.told("slow-steps", inputs={"seconds": 1, "steps": 10})
        *progress, last = caller.receiver.came[before:]
        assert last is end
        assert end.target == "/success"
        if progress:
            break
    assert progress
    for notice in progress:
        conforms(notice.json, "statusInfo.yaml")
        assert (notice.target, notice.json["status"]) == (PROGRESS, "running")


async def test_who_waits_for_the_results_may_have_a_subscriber_too(caller: Caller) -> None:
    response, notice = await caller.told("hello-world", prefer="", inputs={"name": "Ada"})
    assert response.json() == notice.json["echo"]["value"]


async def test_a_dismissed_job_is_told_as_such(caller: Caller, tmp_path: Path) -> None:
    before = len(caller.receiver.came)
    inputs = {"note": str(tmp_path / "note")}
    response = await run(caller.client, "busy", LATER, inputs=inputs, subscriber=caller.subscriber)
    await caller.client.delete(local(response.headers["location"]))
    with anyio.fail_after(40):
        while not any(one.target == "/failed" for one in caller.receiver.came[before:]):
            await anyio.sleep(0.01)
    assert caller.receiver.came[-1].json["status"] == "dismissed"


async def test_a_client_that_leaves_loses_no_job_that_has_a_subscriber(caller: Caller) -> None:
    before = len(caller.receiver.came)
    body = {"inputs": {"seconds": 0.6, "steps": 2}, "subscriber": {"successUri": caller.receiver.uri("success")}}

    async def jobs() -> int:
        return (await caller.client.get("/jobs?processID=slow-steps&limit=1")).json()["numberMatched"]

    jobs_before = await jobs()
    with anyio.fail_after(40):
        async with anyio.create_task_group() as group:
            group.start_soon(partial(caller.client.post, "/processes/slow-steps/execution", json=body))
            while await jobs() == jobs_before:
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()
    (notice,) = (await caller.receiver.until(before + 1))[before:]
    assert notice.target == "/success"


async def test_other_origins_are_refused_and_nothing_is_queued(caller: Caller) -> None:
    jobs = (await caller.client.get("/jobs?limit=1")).json()["numberMatched"]
    subscriber = {**caller.subscriber, "successUri": "http://169.254.169.254/latest/meta-data/"}
    response = await run(caller.client, "hello-world", inputs={"name": "Ada"}, subscriber=subscriber)
    assert response.status_code == 400
    assert [error["path"] for error in response.json()["errors"]] == ["$.subscriber.successUri"]
    assert "`OGC_PROCESSES_CALLBACK_ORIGINS`" in response.json()["detail"]
    assert (await caller.client.get("/jobs?limit=1")).json()["numberMatched"] == jobs


async def test_no_job_tells_anybody_of_its_subscriber(caller: Caller) -> None:
    response, _ = await caller.told("hello-world", inputs={"name": "Ada"})
    status = await finished(caller.client, local(response.headers["location"]))
    assert "success" not in str(status).replace("successful", "")


async def test_the_class_is_declared_where_callbacks_are_made(caller: Caller, client: httpx.AsyncClient) -> None:
    assert CALLBACK in (await caller.client.get("/conformance")).json()["conformsTo"]
    assert CALLBACK not in (await client.get("/conformance")).json()["conformsTo"]
    assert "callbacks" in (await caller.client.get("/openapi")).json()["components"]
    assert "callbacks" not in (await client.get("/openapi")).json()["components"]


@pytest.mark.parametrize("origin", ["hooks.example.org", "https://hooks.example.org/path", "ftp://hooks.example.org"])
def test_a_server_does_not_start_with_what_is_no_origin(home: Path, origin: str) -> None:
    with pytest.raises(ConfigurationError, match=f"OGC_PROCESSES_CALLBACK_ORIGINS: `{origin}` is no origin"):
        create_app(Settings(home=home, callback_origins=(origin,)))
