"""Links of lists, as JSON and as pages, keep what was asked for."""

import re

import httpx
import pytest

from backend.api.documents import Following, page_links
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


def test_a_list_that_changes_meanwhile_goes_on_behind_the_last_entry_of_the_page() -> None:
    links = page_links("/jobs", offset=2, limit=2, total=5, query=[], following=Following("b", "d"))
    assert {link["rel"]: link["href"] for link in links} == {
        "self": "/jobs?limit=2&offset=2&after=b",
        "alternate": "/jobs?limit=2&offset=2&after=b&f=html",
        "next": "/jobs?limit=2&offset=4&after=d",
        "prev": "/jobs?limit=2",
    }
    links = page_links("/jobs", offset=2, limit=2, total=9, query=[], following=Following("b", None))
    assert "next" not in {link["rel"] for link in links}  # of the nine, some came before this page meanwhile


async def test_the_pages_of_a_list_have_each_job_once_though_others_come_meanwhile(client: httpx.AsyncClient) -> None:
    made = [(await run(client, "sync-only")).headers["location"].rpartition("/")[2] for _ in range(5)]
    page, seen = (await client.get("/jobs?processID=sync-only&limit=2")).json(), list[str]()
    while True:
        seen += [job["jobID"] for job in page["jobs"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        await run(client, "sync-only")
        page = (await client.get(local(following[0]))).json()
    assert seen[:5] == made[::-1]
    assert len(seen) == len(set(seen))


async def test_the_pages_of_a_filtered_list_miss_no_job_though_others_leave_it_meanwhile(
    client: httpx.AsyncClient,
) -> None:
    made = [(await run(client, "sync-only")).headers["location"].rpartition("/")[2] for _ in range(4)]
    page = (await client.get("/jobs?processID=sync-only&status=successful&limit=2")).json()
    assert [job["jobID"] for job in page["jobs"]] == made[:1:-1]
    for job in page["jobs"]:
        await client.delete(f"/jobs/{job['jobID']}")
    (following,) = [link["href"] for link in page["links"] if link["rel"] == "next"]
    page = (await client.get(local(following))).json()
    assert [job["jobID"] for job in page["jobs"]] == made[1::-1]


@pytest.mark.parametrize(
    ("path", "wrong", "right"),
    [
        ("/jobs?staus=failed", "staus", "status"),
        ("/jobs?processId=echo", "processId", "processID"),
        ("/jobs?state=failed", "state", "status"),
        ("/jobs?date=2026-01-01T00:00:00Z", "date", "datetime"),
        ("/processes?limt=1", "limt", "limit"),
        ("/collections?ofset=1", "ofset", "offset"),
        ("{job}/log?tial=1", "tial", "tail"),
        ("{job}/results/echo?offest=1", "offest", "offset"),
    ],
)
async def test_a_misspelt_parameter_is_refused_and_does_not_let_everything_through(
    client: httpx.AsyncClient, path: str, wrong: str, right: str
) -> None:
    job = local((await run(client, "hello-world", inputs={"name": "x"})).headers["location"])
    response = await client.get(path.format(job=job))
    assert response.status_code == 400
    (problem, *_) = response.json()["errors"]
    assert problem["path"] == wrong
    assert f"Did you mean `{right}`?" in problem["message"]


@pytest.mark.parametrize("query", ["_=1700000000", "lang=en", "sortby=created", "token=x", "jobID=x"])
async def test_a_parameter_that_resembles_none_is_left_aside(client: httpx.AsyncClient, query: str) -> None:
    for path in ("/jobs", "/processes", "/collections"):
        assert (await client.get(f"{path}?{query}")).status_code == 200


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


@pytest.mark.parametrize("path", ["/jobs", "/processes", "/collections", "/collections/countries/items"])
async def test_the_next_page_of_every_list_has_the_form_and_the_size_of_this_one(
    client: httpx.AsyncClient, path: str
) -> None:
    for _ in range(2):
        await run(client, "sync-only")
    links = (await client.get(f"{path}?limit=1&f=json")).json()["links"]
    (href,) = [link["href"] for link in links if link["rel"] == "next"]
    assert {"f=json", "limit=1", "offset=1"} <= set(href.partition("?")[2].split("&"))
    assert (await client.get(local(href))).json()["numberReturned"] == 1


async def test_the_alternate_of_a_json_list_is_the_page_of_the_same_jobs(client: httpx.AsyncClient) -> None:
    await run(client, "trouble", inputs={"kind": "failed"})
    links = (await client.get("/jobs?status=failed&limit=1")).json()["links"]
    (href,) = [link["href"] for link in links if link["rel"] == "alternate"]
    assert "status=failed" in href
    page = await client.get(local(href))
    assert page.headers["content-type"].startswith("text/html")
    assert "successful</mark>" not in page.text
