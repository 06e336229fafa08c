"""Styles, scripts and images of the pages over HTTP."""

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from backend.html.assets import get_asset
from backend.html.renderer import HtmlRenderer

ROUTE = Route("/static/{version}/{path:path}", get_asset)


@pytest.fixture(scope="module")
def renderer() -> HtmlRenderer:
    return HtmlRenderer("Maps", "https://maps.example/ogc")


@pytest.fixture
def client(renderer: HtmlRenderer) -> Iterator[TestClient]:
    app = Starlette(routes=[ROUTE])
    app.state.html = renderer
    with TestClient(app) as client:
        yield client


def test_every_file_comes_with_its_type_and_may_be_kept_for_ever(client: TestClient, renderer: HtmlRenderer) -> None:
    types = {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "png": "image/png",
        "ico": "image/x-icon",
        "json": "application/json",
    }
    assert {"css/theme.css", "css/default.css", "js/process.js", "img/logo.png", "data/land.json"} <= set(
        renderer.assets.files
    )
    for path, asset in renderer.assets.files.items():
        response = client.get(f"/static/{renderer.assets.version}/{path}")
        assert response.status_code == 200
        assert response.content == asset.data
        assert response.headers["content-type"] == types[path.rpartition(".")[2]]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_file_of_another_version_is_not_kept(client: TestClient) -> None:
    assert client.get("/static/before/css/theme.css").headers["cache-control"] == "no-cache"


def test_a_browser_that_has_the_file_is_told_so(client: TestClient) -> None:
    tag = client.get("/static/before/js/map.js").headers["etag"]
    again = client.get("/static/before/js/map.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["js/none.js", "", "css", "../renderer.py", "js/%2e%2e/%2e%2e/renderer.py", "../../templates/_base.html"]
)
def test_nothing_but_these_files_is_served(client: TestClient, path: str) -> None:
    assert client.get(f"/static/any/{path}").status_code == 404


def test_pages_name_their_files_under_the_root_path(renderer: HtmlRenderer) -> None:
    inner = Starlette(routes=[ROUTE])
    inner.state.html = renderer
    page = renderer.render("conformance", {"conformsTo": []})
    with TestClient(Starlette(routes=[Mount("/ogc", inner)])) as client:
        for path in ("css/theme.css", "css/default.css", "img/logo.png", "img/favicon.ico"):
            url = f"/ogc/static/{renderer.assets.version}/{path}"
            assert f'"{url}"' in page
            assert client.get(url).status_code == 200


def test_scripts_and_styles_name_no_other_host(renderer: HtmlRenderer) -> None:
    for path, asset in renderer.assets.files.items():
        if path.endswith((".js", ".css")):
            assert b"://" not in asset.data.replace(b"http://www.w3.org/2000/svg", b""), path
