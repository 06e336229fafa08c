"""The clients that cuiman generates from our descriptions: each method that they have, of each process.

They ask for no job, and take any answer to an execution for one; see `test_cuiman_command_line.py`.
"""

import importlib.util
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest
from cuiman import Client, ClientError, JobMonitor, JobOptions
from cuiman.api.service_client import fetch_process_descriptions, write_service_client_modules

from tests.interop.cuiman_setting import AS_JOBS, Configuration
from tests.packaged import PROCESSORS

POINT = {"type": "Point", "coordinates": [7.6, 51.9]}
NESTED = {"name": "Ada", "range": {"from": 1, "to": 2}}


class Call(NamedTuple):
    inputs: dict[str, Any]
    right: Callable[[Any], bool]
    """Whether the opened result is what the process gives, of which cuiman takes each member for an output."""


CALLS = {
    "geometry_buffer": Call(
        {"geometry": POINT, "distance": 500.0}, lambda found: found["geometry"]["type"] == "Polygon"
    ),
    "geometry_measure": Call({"geometry": POINT}, lambda found: found["parts"] == {"Point": 1}),
    "distance": Call({"geometry": POINT, "other": POINT}, lambda found: found["distance"]["value"] == 0),
    "destination_point": Call(
        {"geometry": POINT, "bearing": 0.0, "distance": 0.0}, lambda found: found["geometry"] == POINT
    ),
    "geometry_transform": Call(
        {"geometry": POINT, "operation": "centroid"}, lambda found: found["geometry"]["type"] == "Point"
    ),
    "slow_steps": Call({"seconds": 0.05}, lambda found: found["steps"] == 5),
    "hello_world": Call({"name": "Ada"}, lambda found: found == {"id": "echo", "value": "Hello Ada!"}),
    "shapely_functions": Call(
        {"operation": "set:union", "geoms": ["POINT(0 0)", "POINT(1 1)"], "output_format": "geojson"},
        lambda found: found["result"]["type"] == "MultiPoint",
    ),
    "echo": Call({"nested": NESTED}, lambda found: found == NESTED),
    "later": Call({"name": "Ada"}, lambda found: found == "Hello Ada, at last."),
    "later_uncounted": Call({"name": "Ada"}, lambda found: found == "Hello Ada, at last."),
}


class Generated(NamedTuple):
    sync: type[Any]
    asynchronous: type[Any]


@pytest.fixture(scope="module")
def generated(own_backend: str, tmp_path_factory: pytest.TempPathFactory) -> Generated:
    client = Client(api_url=own_backend, config_type=Configuration)
    described = fetch_process_descriptions(client)
    client.close()
    paths = write_service_client_modules("own", described, tmp_path_factory.mktemp("generated"))
    return Generated(_load(paths["sync"]).OwnClient, _load(paths["async"]).OwnAsyncClient)


def _load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def settings(url: str) -> dict[str, Any]:
    return {"api_url": url, "config_type": Configuration, "auth": AS_JOBS}


@asynccontextmanager
async def opened(generated: Generated, url: str) -> AsyncGenerator[Any]:
    client = generated.asynchronous(**settings(url))
    try:
        with anyio.fail_after(120):
            yield client
    finally:
        await client.close()


def watched() -> tuple[JobOptions, JobMonitor]:
    monitor = JobMonitor()
    return JobOptions(poll_interval=0.02, timeout=90, monitor=monitor), monitor


def test_they_have_a_method_for_each_process(generated: Generated) -> None:
    for kind in generated:
        methods = {name for name in vars(kind) if not name.startswith("_")}
        assert methods == CALLS.keys() | {name.replace("-", "_") for name in PROCESSORS}


@pytest.mark.parametrize("process", CALLS)
def test_each_method_runs_its_process_to_its_result(generated: Generated, own_backend: str, process: str) -> None:
    options, monitor = watched()
    with closing(generated.sync(**settings(own_backend))) as client:
        found = getattr(client, process)(**CALLS[process].inputs, job_options=options)
    assert CALLS[process].right(found), found
    assert monitor.latest is not None
    assert monitor.latest.status.value == "successful"


@pytest.mark.anyio
@pytest.mark.parametrize("process", CALLS)
async def test_each_asynchronous_method_does_the_same(generated: Generated, own_backend: str, process: str) -> None:
    options, monitor = watched()
    async with opened(generated, own_backend) as client:
        found = await getattr(client, process)(**CALLS[process].inputs, job_options=options)
    assert CALLS[process].right(found), found
    assert monitor.latest is not None
    assert monitor.latest.status.value == "successful"


@pytest.mark.anyio
async def test_a_monitor_is_told_of_a_job_and_cancels_it(generated: Generated, own_backend: str) -> None:
    told: list[str] = []

    async def cancel(job: Any) -> None:
        told.append(job.status.value)
        monitor.cancel()

    monitor = JobMonitor(cancel)
    async with opened(generated, own_backend) as client:
        with pytest.raises(ClientError, match="was cancelled"):
            await client.slow_steps(seconds=60, job_options=JobOptions(poll_interval=0.02, monitor=monitor))
    assert monitor.cancellation_requested
    assert told[-1] == "dismissed"


def test_an_output_is_chosen_by_its_name(generated: Generated, own_backend: str) -> None:
    options = JobOptions(output_name="range", data_type=dict, media_type="application/json", opener_options={})
    with closing(generated.sync(**settings(own_backend))) as client:
        assert client.echo(nested=NESTED, job_options=options) == NESTED["range"]


def test_without_its_asking_for_jobs_only_a_process_that_offers_nothing_else_is_one(
    generated: Generated, own_backend: str
) -> None:
    with closing(generated.sync(api_url=own_backend, config_type=Configuration)) as client:
        assert client.later(name="Ada", job_options=JobOptions(poll_interval=0.02)) == "Hello Ada, at last."
        with pytest.raises(AttributeError):
            client.hello_world(name="Ada")
