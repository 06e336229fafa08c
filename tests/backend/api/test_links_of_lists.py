"""Links of lists, as JSON and as pages, keep what was asked for."""

import re

import httpx
import pytest

from backend.api.documents import page_links
from tests.backend.api.calls import local, run

pytestmark = pytest.mark.anyio


def hrefs(query: list[tuple[str, str]], *, offset: int = 0, limit: int = 2, total: int = 5) -> dict[str, str]:
    links = page_links("/jobs", offset=offset, limit=limit, total=total, query=query)
    return {link["rel"]: link["href"] for link in links}


def test_every_link_keeps_the_query_and_the_form_is_the_alternates_own() -> None:
    assert hrefs([("status", "failed"), ("limit", "2"), ("f", "html")], offset=2) == {
        "self": "/jobs?status=failed&f=html&limit=2&offset=2",
        "alternate": "/jobs?status=failed&limit=2&offset=2&f=html",
        "next": "/jobs?status=failed&f=html&limit=2&offset=4",
        "prev": "/jobs?status=failed&f=html&limit=2",
    }


def test_behind_the_end_the_page_before_is_the_last_one_that_there_is() -> None:
    assert hrefs([], offset=5)["prev"] == "/jobs?limit=2&offset=3"
    assert hrefs([], offset=1000)["prev"] == "/jobs?limit=2&offset=4"
    assert hrefs([], offset=1000, total=0)["prev"] == "/jobs"


def test_a_list_that_is_whole_keeps_what_was_asked_for() -> None:
    assert hrefs([], limit=10) == {"self": "/jobs", "alternate": "/jobs?f=html"}
    assert hrefs([("status", "failed")], limit=10)["alternate"] == "/jobs?status=failed&f=html"
    assert hrefs([("limit", "10")], limit=10) == {"self": "/jobs?limit=10", "alternate": "/jobs?limit=10&f=html"}


async def test_a_page_links_to_its_own_json_and_to_pages(client: httpx.AsyncClient) -> None:
    for name in ("a", "b", "c"):
        await run(client, "hello-world", inputs={"name": name})
    page = (await client.get("/jobs?status=successful&limit=1&offset=1&f=html")).text
    (json_form,) = re.findall(r'id="json-form" href="([^"]*)"', page)
    assert json_form == "?status=successful&amp;limit=1&amp;offset=1&amp;f=json"
    others = re.findall(r'rel="(?:next|prev)" href="/ogc([^"]*)"', page)
    assert len(others) == 2
    for href in others:
        other = await client.get(href.replace("&amp;", "&"))
        assert other.headers["content-type"].startswith("text/html")
        assert "status=successful" in href


async def test_the_alternate_of_a_json_list_is_the_page_of_the_same_jobs(client: httpx.AsyncClient) -> None:
    await run(client, "trouble", inputs={"kind": "failed"})
    links = (await client.get("/jobs?status=failed&limit=1")).json()["links"]
    (href,) = [link["href"] for link in links if link["rel"] == "alternate"]
    assert "status=failed" in href
    page = await client.get(local(href))
    assert page.headers["content-type"].startswith("text/html")
    assert "successful</mark>" not in page.text
