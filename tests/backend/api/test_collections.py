"""`/collections`, and executions whose inputs refer to datasets."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.api.execute_request import ExecuteRequest, naming_files
from backend.api.inputs import check_inputs
from backend.api.referenced_values import judge_references
from backend.app import ConfigurationError, create_app
from backend.geo.vector.datasets import DatasetFile, Datasets
from backend.jobs.records import JobRequest, StoredResult
from backend.settings import Settings
from tests.backend.api.calls import BASE, local, run

pytestmark = pytest.mark.anyio

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
CLASS = "urn:ogc-processes-mcp:conf:datasets"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "square.csv").write_text('name,wkt\nA,"POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"\n', encoding="utf-8")
    (folder / "Straße 1.csv").write_text("lon,lat\n1,2\n", encoding="utf-8")
    (folder / "false.gpkg").write_text("no database", encoding="utf-8")
    (folder / "large.csv").write_text("lon,lat\n" + "1,2\n" * 1000, encoding="utf-8")
    (folder.parent / "outside.csv").write_text("lon,lat\n1,2\n", encoding="utf-8")
    (folder / "link.csv").symlink_to(folder.parent / "outside.csv")
    return folder


@pytest.fixture(scope="module")
async def client(data: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    home = tmp_path_factory.mktemp("home")
    app = create_app(
        Settings(
            home=home,
            data=(data,),
            public_url="https://maps.example",
            root_path="/ogc",
            workers=1,
            max_dataset_bytes=2000,
        )
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://inside", timeout=30) as client,
    ):
        yield client


async def own(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """The datasets by id, without the packaged ones."""
    listed = (await client.get("/collections")).json()["collections"]
    return {one["id"]: one for one in listed if one["title"].endswith((".csv", ".gpkg")) and one["id"] != "places"}


async def test_the_files_of_the_data_folder_are_listed_without_any_path(client: httpx.AsyncClient, data: Path) -> None:
    response = await client.get("/collections")
    listed = await own(client)
    assert list(listed) == ["Straße-1", "false", "large", "square"]
    assert listed["square"]["itemType"] == "feature"
    assert listed["square"]["length"] == (data / "square.csv").stat().st_size
    assert response.json()["numberMatched"] == len(response.json()["collections"])
    assert str(data) not in response.text


async def test_pages_of_datasets_lead_to_all_of_them(client: httpx.AsyncClient) -> None:
    url, seen = "/collections?limit=3", list[str]()
    while url:
        document = (await client.get(url)).json()
        assert document["numberReturned"] == len(document["collections"]) <= 3
        seen += [one["id"] for one in document["collections"]]
        url = next((local(link["href"]) for link in document["links"] if link["rel"] == "next"), "")
    assert seen == [one["id"] for one in (await client.get("/collections")).json()["collections"]]


async def test_each_dataset_stands_at_its_own_link(client: httpx.AsyncClient) -> None:
    for listed in (await own(client)).values():
        href = next(link["href"] for link in listed["links"] if link["rel"] == "self")
        assert (await client.get(local(href))).json() == listed
        assert (await client.get(f"{local(href)}?f=html")).text.count(listed["title"]) >= 1
    assert "square" in (await client.get("/collections", headers={"Accept": "text/html"})).text


@pytest.mark.parametrize("name", ["none", "link", "..%2Foutside", "%2Fetc%2Fpasswd", "square.csv"])
async def test_there_is_no_other(client: httpx.AsyncClient, name: str) -> None:
    response = await client.get(f"/collections/{name}")
    assert response.status_code == 404


async def test_the_landing_page_the_declaration_and_the_definition_tell_of_them(client: httpx.AsyncClient) -> None:
    links = (await client.get("/")).json()["links"]
    (data_link,) = [link["href"] for link in links if link["rel"].endswith("/data")]
    assert data_link == f"{BASE}/collections"
    assert CLASS in (await client.get("/conformance")).json()["conformsTo"]
    assert {"/collections", "/collections/{collectionId}"} <= (await client.get("/openapi")).json()["paths"].keys()


async def test_a_process_reads_a_dataset_by_its_url(client: httpx.AsyncClient) -> None:
    link = {"href": f"{BASE}/collections/square"}
    referred = await run(client, "geometry-measure", inputs={"geometry": link})
    sent = await run(client, "geometry-measure", inputs={"geometry": SQUARE})
    assert referred.status_code == sent.status_code == 200
    assert referred.json()["area"] == sent.json()["area"]


def test_a_job_names_the_very_file_that_was_there_when_it_was_accepted(data: Path) -> None:
    inputs = {"geometry": [{"href": f"{BASE}/collections/square#a%20b"}, {"kept": 1}], "distance": 5}
    checked = check_inputs(None, inputs, BASE)
    judged = judge_references(checked, None, lost, most_bytes=1, checks_itself=True, datasets=Datasets.within([data]))
    job = JobRequest("p", checked.values, None, "raw", idempotent=True)
    named = naming_files(ExecuteRequest(job, "auto", checked, ()), judged, BASE).inputs
    mark = DatasetFile("square", data / "square.csv", "vector").mark
    assert named == {**inputs, "geometry": [{"href": f"{BASE}/collections/square?file={mark}#a%20b"}, {"kept": 1}]}


def lost(job_id: str, output_id: str) -> StoredResult:
    raise AssertionError(f"no result was referred to, {job_id} {output_id}")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none", "there is no dataset 'none'"),
        ("squar", "did you mean 'square'"),
        ("link", "there is no dataset 'link'"),
        ("..%2Foutside", "there is no dataset '../outside'"),
        ("large", "at most 2000 of vector data are read"),
    ],
)
async def test_what_cannot_be_read_is_refused_before_anything_is_queued(
    client: httpx.AsyncClient, name: str, reason: str
) -> None:
    before = (await client.get("/jobs?limit=1")).json()["numberMatched"]
    response = await run(client, "geometry-measure", inputs={"geometry": {"href": f"{BASE}/collections/{name}"}})
    assert response.status_code == 400
    (problem,) = response.json()["errors"]
    assert problem["path"] == "$.inputs.geometry"
    assert reason in problem["message"]
    assert (await client.get("/jobs?limit=1")).json()["numberMatched"] == before


async def test_a_file_that_is_not_what_its_name_says_is_refused_by_the_worker(
    client: httpx.AsyncClient, data: Path
) -> None:
    link = {"href": f"{BASE}/collections/false"}
    response = await run(client, "geometry-measure", inputs={"geometry": link})
    assert response.status_code == 400
    assert "false is no gpkg file, as its name says" in response.json()["detail"]
    assert str(data) not in response.text


async def test_a_process_that_does_not_check_its_inputs_gets_no_files(client: httpx.AsyncClient) -> None:
    response = await run(client, "hello-world", inputs={"name": {"href": f"{BASE}/collections/square"}})
    assert response.status_code == 400
    assert "refers to a dataset; this process takes values" in response.json()["errors"][0]["message"]


async def test_files_of_the_machine_are_no_references(client: httpx.AsyncClient) -> None:
    for href in ("file:///etc/passwd", "/vsicurl/http://elsewhere.example/x.gpkg", "http://elsewhere.example/x.gpkg"):
        response = await run(client, "geometry-measure", inputs={"geometry": {"href": href}})
        assert response.status_code == 400
        assert "and datasets, https://maps.example/ogc/collections/" in response.json()["errors"][0]["message"]


def test_a_data_folder_that_is_not_there_keeps_the_server_from_starting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"data folder .* does not exist"):
        create_app(Settings(home=tmp_path, data=(tmp_path / "none",)))
