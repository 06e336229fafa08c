"""Faults of a stock pygeoapi 0.24 that no other test here is about; docs/conformance.md lists them all."""

import copy
import time
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from statistics import median
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from backend.api.configuration import Configuration, load_configuration
from backend.app import create_app
from backend.jobs.records import JobRequest
from backend.jobs.store import JobStore
from backend.settings import Settings
from tests.backend.api.calls import finished, local, run

pytestmark = pytest.mark.anyio

LOCALES = """
from pygeoapi.process.base import BaseProcessor

SCHEMA = {"type": "object", "default": {"id": "a"}, "properties": {"de": {}}}
# Inputs, and members of their values, are called as languages are: Breton, Indonesian, Assamese.
METADATA = {
    "version": "1.0.0",
    "id": "locales",
    "title": {"en": "Locales", "fr": "Langues"},
    "jobControlOptions": ["sync-execute"],
    "inputs": {
        name: {"title": {"en": name.upper()}, "schema": SCHEMA} for name in ("br", "id", "as")
    },
    "outputs": {"en": {"schema": {"type": "object", "properties": {"de": {"type": "string"}}}}},
}


class Locales(BaseProcessor):
    def __init__(self, processor_def):
        super().__init__(processor_def, METADATA)
"""


def written(folder: Path, resources: str, more: str = "") -> Settings:
    """Settings of a server with a home, a configuration and processes of its own in `folder`."""
    folder.mkdir()
    (folder / "own.yml").write_text(f"resources:\n{resources}{more}", "utf-8")
    return Settings(home=folder / "home", config=folder / "own.yml", processes=(folder,), workers=1, warm=False)


def reached(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost", timeout=30)


@asynccontextmanager
async def running(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    app = create_app(settings)
    async with app.router.lifespan_context(app), reached(app) as client:
        yield client


async def test_a_description_whose_keys_look_like_languages_is_served_whole(tmp_path: Path) -> None:
    settings = written(tmp_path / "own", "  locales: {type: process, processor: {name: locales_process.Locales}}\n")
    (tmp_path / "own" / "locales_process.py").write_text(LOCALES, "utf-8")
    async with reached(create_app(settings)) as client:
        first, again = [(await client.get("/processes/locales?lang=en")).json() for _ in range(2)]
    assert first == again
    assert first["title"] == "Locales"
    schema: dict[str, Any] = {"type": "object", "default": {"id": "a"}, "properties": {"de": {}}}
    assert first["inputs"] == {name: {"title": name.upper(), "schema": schema} for name in ("br", "id", "as")}
    assert first["outputs"]["en"]["schema"]["properties"] == {"de": {"type": "string"}}
    assert first["jobControlOptions"] == ["sync-execute"]


async def test_servers_of_different_configurations_run_in_one_interpreter_and_read_nothing_of_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYGEOAPI_CONFIG", "PYGEOAPI_OPENAPI"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere.yml"))
    ones = [
        written(tmp_path / name, f"  {name}: {{type: process, processor: {{name: HelloWorld}}}}\n") for name in "ab"
    ]
    async with running(ones[0]) as a, running(ones[1]) as b:
        for client, own, other in ((a, "a", "b"), (b, "b", "a")):
            answer = await run(client, own, inputs={"name": own})
            assert (answer.status_code, answer.json()["value"]) == (200, f"Hello {own}!")
            assert (await run(client, other, inputs={"name": own})).status_code == 404
            assert [job["processID"] for job in (await client.get("/jobs")).json()["jobs"]] == [own]


async def test_a_configuration_is_the_same_after_a_server_has_run_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = written(tmp_path / "own", "  hello: {type: process, processor: {name: HelloWorld}}\n")
    given = load_configuration(settings.config)
    before = copy.deepcopy(given)

    def loaded(_: Path | None) -> Configuration:
        return given

    monkeypatch.setattr("backend.app.load_configuration", loaded)
    app = create_app(settings)
    async with app.router.lifespan_context(app), reached(app) as client:
        assert (await run(client, "hello", inputs={"name": "x"})).status_code == 200
        # pygeoapi writes into what it is given, at whichever place.
        for section in app.state.pygeoapi().config.values():
            section.clear()
        assert (await client.get("/processes/hello")).status_code == 200
    assert given == before


async def test_no_configuration_opens_the_server_to_changes_of_it(tmp_path: Path) -> None:
    hello = "  hello: {type: process, processor: {name: HelloWorld}}\n"
    async with reached(create_app(written(tmp_path / "own", hello, "server: {admin: true}\n"))) as client:
        for path in ("/admin/config", "/admin/config/resources", "/admin/config/resources/hello"):
            for method in ("GET", "PUT", "PATCH", "DELETE"):
                assert (await client.request(method, path)).status_code == 404
        assert (await client.get("/processes/hello")).status_code == 200


async def test_the_ids_of_jobs_cannot_be_guessed(client: httpx.AsyncClient) -> None:
    made = [await run(client, "hello-world", inputs={"name": "x"}) for _ in range(3)]
    ids = {uuid.UUID(response.headers["location"].rsplit("/", 1)[1]) for response in made}
    assert len(ids) == 3
    # Version 1 would be the time and this machine's network address.
    assert {id_.version for id_ in ids} == {4}


async def test_a_job_that_has_not_begun_or_ended_has_no_time_of_it_rather_than_null(client: httpx.AsyncClient) -> None:
    job = local((await run(client, "slow-steps", "respond-async", inputs={"seconds": 30})).headers["location"])
    with anyio.fail_after(40):
        while (told := (await client.get(job)).json())["status"] == "accepted":
            assert "started" not in told
            assert None not in told.values()
    assert "finished" not in told
    assert None not in told.values()
    listed = (await client.get("/jobs?status=running")).json()["jobs"]
    assert all("finished" not in entry for entry in listed)
    await client.delete(job)


async def test_the_results_of_a_successful_job_can_be_read_at_once(client: httpx.AsyncClient) -> None:
    for index in range(20):
        accepted = await run(client, "hello-world", "respond-async", inputs={"name": str(index)})
        job = local(accepted.headers["location"])
        assert (await finished(client, job))["status"] == "successful"
        results = await client.get(f"{job}/results")
        assert (results.status_code, results.json()["value"]) == (200, f"Hello {index}!")


async def test_a_job_may_be_dismissed_twice_after_its_end(client: httpx.AsyncClient) -> None:
    job = local((await run(client, "hello-world", inputs={"name": "x"})).headers["location"])
    for _ in range(2):
        answer = await client.delete(job)
        assert (answer.status_code, answer.json()["status"]) == (200, "dismissed")


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"distance": 1}, "$.inputs.geometry"),
        ({"geometry": "POINT (0 0)", "distance": "far"}, "$.inputs.distance"),
        ({"geometry": "POINT (0 0)", "distance": 1, "colour": "red"}, "$.inputs.colour"),
        ({"geometry": "POINT (0 0)", "distance": 1, "resolution": 0}, "$.inputs.resolution"),
    ],
    ids=["missing", "wrong type", "unknown", "out of range"],
)
async def test_inputs_that_the_description_does_not_permit_are_refused(
    client: httpx.AsyncClient, inputs: dict[str, Any], path: str
) -> None:
    answer = await run(client, "geometry-buffer", inputs=inputs)
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == [path]


async def test_a_store_of_five_thousand_jobs_is_as_quick_as_an_empty_one(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, workers=1, public_url="https://maps.example", root_path="/ogc")
    async with running(settings) as client:
        await run(client, "hello-world", inputs={"name": "warm"})
        empty = await typical_seconds(client)
        with closing(JobStore.open(tmp_path, lease_seconds=15)) as store:
            request = JobRequest("hello-world", {"name": "x"}, None, "raw", idempotent=False)
            for _ in range(5_000):
                # Of an engine that there is: nobody else takes it up.
                store.insert(request, owner="filler", durable=False)
        full = await typical_seconds(client)
        assert (await client.get("/jobs?limit=1")).json()["numberMatched"] > 5_000
    # A file of all jobs, written anew at every change, takes fifteen times as long.
    assert full < 4 * empty + 0.01


async def typical_seconds(client: httpx.AsyncClient) -> float:
    """Processor time that the server takes for an execution, and a page of the job list."""
    taken: list[float] = []
    for _ in range(15):
        began = time.process_time()
        await run(client, "hello-world", inputs={"name": "x"})
        await client.get("/jobs?limit=10")
        taken.append(time.process_time() - began)
    return median(taken)
