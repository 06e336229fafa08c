"""What the backend answers as its image runs it, held to the OGC's schemas from the client's side."""

import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.deploy.containers import Container
from tests.interop.own_backend import until
from tests.standard.clients import conforming
from tests.standard.schemas import standard_schemas

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the commands of the images are Linux's"),
    pytest.mark.skipif(standard_schemas() is None, reason="the schemas of the standard are not beside this checkout"),
]


@pytest.fixture
def client(container: Container) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=container.url, timeout=30, event_hooks=conforming()) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/conformance", 200), ("/processes", 200), ("/processes/echo", 200), ("/jobs", 200), ("/none", 404)],
)
def test_each_document_conforms(client: httpx.Client, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_the_answers_of_a_jobs_whole_life_conform(client: httpx.Client) -> None:
    request = {"inputs": {"name": "Ada"}, "response": "document"}
    accepted = client.post("/processes/hello-world/execution", json=request, headers={"Prefer": "respond-async"})
    job = f"/jobs/{accepted.json()['jobID']}"
    until(lambda: client.get(job).json(), lambda told: told["status"] == "successful")
    results = client.get(f"{job}/results")
    assert results.json() == {"echo": {"mediaType": "application/json", "value": {"id": "echo", "value": "Hello Ada!"}}}
    assert client.delete(job).json()["status"] == "dismissed"
    assert client.get(f"{job}/results").status_code == 410


def test_a_refusal_conforms(client: httpx.Client) -> None:
    refused = client.post("/processes/geometry-buffer/execution", json={"inputs": {"geometry": 3}})
    assert refused.status_code == 400
    assert refused.headers["content-type"] == "application/problem+json"
