"""cuiman against our backend: each operation of its client, synchronous and asynchronous, and its generated clients."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from cuiman import AsyncClient, Client, ClientConfig
from cuiman.api.exceptions import ClientError
from cuiman.api.jobs import JobMonitor, JobOptions
from cuiman.api.opener import JobResultOpenContext, JobResultOpener
from cuiman.api.service_client import fetch_process_descriptions, write_service_client_modules
from gavicore.models import JobInfo, ProcessRequest, QualifiedValue

from tests.interop.own_backend import until

POINT = {"type": "Point", "coordinates": [7.6, 51.9]}
ASYNC = {"Prefer": "respond-async"}
GREETING = ProcessRequest(inputs={"name": "Ada"}, response="document")


class Value(JobResultOpener):
    """Opens a value that stands in the results; cuiman's own openers make data frames, images and arrays of links."""

    async def accept_job_result(self, ctx: JobResultOpenContext) -> bool:
        return ctx.output_value is not None

    async def open_job_result(self, ctx: JobResultOpenContext) -> Any:
        found = ctx.output_value
        return found.value if isinstance(found, QualifiedValue) else found


class Configuration(ClientConfig):
    """What an application of cuiman's gives: openers of its own."""


Configuration.get_job_result_opener_registry().register(Value)


@pytest.fixture
def client(own_backend: str) -> Iterator[Client]:
    opened = Client(api_url=own_backend, config_type=Configuration)
    yield opened
    opened.close()


def submit(client: Client, process: str, **inputs: Any) -> JobInfo:
    request = ProcessRequest(inputs=inputs, response="document")
    return client.execute_process(process, request, headers=ASYNC)


def test_it_reads_capabilities_and_conformance(client: Client) -> None:
    assert client.get_capabilities().title == "OGC API – Processes"
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in client.get_conformance().conformsTo


def test_it_lists_describes_and_drafts_a_request_for_each_process(client: Client) -> None:
    processes = client.get_processes().processes
    assert {"geometry-buffer", "hello-world", "later"} <= {process.id for process in processes}
    for process in processes:
        described = client.get_process(process.id)
        for dotted in (False, True):
            draft = client.create_execution_request(process.id, dotpath=dotted)
            assert draft.process_id == process.id
            assert {name.partition(".")[0] for name in draft.inputs or {}} <= set(described.inputs or {})


def test_it_follows_a_job_to_its_results(client: Client) -> None:
    job = submit(client, "geometry-buffer", geometry=POINT, distance=500)
    ended = until(lambda: client.get_job(job.jobID), lambda now: now.status.value not in ("accepted", "running"))
    assert (ended.processID, ended.status.value, ended.progress) == ("geometry-buffer", "successful", 100)
    buffer = client.get_job_results(job.jobID).root["buffer"]
    assert buffer.mediaType == "application/geo+json"
    assert buffer.value["geometry"]["type"] == "Polygon"
    assert job.jobID in [listed.jobID for listed in client.get_jobs().jobs]


def test_it_waits_for_a_job_and_opens_its_result(client: Client) -> None:
    job = submit(client, "hello-world", name="Ada")
    opened = client.open_job_result(job.jobID, output_name="echo", poll_interval=0.02)
    assert opened == {"id": "echo", "value": "Hello Ada!"}


def test_a_synchronous_execution_gives_the_results_themselves(client: Client) -> None:
    assert client.execute_process("hello-world", GREETING)["echo"]["value"] == {"id": "echo", "value": "Hello Ada!"}


def test_it_dismisses_a_running_job(client: Client) -> None:
    job = submit(client, "slow-steps", seconds=60)
    assert client.dismiss_job(job.jobID).status.value == "dismissed"
    assert client.get_job(job.jobID).status.value == "dismissed"


def test_its_errors_are_our_problems(client: Client) -> None:
    for unknown in (client.get_job, client.get_job_results, client.dismiss_job):
        with pytest.raises(ClientError) as caught:
            unknown("nowhere")
        assert caught.value.api_error.type.endswith("/no-such-job")
        assert caught.value.api_error.status == 404
    with pytest.raises(ClientError) as caught:
        client.get_process("nowhere")
    assert caught.value.api_error.type.endswith("/no-such-process")
    with pytest.raises(ClientError) as caught:
        client.execute_process("hello-world", ProcessRequest(inputs={"nam": "Ada"}))
    assert "Did you mean `name`" in str(caught.value.api_error.detail)


@pytest.mark.anyio
async def test_its_asynchronous_client_does_the_same(own_backend: str) -> None:
    client = AsyncClient(api_url=own_backend, config_type=Configuration)
    with anyio.fail_after(30):
        assert (await client.get_capabilities()).title == "OGC API – Processes"
        assert (await client.get_conformance()).conformsTo
        assert (await client.get_processes()).processes
        assert (await client.get_process("hello-world")).id == "hello-world"
        assert (await client.create_execution_request("hello-world")).process_id == "hello-world"
        job = await client.execute_process("hello-world", GREETING, headers=ASYNC)
        opened = await client.open_job_result(job.jobID, output_name="echo", poll_interval=0.02)
        assert opened == {"id": "echo", "value": "Hello Ada!"}
        assert (await client.get_job(job.jobID)).status.value == "successful"
        assert "echo" in (await client.get_job_results(job.jobID)).root
        assert job.jobID in [listed.jobID for listed in (await client.get_jobs()).jobs]
        assert (await client.dismiss_job(job.jobID)).status.value == "dismissed"
        await client.close()


def test_the_client_it_generates_from_our_descriptions_runs_a_process_to_its_result(
    client: Client, own_backend: str, tmp_path: Path
) -> None:
    paths = write_service_client_modules("own", fetch_process_descriptions(client), tmp_path)
    spec = importlib.util.spec_from_file_location("own_sync", paths["sync"])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    updates: list[str] = []
    options = JobOptions(poll_interval=0.02, monitor=JobMonitor(lambda job: updates.append(job.status.value)))
    # It asks for raw results, reads JSON and expects a job in answer: `later` runs only as a job.
    generated = module.OwnClient(api_url=own_backend, config_type=Configuration)
    assert generated.later(name="Ada", job_options=options) == "Hello Ada, at last."
    assert updates[0] in ("accepted", "running", "successful")
    assert updates[-1] == "successful"
    generated.close()
