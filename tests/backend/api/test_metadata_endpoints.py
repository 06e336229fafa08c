"""Landing page, conformance, processes: what the server tells of itself."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pygeoapi.process.hello_world import PROCESS_METADATA as HELLO_WORLD
from pygeoapi.process.shapely_functions import PROCESS_METADATA as SHAPELY_FUNCTIONS

pytestmark = pytest.mark.anyio

BASE = "https://maps.example/ogc"
PACKAGED = ["geometry-buffer", "geometry-measure", "slow-steps", "hello-world", "shapely-functions", "echo"]


async def test_the_landing_page_links_to_everything(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None]
) -> None:
    response = await client.get("/")
    assert response.headers["content-type"] == "application/json"
    landing = response.json()
    conforms(landing, "landingPage.yaml")
    links = {link["rel"]: link["href"] for link in landing["links"]}
    for rel in ("self", "conformance", "processes", "job-list"):
        href = links.get(rel) or links[f"http://www.opengis.net/def/rel/ogc/1.0/{rel}"]
        assert (await client.get(href.removeprefix(BASE))).status_code == 200


async def test_conformance_names_the_standards_classes_and_ours(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None]
) -> None:
    document = (await client.get("/conformance")).json()
    conforms(document, "confClasses.yaml")
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in document["conformsTo"]
    assert "urn:ogc-processes-mcp:conf:minimal-results" in document["conformsTo"]
    assert "urn:ogc-processes-mcp:conf:held-status" in document["conformsTo"]


async def test_all_processes_are_listed_by_default(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None]
) -> None:
    document = (await client.get("/processes")).json()
    conforms(document, "processList.yaml")
    assert [process["id"] for process in document["processes"]][:6] == PACKAGED
    assert document["numberMatched"] == document["numberReturned"] == len(document["processes"])
    assert [link["rel"] for link in document["links"]] == ["self", "alternate"]
    assert not {"inputs", "outputs", "example"} & document["processes"][0].keys()


async def test_pages_of_processes_lead_to_all_of_them(client: httpx.AsyncClient) -> None:
    url, seen = "/processes?limit=2", list[str]()
    while url:
        document = (await client.get(url)).json()
        assert len(document["processes"]) <= 2
        seen += [process["id"] for process in document["processes"]]
        url = next((link["href"].removeprefix(BASE) for link in document["links"] if link["rel"] == "next"), "")
    assert seen == [process["id"] for process in (await client.get("/processes")).json()["processes"]]


@pytest.mark.parametrize("process", PACKAGED)
async def test_every_description_conforms_and_names_its_own_urls(
    client: httpx.AsyncClient, conforms: Callable[[Any, str], None], process: str
) -> None:
    description = (await client.get(f"/processes/{process}")).json()
    assert description["id"] == process
    conforms(description, "process.yaml")
    hrefs = {link["rel"].rsplit("/", 1)[-1]: link["href"] for link in description["links"]}
    assert hrefs["self"] == f"{BASE}/processes/{process}"
    assert hrefs["execute"] == f"{BASE}/processes/{process}/execution"


@pytest.mark.parametrize(
    ("process", "metadata"), [("hello-world", HELLO_WORLD), ("shapely-functions", SHAPELY_FUNCTIONS)]
)
async def test_pygeoapis_own_processes_are_described_as_they_describe_themselves(
    client: httpx.AsyncClient, process: str, metadata: dict[str, Any]
) -> None:
    description = (await client.get(f"/processes/{process}")).json()
    for member in ("inputs", "outputs", "example", "keywords", "jobControlOptions", "version"):
        assert description[member] == metadata[member]
    assert description["title"] == metadata["title"]["en"]
    assert description["description"] == metadata["description"]["en"]


@pytest.mark.parametrize(("process", "options"), [("sync-only", ["sync-execute"]), ("async-only", ["async-execute"])])
async def test_no_job_control_is_offered_that_a_process_does_not_declare(
    client: httpx.AsyncClient, process: str, options: list[str]
) -> None:
    for _ in range(2):
        assert (await client.get(f"/processes/{process}")).json()["jobControlOptions"] == options
    listed = {entry["id"]: entry for entry in (await client.get("/processes")).json()["processes"]}
    assert listed[process]["jobControlOptions"] == options


@pytest.mark.parametrize("path", ["/conformance/", "/processes/", "/processes/hello-world/", "/jobs/"])
async def test_a_trailing_slash_is_tolerated(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nowhere", (404, "about:blank")),
        ("GET", "/processes/none", (404, "no-such-process")),
        ("POST", "/processes/none/execution", (404, "no-such-process")),
        ("GET", "/jobs/none", (404, "no-such-job")),
        ("DELETE", "/jobs/none", (404, "no-such-job")),
        ("GET", "/jobs/none/results", (404, "no-such-job")),
        ("GET", "/jobs/none/results/out", (404, "no-such-job")),
        ("GET", "/processes?limit=x", (400, "about:blank")),
        ("GET", "/processes?limit=0", (400, "about:blank")),
        ("GET", "/jobs?limit=-1", (400, "about:blank")),
        ("GET", "/jobs?offset=x", (400, "about:blank")),
        ("PUT", "/processes", (405, "about:blank")),
        ("GET", "/processes/hello-world/execution", (405, "about:blank")),
        ("PATCH", "/jobs/none", (405, "about:blank")),
    ],
)
async def test_every_error_is_a_problem_document(
    client: httpx.AsyncClient,
    conforms: Callable[[Any, str], None],
    method: str,
    path: str,
    expected: tuple[int, str],
) -> None:
    status, exception = expected
    response = await client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    conforms(problem, "exception.yaml")
    assert problem["status"] == status
    assert problem["type"].rsplit("/", 1)[-1] == exception
    assert problem["title"]
    assert problem["detail"]


async def test_a_refused_method_is_answered_with_those_that_are_known(client: httpx.AsyncClient) -> None:
    assert set((await client.patch("/jobs/none")).headers["allow"].split(", ")) == {"GET", "HEAD", "DELETE", "OPTIONS"}


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/", {"GET", "HEAD", "OPTIONS"}),
        ("/processes/hello-world/execution", {"POST", "OPTIONS"}),
        ("/jobs/none", {"GET", "HEAD", "DELETE", "OPTIONS"}),
    ],
)
async def test_options_are_the_methods_of_the_resource(client: httpx.AsyncClient, path: str, methods: set[str]) -> None:
    response = await client.options(path)
    assert (response.status_code, response.content) == (204, b"")
    assert set(response.headers["allow"].split(", ")) == methods


@pytest.mark.parametrize("path", ["/", "/conformance", "/processes", "/processes/echo", "/jobs", "/openapi"])
async def test_head_is_answered_as_get_is(client: httpx.AsyncClient, path: str) -> None:
    headed, got = await client.head(path), await client.get(path)
    assert headed.status_code == got.status_code == 200
    assert headed.headers == got.headers


async def test_a_static_file_answers_options_with_its_methods_and_is_a_problem_where_there_is_none(
    client: httpx.AsyncClient,
) -> None:
    response = await client.options("/static/any/css/theme.css")
    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    assert (await client.get("/static/any/css/theme.css")).headers["content-type"].startswith("text/css")
    missing = await client.get("/static/any/none")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "application/problem+json")
