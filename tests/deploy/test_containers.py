"""The images as they run, together as they share what takes seconds to start.

The backend is gunicorn with several workers on one home. Its answers are held to the OGC's schemas from the client's
side. The bridge stands in front of it.
"""

import json
import os
import signal
import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import psutil
import pytest
from mcp import Client

from mcp_server.cli.http_protocol import MAX_HEAD_BYTES
from tests.deploy.containers import Container, backend_container, mcp_container, run_health_check
from tests.faults.injection import still_there
from tests.interop.own_backend import own_backend, until
from tests.standard.clients import conforming
from tests.standard.schemas import standard_schemas

pytest.importorskip("gunicorn", reason="gunicorn is not installed here; it runs on Unix only")
pytestmark = [
    pytest.mark.long(40),
    pytest.mark.skipif(sys.platform != "linux", reason="the commands of the images are Linux's"),
]

ENDED = ("successful", "failed", "dismissed")
JSON = {"Accept": "application/json, text/event-stream"}

held_to_schemas = pytest.mark.skipif(
    standard_schemas() is None, reason="the schemas of the standard are not beside this checkout"
)


class Line(AbstractContextManager["Line"]):
    """One connection that is kept, and so one worker."""

    def __init__(self, container: Container) -> None:
        self.client = httpx.Client(base_url=container.url, timeout=30, event_hooks=conforming())
        answer = self.client.get("/conformance")
        address = answer.extensions["network_stream"].get_extra_info("client_addr")
        self.worker = until(lambda: _holder(container, address), lambda pid: pid != 0)

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def execute(self, process: str, inputs: dict[str, Any], *, wait: bool) -> httpx.Response:
        headers = {} if wait else {"Prefer": "respond-async"}
        return self.client.post(f"/processes/{process}/execution", json={"inputs": inputs}, headers=headers)

    def submit(self, seconds: float) -> str:
        answer = self.execute("slow-steps", {"seconds": seconds, "steps": 5}, wait=False)
        assert answer.status_code == 201, answer.text
        return answer.json()["jobID"]

    def status(self, job: str) -> dict[str, Any]:
        return self.client.get(f"/jobs/{job}").json()

    def until_status(self, job: str, *wanted: str) -> dict[str, Any]:
        return until(lambda: self.status(job), lambda now: now["status"] in wanted, seconds=60)


def _holder(container: Container, address: tuple[str, int]) -> int:
    for pid in container.workers():
        if any(held.raddr == address for held in psutil.Process(pid).net_connections("tcp")):
            return pid
    return 0


@contextmanager
def two_lines(container: Container) -> Generator[tuple[Line, Line]]:
    """A connection to each of two workers."""
    with ExitStack() as stack:
        one = other = stack.enter_context(Line(container))
        for _ in range(100):
            if other.worker != one.worker:
                break
            other = stack.enter_context(Line(container))
        assert other.worker != one.worker, "one worker takes all connections"
        yield one, other


@pytest.fixture
def lines(container: Container) -> Iterator[tuple[Line, Line]]:
    with two_lines(container) as pair:
        yield pair


def test_the_health_check_of_the_backend_passes(container: Container) -> None:
    assert run_health_check("backend", container) == 0


def test_executions_at_the_same_time_are_done_by_all_workers(container: Container) -> None:
    with ThreadPoolExecutor(8) as threads, ExitStack() as stack:
        lines = [stack.enter_context(Line(container)) for _ in range(8)]
        answers = list(
            threads.map(
                lambda each: each[1].execute("hello-world", {"name": f"Ada {each[0]}"}, wait=True),
                enumerate(lines * 4),
            )
        )
    assert [answer.json()["value"] for answer in answers] == [f"Hello Ada {number}!" for number in range(32)]


def test_a_job_of_one_worker_is_seen_and_dismissed_through_another(lines: tuple[Line, Line]) -> None:
    one, other = lines
    job = one.submit(60)
    assert other.until_status(job, "running")["processID"] == "slow-steps"
    assert job in [listed["jobID"] for listed in other.client.get("/jobs").json()["jobs"]]
    dismissed = other.client.delete(f"/jobs/{job}")
    assert (dismissed.status_code, dismissed.json()["status"]) == (200, "dismissed")
    assert one.status(job)["status"] == "dismissed"


def test_a_result_of_one_worker_is_read_and_passed_on_through_another(
    lines: tuple[Line, Line], container: Container
) -> None:
    one, other = lines
    point = {"type": "Point", "coordinates": [7.6, 51.9]}
    made = one.execute("geometry-buffer", {"geometry": point, "distance": 500}, wait=True)
    results = httpx.URL(made.headers["Location"]).path + "/results"
    assert other.client.get(results).json()["geometry"]["type"] == "Polygon"
    # Links begin with the public URL, which is not where the container is reached here.
    reference = {"href": f"http://localhost:5001{results}/buffer"}
    assert not container.url.endswith(":5001")
    measured = other.execute("geometry-measure", {"geometry": reference}, wait=True)
    assert measured.status_code == 200, measured.text
    assert measured.json()["area"]["value"] == pytest.approx(785_398, rel=1e-3)


def test_more_jobs_than_one_worker_can_run_are_shared(lines: tuple[Line, Line]) -> None:
    one, _ = lines
    for seconds in (1, 5, 20):  # where a machine stands still, a short job ends before the next is submitted
        jobs = [one.submit(seconds) for _ in range(4)]
        ended = [one.until_status(job, *ENDED) for job in jobs]
        assert [job["status"] for job in ended] == ["successful"] * 4
        if max(job["started"] for job in ended) < min(job["finished"] for job in ended):
            break
    # Each worker runs two at a time: all four were under way together.
    assert max(job["started"] for job in ended) < min(job["finished"] for job in ended)


def test_a_killed_worker_is_replaced_and_every_acknowledged_job_ends(container: Container) -> None:
    before = container.workers()
    with two_lines(container) as (one, other):
        for seconds in (1.5, 6, 24):  # where a machine stands still, a short job is not seen to run
            jobs = [line.submit(seconds) for line in (one, other, one, other, one, other)]
            if one.until_status(jobs[0], "running", *ENDED)["status"] == "running":
                break
        family = psutil.Process(one.worker).children(recursive=True)
        assert family
        os.kill(one.worker, signal.SIGKILL)
        assert still_there(family, seconds=60) == []
        ended = [other.until_status(job, *ENDED) for job in jobs]
        for job in ended:
            assert job["status"] == "successful" or "died" in job["message"], job
        of_the_other = [ended[index]["status"] for index in (1, 3, 5)]
        assert of_the_other == ["successful"] * 3
        killed = one.worker
    after = until(container.workers, lambda pids: len(pids) == len(before) and killed not in pids, seconds=120)
    assert set(after) != set(before)
    with two_lines(container) as (one, other):
        for line in (one, other):
            assert line.execute("hello-world", {"name": "Ada"}, wait=True).status_code == 200


def test_a_stop_waits_for_no_client_leaves_nothing_behind_and_the_next_start_ends_every_job(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with backend_container(home) as first, two_lines(first) as (line, holding), ThreadPoolExecutor(1) as threads:
        jobs = [line.submit(0.6) for _ in range(6)]
        # More than all workers run at once: the last has a while to wait.
        headers = {"If-None-Match": line.client.get(f"/jobs/{jobs[-1]}").headers["ETag"], "Prefer": "wait=300"}
        line.until_status(jobs[0], "running", *ENDED)
        held = threads.submit(holding.client.get, f"/jobs/{jobs[-1]}", headers=headers, timeout=300)
        family = psutil.Process(first.process.pid).children(recursive=True)
        assert first.stop(seconds=120) == 0
        assert still_there(family, seconds=60) == []
        held.exception(timeout=60)
    # Whichever server it is that starts next on the home.
    with own_backend(home) as url, httpx.Client(base_url=url, timeout=30, event_hooks=conforming()) as client:
        for job in jobs:
            ended = until_ended(client, job)
            assert ended["status"] == "successful" or ended["message"], ended


def test_a_log_of_json_has_no_other_lines(tmp_path: Path) -> None:
    with backend_container(tmp_path / "home", workers=1, OGC_PROCESSES_LOG_FORMAT="json") as running:
        assert running.stop(seconds=120) == 0
    records = [json.loads(line) for line in running.log.read_text(encoding="utf-8").splitlines()]
    messages = [record["message"] for record in records]
    assert any(message.startswith("Starting gunicorn") for message in messages)
    assert any(message.startswith("Shutting down: Master") for message in messages)


def until_ended(client: httpx.Client, job: str) -> dict[str, Any]:
    return until(lambda: client.get(f"/jobs/{job}").json(), lambda now: now["status"] in ENDED, seconds=60)


@pytest.fixture
def client(container: Container) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=container.url, timeout=30, event_hooks=conforming()) as client:
        yield client


@held_to_schemas
@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/conformance", 200), ("/processes", 200), ("/processes/echo", 200), ("/jobs", 200), ("/none", 404)],
)
def test_each_document_conforms(client: httpx.Client, path: str, status: int) -> None:
    assert client.get(path).status_code == status


@held_to_schemas
def test_the_answers_of_a_jobs_whole_life_conform(client: httpx.Client) -> None:
    request = {"inputs": {"name": "Ada"}, "response": "document"}
    accepted = client.post("/processes/hello-world/execution", json=request, headers={"Prefer": "respond-async"})
    job = f"/jobs/{accepted.json()['jobID']}"
    until(lambda: client.get(job).json(), lambda told: told["status"] == "successful")
    results = client.get(f"{job}/results")
    assert results.json() == {"echo": {"mediaType": "application/json", "value": {"id": "echo", "value": "Hello Ada!"}}}
    assert client.delete(job).json()["status"] == "dismissed"
    assert client.get(f"{job}/results").status_code == 410


@held_to_schemas
def test_a_refusal_conforms(client: httpx.Client) -> None:
    refused = client.post("/processes/geometry-buffer/execution", json={"inputs": {"geometry": 3}})
    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.fixture(scope="module")
def mcp(container: Container, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    with mcp_container(tmp_path_factory.mktemp("compose") / "mcp", container.url) as running:
        yield running


def test_the_health_check_of_the_bridge_passes(mcp: Container) -> None:
    assert run_health_check("mcp", mcp) == 0


def test_the_health_check_fails_where_nothing_listens(mcp: Container) -> None:
    nowhere = replace(mcp, url="http://127.0.0.1:1")
    assert run_health_check("mcp", nowhere) != 0


@pytest.mark.anyio
async def test_a_tool_runs_on_the_backend_and_its_result_is_passed_on(mcp: Container) -> None:
    with anyio.fail_after(60):
        async with Client(f"{mcp.url}/mcp") as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert {"geometry_buffer", "hello_world"} <= names
            point = {"type": "Point", "coordinates": [7.6, 51.9]}
            made = await client.call_tool("geometry_buffer", {"geometry": point, "distance": 500})
            assert made.structured_content is not None
            assert not made.is_error
            reference = made.structured_content["outputs"]["buffer"]["uri"]
            assert reference.startswith("ogc://backend/jobs/")
            measured = await client.call_tool("geometry_measure", {"geometry": reference})
            assert not measured.is_error


def test_the_bridge_answers_to_no_name_that_a_foreign_site_made_up(mcp: Container) -> None:
    for host, status in (("localhost:8000", 400), ("rebound.example:8000", 421)):
        # An empty request, so 400, of a caller who is let in.
        assert (
            httpx.post(f"{mcp.url}/mcp", json={}, headers={**JSON, "Host": host}, timeout=60).status_code == status
        ), host


def test_the_backend_answers_to_the_name_that_the_bridge_calls_it_by(container: Container) -> None:
    with httpx.Client(base_url=container.url, timeout=30, event_hooks=conforming()) as client:
        for host, status in (("backend:5001", 200), ("localhost:5001", 200), ("rebound.example:5001", 421)):
            assert client.get("/conformance", headers={"Host": host}).status_code == status, host


def test_the_backend_takes_no_head_without_end(container: Container) -> None:
    assert (
        httpx.get(f"{container.url}/conformance", headers={"X-Long": "x" * MAX_HEAD_BYTES}, timeout=60).status_code
        == 400
    )
