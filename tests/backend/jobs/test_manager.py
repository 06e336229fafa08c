"""Stock pygeoapi with our manager, from nothing but its configuration."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import job_server
import pytest
from pygeoapi.api import API
from pygeoapi.process.base import JobNotFoundError, JobResultNotFoundError, UnknownProcessError
from pygeoapi.util import JobStatus, RequestedProcessExecutionMode

from backend.jobs.manager import JobManager
from backend.jobs.store import JobStore

ASYNC = RequestedProcessExecutionMode.respond_async


def configuration(home: Path) -> dict[str, Any]:
    """As a user of pygeoapi writes it."""
    someone = {"name": "x"}
    return {
        "server": {
            "url": "http://localhost:5000",
            "mimetype": "application/json",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "map": {"url": "x", "attribution": "x"},
            "manager": {"name": "backend.jobs.manager.JobManager", "connection": str(home)},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "t",
                "description": "d",
                "keywords": ["k"],
                "terms_of_service": "x",
                "url": "http://localhost",
            },
            "license": someone,
            "provider": someone,
            "contact": someone,
        },
        "resources": {
            "hello-world": {"type": "process", "processor": {"name": "HelloWorld"}},
            "slow-steps": {"type": "process", "processor": {"name": "backend.processes.slow_steps.slow_steps"}},
        },
    }


@pytest.fixture
def manager(home: Path) -> Iterator[JobManager]:
    loaded = API(configuration(home), {}).manager
    assert isinstance(loaded, JobManager)
    yield loaded
    loaded.close()


def test_a_synchronous_execution_answers_with_the_value(manager: JobManager) -> None:
    job_id, media_type, value, status, _ = manager.execute_process("hello-world", {"name": "Ada"})
    assert (media_type, value, status) == (
        "application/json",
        {"id": "echo", "value": "Hello Ada!"},
        JobStatus.successful,
    )
    assert manager.get_job_result(job_id) == ("application/json", value)
    assert manager.get_job(job_id)["status"] == "successful"


def test_the_document_form_names_the_outputs(manager: JobManager) -> None:
    _, _, value, _, _ = manager.execute_process("hello-world", {"name": "Ada"}, requested_response="document")
    assert value == {"echo": {"id": "echo", "value": "Hello Ada!"}}


def test_a_failed_execution_says_why(manager: JobManager) -> None:
    job_id, _, answer, status, _ = manager.execute_process("hello-world", {})
    assert status is JobStatus.failed
    assert "name" in answer["description"]
    with pytest.raises(JobResultNotFoundError):
        manager.get_job_result(job_id)


def test_a_result_that_is_damaged_is_none(manager: JobManager, home: Path) -> None:
    job_id, *_ = manager.execute_process("hello-world", {"name": "Ada"})
    with closing(sqlite3.connect(home / "jobs.sqlite")) as connection, connection:
        connection.execute("UPDATE results SET data = CAST(replace(data, 'Ada', 'Bob') AS BLOB)")
    with pytest.raises(JobResultNotFoundError, match="damaged"):
        manager.get_job_result(job_id)


def test_an_asynchronous_execution_can_be_followed_and_dismissed(manager: JobManager) -> None:
    job_id, _, value, status, headers = manager.execute_process("slow-steps", {"seconds": 60}, ASYNC)
    assert (value, status, headers) == (None, JobStatus.accepted, {"Preference-Applied": "respond-async"})
    assert manager.get_job(job_id)["status"] in {"accepted", "running"}
    with pytest.raises(JobResultNotFoundError):
        manager.get_job_result(job_id)
    assert manager.delete_job(job_id)
    assert manager.get_job(job_id)["status"] == "dismissed"
    assert manager.get_jobs(status=JobStatus.dismissed)["numberMatched"] == 1


def test_our_processes_run_on_stock_pygeoapi_with_its_own_manager(home: Path) -> None:
    stock = configuration(home)
    home.mkdir()
    stock["server"]["manager"] = {"name": "TinyDB", "connection": str(home / "jobs.db"), "output_dir": str(home)}
    processor = {"name": "backend.processes.geometry_buffer.geometry_buffer"}
    stock["resources"]["geometry-buffer"] = {"type": "process", "processor": processor}
    manager = API(stock, {}).manager
    inputs = {"geometry": {"type": "Point", "coordinates": [8.5, 47.4]}, "distance": 100}
    job_id, media_type, value, status, _ = manager.execute_process("geometry-buffer", inputs)
    assert (status, media_type) == (JobStatus.successful, "application/geo+json")
    assert manager.get_job(job_id)["status"] == "successful"
    assert value


def test_executions_at_once_run_their_own_processes(manager: JobManager) -> None:
    def execute(number: int) -> Any:
        process_id, inputs = ("hello-world", {"name": str(number)}) if number % 2 else ("slow-steps", {"seconds": 0})
        return manager.execute_process(process_id, inputs)[2]

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(execute, range(40)))
    for number, value in enumerate(values):
        assert (value["value"] == f"Hello {number}!") if number % 2 else (value["steps"] == 5)
    assert manager.get_jobs(limit=10)["numberMatched"] == 40
    assert len(manager.get_jobs(limit=10)["jobs"]) == 10


def test_what_does_not_exist_is_said_in_pygeoapis_way(manager: JobManager) -> None:
    with pytest.raises(UnknownProcessError):
        manager.execute_process("none", {})
    for ask in (manager.get_job, manager.get_job_result, manager.delete_job):
        with pytest.raises(JobNotFoundError):
            ask("none")


def test_a_manager_that_only_describes_starts_nothing(home: Path) -> None:
    manager = API(configuration(home), {}).manager
    assert manager.get_processor("hello-world").metadata["id"] == "hello-world"
    assert not home.exists()


def test_a_given_engine_is_used(make_engine: Any, store: JobStore) -> None:
    engine = make_engine()
    manager = JobManager({"name": "backend.jobs.manager.JobManager", "engine": engine, "store": store})
    job = engine.submit(job_server.request("tell"), durable=False)
    assert manager.get_job(job.id)["process_id"] == "tell"
    assert manager.delete_job(job.id)
    assert store.get(job.id).status == "dismissed"
