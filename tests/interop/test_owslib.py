"""OWSLib against our backend: each operation of `owslib.ogcapi.processes.Processes`."""

import httpx
import pytest
from owslib.ogcapi.processes import Processes

from tests.interop.own_backend import until

POINT = {"type": "Point", "coordinates": [7.6, 51.9]}
PACKAGED = {"geometry-buffer", "geometry-measure", "hello-world", "shapely-functions", "slow-steps"}


@pytest.fixture
def client(own_backend: str) -> Processes:
    return Processes(own_backend)


def test_it_reads_the_landing_page(client: Processes) -> None:
    assert client.response["title"] == "OGC API – Processes"
    assert {"self", "service-desc", "http://www.opengis.net/def/rel/ogc/1.0/processes"} <= {
        link["rel"] for link in client.links
    }


def test_it_starts_from_a_landing_page_that_it_has_already(own_backend: str) -> None:
    had = Processes(own_backend, json_=httpx.get(f"{own_backend}/", timeout=60).text)
    assert had.conformance()["conformsTo"]
    assert had.api()["openapi"].startswith("3.0")


def test_it_repeats_the_query_of_its_url_with_each_request(own_backend: str) -> None:
    client = Processes(f"{own_backend}/?f=json")
    assert client.process("hello-world")["id"] == "hello-world"
    assert client.execute("hello-world", {"name": "Ada"})["echo"]["value"]["value"] == "Hello Ada!"


def test_it_finds_the_api_definition_through_the_landing_page(client: Processes) -> None:
    definition = client.api()
    assert definition["openapi"].startswith("3.0")
    assert "/processes/{processID}/execution" in definition["paths"]


def test_it_reads_the_conformance_declaration(client: Processes) -> None:
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in client.conformance()["conformsTo"]


def test_it_lists_all_processes(client: Processes) -> None:
    assert {process["id"] for process in client.processes()} >= PACKAGED


def test_it_describes_each_process(client: Processes) -> None:
    for listed in client.processes():
        described = client.process(listed["id"])
        assert described["id"] == listed["id"]
        assert described["outputs"]


def test_it_executes_synchronously_and_gets_a_document(client: Processes) -> None:
    assert client.execute("hello-world", {"name": "Ada"}) == {
        "echo": {"mediaType": "application/json", "value": {"id": "echo", "value": "Hello Ada!"}}
    }


def test_it_executes_synchronously_and_gets_the_raw_value(client: Processes) -> None:
    feature = client.execute("geometry-buffer", {"geometry": POINT, "distance": 500}, response="raw")
    assert feature["geometry"]["type"] == "Polygon"
    assert client.response_headers is not None
    assert client.response_headers["Content-Type"] == "application/geo+json"


def test_it_selects_outputs(client: Processes) -> None:
    outputs = {"echo": {"transmissionMode": "value"}}
    assert list(client.execute("hello-world", {"name": "Ada"}, outputs=outputs)) == ["echo"]


def test_it_submits_a_job_whose_location_leads_to_the_result(client: Processes) -> None:
    accepted = client.execute("hello-world", {"name": "Ada"}, async_=True)
    assert accepted["type"] == "process"
    assert client.response_headers is not None
    location = client.response_headers["Location"]
    assert location.endswith(accepted["jobID"])
    ended = until(
        lambda: httpx.get(location, timeout=60).json(), lambda job: job["status"] not in ("accepted", "running")
    )
    assert ended["status"] == "successful"
    results = httpx.get(f"{location}/results", timeout=60).json()
    assert results["echo"]["value"] == {"id": "echo", "value": "Hello Ada!"}


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (lambda client: client.process("nowhere"), "no-such-process"),
        (lambda client: client.execute("nowhere", {}), "no-such-process"),
        (lambda client: client.execute("hello-world", {"nam": "Ada"}), "Did you mean `name`"),
        (lambda client: client.collection("lakes"), "lakes"),
        (lambda client: client.collection_schema("lakes"), "Not Found"),
    ],
    ids=["unknown process", "unknown execution", "bad inputs", "collection", "collection schema"],
)
def test_what_there_is_not_is_refused_with_the_reason(client: Processes, refused, reason: str) -> None:
    with pytest.raises(RuntimeError, match=reason):
        refused(client)


def test_it_lists_the_datasets_as_collections(client: Processes) -> None:
    listed = {found["id"]: found for found in client.collections()["collections"]}
    assert {"countries", "places"} <= listed.keys()
    assert client.collection("countries")["id"] == "countries"
