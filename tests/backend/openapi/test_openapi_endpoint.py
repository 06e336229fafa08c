"""`/openapi` of the running backend: what it says and what is there are the same."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator
from starlette.applications import Starlette
from starlette.routing import Route

from backend.app import create_app
from backend.openapi.paths import OPENAPI
from backend.settings import Settings

pytestmark = pytest.mark.anyio

BASE = "https://maps.example/ogc"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    home = tmp_path_factory.mktemp("home")
    return create_app(Settings(home=home, public_url="https://maps.example", root_path="/ogc", workers=1, warm=False))


@pytest.fixture(scope="module")
async def client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=30) as client,
    ):
        yield client


@pytest.fixture(scope="module")
async def definition(client: httpx.AsyncClient) -> dict[str, Any]:
    return (await client.get("/openapi")).json()


async def test_it_is_valid_and_names_the_public_url(definition: dict[str, Any]) -> None:
    assert [str(error) for error in OpenAPIV30SpecValidator(definition).iter_errors()] == []
    assert definition["servers"] == [{"url": BASE}]
    landing = definition["info"]
    assert landing["title"]
    assert re.fullmatch(r"\d+\.\d+.*", landing["version"])


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.oai.openapi+json;version=3.0"])
@pytest.mark.parametrize("path", ["/openapi", "/api"])
async def test_it_is_openapi_for_everybody_but_browsers(client: httpx.AsyncClient, path: str, accept: str) -> None:
    response = await client.get(path, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == OPENAPI
    assert response.json()["openapi"] == "3.0.3"


async def test_it_is_a_page_for_browsers(client: httpx.AsyncClient) -> None:
    response = await client.get("/openapi", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert response.headers["content-type"].startswith("text/html")
    assert "/processes/geometry-buffer/execution" in response.text


async def test_the_landing_page_leads_to_it(client: httpx.AsyncClient) -> None:
    links = {(link["rel"], link["type"]): link["href"] for link in (await client.get("/")).json()["links"]}
    assert links["service-desc", OPENAPI].partition("?")[0] == f"{BASE}/openapi"
    assert links["service-doc", "text/html"].partition("?")[0] == f"{BASE}/openapi"


async def test_the_server_declares_the_conformance_class(client: httpx.AsyncClient) -> None:
    declared = (await client.get("/conformance")).json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/oas30" in declared


async def test_every_resource_of_the_server_is_in_it_and_no_other(app: Starlette, definition: dict[str, Any]) -> None:
    """By the shape of paths, as parameters have other names there; scripts and styles of pages are no resources."""
    routed = {
        (method, re.sub(r"{\w+}", "{}", route.path))
        for route in app.routes
        if isinstance(route, Route) and route.path != "/api" and not route.path.startswith("/static/")
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (method.upper(), re.sub(r"{\w+}", "{}", path))
        for path, item in definition["paths"].items()
        for method in item
        if not re.match("/processes/[^{]", path)
    }
    assert described == routed


async def test_each_process_has_paths_of_its_own(client: httpx.AsyncClient, definition: dict[str, Any]) -> None:
    listed = (await client.get("/processes")).json()["processes"]
    assert listed
    for process in listed:
        assert {f"/processes/{process['id']}", f"/processes/{process['id']}/execution"} <= definition["paths"].keys()


async def test_it_is_built_once_and_stays_the_same(tmp_path: Path, definition: dict[str, Any]) -> None:
    again = create_app(Settings(home=tmp_path, public_url="https://maps.example", root_path="/ogc"))
    transport = httpx.ASGITransport(app=again)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        first, second = [(await client.get("/openapi")).content for _ in range(2)]
    assert first == second
    assert json.loads(first) == definition
