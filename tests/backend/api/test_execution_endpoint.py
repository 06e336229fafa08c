"""`POST /processes/{id}/execution`: modes, waiting, many at once."""

from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from tests.backend.api.calls import finished, local, run

pytestmark = pytest.mark.anyio

POINT = {"type": "Point", "coordinates": [0, 0]}


async def test_hello_world_runs_unchanged(client: httpx.AsyncClient) -> None:
    response = await run(client, "hello-world", inputs={"name": "World", "message": "An optional message."})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"id": "echo", "value": "Hello World! An optional message."}


async def test_shapely_functions_runs_unchanged(client: httpx.AsyncClient) -> None:
    inputs = {"operation": "measurement:distance", "geoms": ["POINT (0 0)", {"type": "Point", "coordinates": [3, 4]}]}
    response = await run(client, "shapely-functions", inputs=inputs | {"output_format": "wkt"})
    assert response.status_code == 200
    assert response.json() == {"operation": "measurement:distance", "result": 5.0}


async def test_a_typed_process_answers_with_its_own_media_type(client: httpx.AsyncClient) -> None:
    response = await run(client, "geometry-buffer", inputs={"geometry": POINT, "distance": 500})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/geo+json"
    assert response.json()["geometry"]["type"] == "Polygon"


async def test_a_synchronous_answer_names_its_job(client: httpx.AsyncClient) -> None:
    response = await run(client, "hello-world", inputs={"name": "x"})
    status = (await client.get(local(response.headers["location"]))).json()
    assert (status["status"], status["processID"]) == ("successful", "hello-world")
    assert response.headers["link"] == f'<{response.headers["location"]}>; rel="monitor"; type="application/json"'


@pytest.mark.parametrize(
    ("prefer", "body"),
    [
        ("respond-async", {}),
        ("respond-async; why=long, handling=lenient", {}),
        ("", {"mode": "async"}),
        ("respond-async", {"mode": "auto"}),
    ],
)
async def test_an_asynchronous_execution_answers_with_its_job_and_later_its_result(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None], prefer: str, body: dict[str, Any]
) -> None:
    response = await run(client, "hello-world", prefer, inputs={"name": "later"}, **body)
    assert response.status_code == 201
    assert ("respond-async" in response.headers.get("preference-applied", "")) == bool(prefer)
    conforms(response.json(), "statusInfo.yaml")
    job = local(response.headers["location"])
    assert job == f"/jobs/{response.json()['jobID']}"
    status = await finished(client, job)
    conforms(status, "statusInfo.yaml")
    assert status["status"] == "successful"
    assert status["created"] <= status["started"] <= status["finished"] <= status["updated"]
    results = next(link["href"] for link in status["links"] if link["rel"].endswith("/results"))
    assert (await client.get(local(results))).json()["value"] == "Hello later!"


@pytest.mark.parametrize(
    ("process", "prefer", "mode", "status"),
    [
        ("sync-only", "respond-async", "auto", 200),
        ("sync-only", "", "async", 200),
        ("async-only", "", "auto", 201),
        ("async-only", "", "sync", 201),
        ("hello-world", "respond-async", "sync", 200),
        ("hello-world", "", "auto", 200),
    ],
)
async def test_the_mode_is_never_one_the_process_does_not_declare(
    client: httpx.AsyncClient, process: str, prefer: str, mode: str, status: int
) -> None:
    inputs = {"name": "x"} if process == "hello-world" else {}
    assert (await run(client, process, prefer, inputs=inputs, mode=mode)).status_code == status


async def test_with_wait_an_asynchronous_execution_answers_with_the_result_if_it_is_soon_ready(
    client: httpx.AsyncClient,
) -> None:
    response = await run(client, "hello-world", "respond-async, wait=20", inputs={"name": "soon"})
    assert response.status_code == 200
    assert response.headers["preference-applied"] == "wait=20"
    assert response.json()["value"] == "Hello soon!"


@pytest.mark.parametrize("prefer", ["respond-async, wait=0", "wait=0"])
async def test_with_wait_an_execution_that_takes_longer_answers_with_its_job(
    client: httpx.AsyncClient, prefer: str
) -> None:
    response = await run(client, "slow-steps", prefer, inputs={"seconds": 30, "steps": 1})
    assert response.status_code == 201
    assert response.json()["status"] in ("accepted", "running")
    assert "wait=0" in response.headers["preference-applied"]
    assert (await client.delete(local(response.headers["location"]))).json()["status"] == "dismissed"


async def test_an_empty_body_is_enough_where_nothing_is_required(client: httpx.AsyncClient) -> None:
    response = await client.post("/processes/sync-only/execution")
    assert (response.status_code, response.json()) == (200, True)


async def test_two_hundred_concurrent_executions_of_different_processes_are_never_mixed_up(
    client: httpx.AsyncClient,
) -> None:
    wrong: list[Any] = []

    async def one(index: int) -> None:
        if index % 3 == 0:
            response = await run(client, "hello-world", inputs={"name": f"n{index}"})
            right = response.json().get("value") == f"Hello n{index}!"
        elif index % 3 == 1:
            inputs = {"operation": "measurement:distance", "geoms": ["POINT (0 0)", f"POINT ({index} 0)"]}
            response = await run(client, "shapely-functions", inputs=inputs | {"output_format": "wkt"})
            right = response.json().get("result") == float(index)
        else:
            response = await run(client, "hello-world", "respond-async", inputs={"name": f"n{index}"})
            job = local(response.headers["location"])
            await finished(client, job)
            right = (await client.get(f"{job}/results")).json().get("value") == f"Hello n{index}!"
        if not right:
            wrong.append((index, response.status_code, response.text))

    with anyio.fail_after(180):
        async with anyio.create_task_group() as group:
            for index in range(200):
                group.start_soon(one, index)
    assert not wrong


async def test_the_server_answers_while_all_workers_are_busy(client: httpx.AsyncClient, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("notes")
    jobs: list[str] = []
    for index in range(3):
        response = await run(client, "busy", "respond-async", inputs={"note": str(folder / str(index))})
        jobs.append(local(response.headers["location"]))
    with anyio.fail_after(40):
        for _ in range(50):
            assert (await client.get("/processes/hello-world")).status_code == 200
    for job in jobs:
        assert (await client.delete(job)).json()["status"] == "dismissed"


async def test_an_execution_that_its_client_abandons_is_dismissed(
    client: httpx.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    note = tmp_path_factory.mktemp("notes") / "abandoned"
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: run(client, "busy", inputs={"note": str(note)}))
        with anyio.fail_after(40):
            while not (jobs := (await client.get("/jobs?status=running&processID=busy")).json()["jobs"]):
                await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    assert (await client.get(f"/jobs/{jobs[0]['jobID']}")).json()["status"] == "dismissed"


@pytest.mark.parametrize(
    "process",
    [
        "geometry-buffer",
        "geometry-measure",
        "distance",
        "destination-point",
        "geometry-transform",
        "slow-steps",
        "hello-world",
        "echo",
    ],
)
async def test_the_example_in_a_description_is_a_call_that_succeeds(client: httpx.AsyncClient, process: str) -> None:
    example = (await client.get(f"/processes/{process}")).json()["example"]
    assert (await run(client, process, accept="application/json", **example)).status_code == 200
