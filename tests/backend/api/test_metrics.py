"""What Prometheus is told, of real jobs."""

import builtins
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from backend.api.configuration import ConfigurationError
from backend.app import create_app
from backend.jobs.records import JobRequest
from backend.settings import Settings

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def running(app: Starlette) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost:5001", timeout=30) as client,
    ):
        yield client


async def figures(client: httpx.AsyncClient) -> dict[tuple[str, ...], float]:
    """Sample name and its labels' values → value."""
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


async def execute(client: httpx.AsyncClient, process: str, **inputs: Any) -> httpx.Response:
    return await client.post(f"/processes/{process}/execution", json={"inputs": inputs})


async def test_runs_are_counted_by_process_and_outcome_and_requests_by_route(home: Path) -> None:
    app = create_app(Settings(home=home, workers=1, metrics=True))
    async with running(app) as client:
        assert (await execute(client, "hello-world", name="x")).status_code == 200
        assert (await execute(client, "geometry-buffer", geometry="POINT (1 2)", distance=-1)).status_code == 400
        assert (await execute(client, "shapely-functions", function="no")).status_code == 400
        await client.get("/")
        await client.get("/jobs/none")
        await client.get("/nowhere/at/all")
        with anyio.fail_after(60):
            # The client is answered by what the worker wrote, which may be before its end is told here.
            while ("ogc_processes_jobs_ended_total", "hello-world", "successful") not in (
                found := await figures(client)
            ):
                await anyio.sleep(0.01)
    assert found["ogc_processes_jobs_ended_total", "hello-world", "successful"] == 1
    assert found["ogc_processes_job_run_seconds_count", "hello-world"] == 1
    assert 0 < found["ogc_processes_job_run_seconds_sum", "hello-world"] < 30
    assert found["ogc_processes_job_wait_seconds_count", "hello-world"] == 1
    requests = "ogc_processes_http_requests_total"
    assert found[requests, "POST", "/processes/{process}/execution", "200"] == 1
    assert found[requests, "GET", "/jobs/{job}", "404"] == 1
    assert found[requests, "GET", "none", "404"] == 1
    assert found[requests, "GET", "/", "200"] == 1


async def test_what_waits_and_runs_is_told_of_the_store_not_of_the_process(home: Path) -> None:
    app = create_app(Settings(home=home, workers=1, warm=False, metrics=True))
    async with running(app) as client:
        store = app.state.service.store
        request = JobRequest("of-another-server", {}, None, "document", idempotent=True)
        store.insert(request, owner=None, durable=False)
        found = await figures(client)
    assert found[("ogc_processes_jobs_queued",)] == 1
    assert found[("ogc_processes_jobs_running",)] == 0


async def test_methods_that_nobody_knows_are_one_series(home: Path) -> None:
    async with running(create_app(Settings(home=home, metrics=True, warm=False))) as client:
        for number in range(3):
            await client.request(f"MADE-UP-{number}", "/jobs")
        requests = {labels: count for labels, count in (await figures(client)).items() if "/jobs" in labels}
    assert requests[("ogc_processes_http_requests_total", "_OTHER", "/jobs", "405")] == 3
    assert not any("MADE-UP" in label for labels in requests for label in labels)


async def test_two_applications_of_a_process_count_for_themselves(home: Path, tmp_path: Path) -> None:
    first = create_app(Settings(home=home, warm=False, metrics=True))
    second = create_app(Settings(home=tmp_path / "other", warm=False, metrics=True))
    async with running(first) as one, running(second) as other:
        await one.get("/jobs")
        assert ("ogc_processes_http_requests_total", "GET", "/jobs", "200") in await figures(one)
        assert ("ogc_processes_http_requests_total", "GET", "/jobs", "200") not in await figures(other)


async def test_there_are_no_metrics_unless_they_are_asked_for(home: Path) -> None:
    async with running(create_app(Settings(home=home, warm=False))) as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_metrics_without_their_library_are_one_clear_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *rest: Any, **options: Any) -> Any:
        if name.startswith("prometheus_client"):
            raise ModuleNotFoundError(name=name)
        return found(name, *rest, **options)

    monkeypatch.delitem(sys.modules, "backend.api.metrics", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"ogc-processes-mcp\[metrics\]"):
        create_app(Settings(home=home, metrics=True))


async def test_workers_are_counted_as_they_work_and_end(home: Path) -> None:
    app = create_app(Settings(home=home, workers=1, metrics=True))
    with anyio.fail_after(60):
        async with running(app) as client:
            before = await figures(client)
            assert before[("ogc_processes_workers_busy",)] == before[("ogc_processes_workers_ended_total",)] == 0
            asked = await client.post(
                "/processes/slow-steps/execution", json={"inputs": {"seconds": 60}}, headers={"Prefer": "respond-async"}
            )
            while (await figures(client))[("ogc_processes_workers_busy",)] != 1:
                await anyio.sleep(0.01)
            assert (await figures(client))[("ogc_processes_workers",)] == 1
            await client.delete(f"/jobs/{asked.json()['jobID']}")
            while (found := await figures(client))[("ogc_processes_workers_ended_total",)] != 1:
                await anyio.sleep(0.01)
            assert found[("ogc_processes_workers_busy",)] == 0
