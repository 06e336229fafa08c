"""A server with five hundred processes."""

from collections.abc import AsyncIterator

import httpx
import pytest

from backend.app import create_app
from backend.settings import Settings
from tests.backend.api.calls import local

pytestmark = pytest.mark.anyio

NAMES = [f"number-{index:03}" for index in range(500)]


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server whose engine does not run: what it tells of itself needs none."""
    folder = tmp_path_factory.mktemp("many")
    config = folder / "many.yml"
    lines = [f"  {name}: {{type: process, processor: {{name: HelloWorld}}}}" for name in NAMES]
    config.write_text("resources:\n" + "\n".join(lines), "utf-8")
    settings = Settings(home=folder / "home", config=config, public_url="https://maps.example", root_path="/ogc")
    transport = httpx.ASGITransport(app=create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
        yield client


async def test_all_are_listed_at_once_and_in_pages_of_twenty_five(client: httpx.AsyncClient) -> None:
    document = (await client.get("/processes")).json()
    listed = [process["id"] for process in document["processes"]]
    assert set(NAMES) < set(listed)
    assert document["numberMatched"] == document["numberReturned"] == len(listed)
    assert not any(link["rel"] == "next" for link in document["links"])
    url, paged = "/processes?limit=25", list[str]()
    while url:
        page = (await client.get(url)).json()
        assert page["numberMatched"] == len(listed)
        paged += [process["id"] for process in page["processes"]]
        url = next((local(link["href"]) for link in page["links"] if link["rel"] == "next"), "")
    assert paged == listed


async def test_each_is_described(client: httpx.AsyncClient) -> None:
    for name in NAMES[::50]:
        assert (await client.get(f"/processes/{name}")).json()["id"] == name
