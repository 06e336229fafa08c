"""cuiman against our backend: each operation of its client, synchronous and asynchronous, and its configuration."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from cuiman import AsyncClient, Client
from cuiman.api.exceptions import ClientError
from cuiman.api.opener import JobResultOpenError, JobResultStatusError
from gavicore.models import JobInfo, ProcessRequest

from tests.interop.cuiman_setting import Configuration, Value, memory_keyring
from tests.interop.own_backend import until

POINT = {"type": "Point", "coordinates": [7.6, 51.9]}
ASYNC = {"Prefer": "respond-async"}
GREETING = ProcessRequest(inputs={"name": "Ada"}, response="document")


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


def test_a_result_that_is_not_there_is_not_opened(client: Client) -> None:
    job = submit(client, "slow-steps", seconds=60)
    with pytest.raises(TimeoutError):
        client.open_job_result(job.jobID, timeout=0)
    client.dismiss_job(job.jobID)
    with pytest.raises(JobResultStatusError, match="The job was dismissed"):
        client.open_job_result(job.jobID)


def test_it_needs_no_login_and_has_no_token(client: Client, own_backend: str) -> None:
    client.login(interactive=False)
    assert client.token is None
    assert client.config.api_url == f"{own_backend}/"
    with memory_keyring():
        client.logout()
    with pytest.raises(RuntimeError, match="closed"):
        client.get_jobs()


def test_its_configuration_is_written_read_and_used(own_backend: str, tmp_path: Path) -> None:
    path = Configuration.new_instance(api_url=own_backend).write(tmp_path / "profile.yml")
    assert Configuration.read_file_data(path) == {"api_url": f"{own_backend}/", "auth": {"auth_type": "none"}}
    read = Configuration.from_file(path)
    assert read is not None
    assert read.to_dict() == {"api_url": f"{own_backend}/", "auth": {"auth_type": "none"}}
    assert read.to_file_dict() == Configuration.create(config_path=path).to_file_dict()
    assert Configuration.normalize_config_path(str(path)) == path
    assert Configuration.validate_api_url("") is None
    client = Client(config=read)
    assert client.get_conformance().conformsTo
    client.close()


def test_an_opener_is_registered_and_taken_out_again(client: Client) -> None:
    job = submit(client, "hello-world", name="Ada")
    registry = Configuration.get_job_result_opener_registry()
    before = registry.opener_types
    try:
        registry.clear()
        with pytest.raises(JobResultOpenError, match="No job result openers"):
            client.open_job_result(job.jobID, poll_interval=0.02)
        unregister = Configuration.register_job_result_opener(Value)
        assert client.open_job_result(job.jobID) == {"id": "echo", "value": "Hello Ada!"}
        unregister()
        assert registry.opener_types == ()
    finally:
        for opener in reversed(before):
            registry.register(opener)


@pytest.mark.anyio
async def test_its_asynchronous_client_does_the_same(own_backend: str) -> None:
    client = AsyncClient(api_url=own_backend, config_type=Configuration)
    with anyio.fail_after(40):
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
        with pytest.raises(ClientError) as caught:
            await client.get_job("nowhere")
        assert caught.value.api_error.type.endswith("/no-such-job")
        await client.login(interactive=False)
        assert client.token is None
        assert client.config.api_url == f"{own_backend}/"
        await client.close()
        with pytest.raises(RuntimeError, match="closed"):
            await client.get_jobs()


@pytest.mark.anyio
async def test_its_asynchronous_client_logs_out(own_backend: str) -> None:
    client = AsyncClient(api_url=own_backend, config_type=Configuration)
    with anyio.fail_after(40), memory_keyring():
        assert (await client.get_conformance()).conformsTo
        await client.logout()
        with pytest.raises(RuntimeError, match="closed"):
            await client.get_jobs()
