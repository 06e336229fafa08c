"""JSON or a page: what `f` and `Accept` ask for."""

import re

import httpx
import pytest

from backend.api.media_types import choose, parse_accept
from tests.backend.api.calls import finished, local, run

pytestmark = pytest.mark.anyio

OFFERED = ("application/json", "text/html")
PAGES = ["/", "/conformance", "/processes", "/processes/hello-world", "/jobs", "/openapi"]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/html"),
        ("text/html", "text/html"),
        (BROWSER, "text/html"),
        ("application/json, text/html", "application/json"),
        ("application/json;q=0.5, text/html;q=0.6", "text/html"),
        ("application/json; q=0.9 , text/html;q=0.1", "application/json"),
        ("text/html, */*", "text/html"),
        ("*/*, text/html;q=0", "application/json"),
        ("application/json;q=0, */*", "text/html"),
        ("*/*, application/json;q=0", "text/html"),
        ("text/*, text/html;q=0.1, application/json;q=0.5", "application/json"),
        ("Text/HTML;Q=1;level=1", "text/html"),
        ("image/png, application/json;q=0.001", "application/json"),
        ("image/png", None),
        ("application/json;q=0", None),
        ("nonsense", None),
        ("nonsense, text/html", "text/html"),
        ("text/html;q=high", "text/html"),
    ],
)
def test_the_best_liked_of_the_offered_media_types_is_chosen(accept: str, chosen: str | None) -> None:
    assert choose(parse_accept([accept]), OFFERED) == chosen


def test_several_accept_headers_are_one() -> None:
    assert choose(parse_accept(["application/json;q=0.1", "text/html"]), OFFERED) == "text/html"


@pytest.mark.parametrize("path", PAGES)
async def test_every_document_comes_as_json_and_as_a_page(client: httpx.AsyncClient, path: str) -> None:
    for headers, query in (
        ({"Accept": BROWSER}, {}),
        ({}, {"f": "html"}),
        ({"Accept": "application/json"}, {"f": "html"}),
    ):
        page = await client.get(path, headers=headers, params=query)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert page.text.lstrip().lower().startswith("<!doctype html>")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["vary"] == "Accept"
    for headers, query in (({}, {}), ({"Accept": "*/*"}, {}), ({"Accept": BROWSER}, {"f": "json"})):
        document = await client.get(path, headers=headers, params=query)
        assert "json" in document.headers["content-type"]
        assert document.headers["vary"] == "Accept"
        assert document.json()


@pytest.mark.parametrize("path", PAGES)
async def test_a_form_that_there_is_not_is_refused(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path, params={"f": "pdf"})
    assert (response.status_code, response.json()["errors"][0]["path"]) == (400, "f")
    response = await client.get(path, headers={"Accept": "application/pdf"})
    assert (response.status_code, response.json()["status"]) == (406, 406)
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_job_its_results_and_its_dismissal_come_as_pages(client: httpx.AsyncClient) -> None:
    accepted = await run(client, "hello-world", "respond-async", inputs={"name": "<b>me</b>"})
    job = local(accepted.headers["location"])
    await finished(client, job)
    page = await client.get(job, params={"f": "html"})
    assert page.headers["content-type"].startswith("text/html")
    document = await client.get(job)
    assert page.headers["etag"] != document.headers["etag"]
    again = await client.get(job, params={"f": "html"}, headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    results = await client.get(f"{job}/results", headers={"Accept": BROWSER})
    assert results.headers["content-type"].startswith("text/html")
    assert "<b>me</b>" not in results.text
    value = await client.get(f"{job}/results/echo", headers={"Accept": BROWSER})
    assert value.headers["content-type"] == "application/json"
    dismissed = await client.delete(job, headers={"Accept": "text/html"})
    assert dismissed.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("accept", ["*/*", BROWSER, "multipart/related"])
async def test_raw_values_that_are_asked_for_as_json_come_in_one_document(
    client: httpx.AsyncClient, accept: str
) -> None:
    asked = {"headers": {"Accept": accept}, "params": {"f": "json"}}
    done = await run(client, "echo", inputs={"string": "green", "number": 3})
    several = await client.get(f"{local(done.headers['location'])}/results", **asked)
    assert several.headers["content-type"] == "application/json"
    assert several.json() == {"string": "green", "number": 3}
    done = await run(client, "hello-world", inputs={"name": "me", "as_bytes": True, "media_type": "text/plain"})
    assert done.headers["content-type"] == "text/plain"
    one = await client.get(f"{local(done.headers['location'])}/results", **asked)
    assert one.headers["content-type"] == "application/json"
    assert one.json() == {"echo": {"mediaType": "text/plain", "value": done.text}}
    linked = {"echo": {"transmissionMode": "reference"}}
    done = await run(client, "hello-world", inputs={"name": "me"}, outputs=linked)
    assert done.status_code == 204
    link = (await client.get(f"{local(done.headers['location'])}/results", **asked)).json()["echo"]
    assert link["href"] == f"{done.headers['location']}/results/echo"
    done = await run(client, "hello-world", inputs={"name": "me"})
    raw = await client.get(f"{local(done.headers['location'])}/results", **asked)
    assert raw.json() == done.json()


async def test_results_come_to_whoever_accepts_what_they_are_and_nothing_else(client: httpx.AsyncClient) -> None:
    one = local((await run(client, "page", inputs={})).headers["location"]) + "/results"
    parts = local((await run(client, "many-outputs", inputs={})).headers["location"]) + "/results"
    told = {"number": {"transmissionMode": "value"}, "table": {"transmissionMode": "value"}}
    document = local((await run(client, "many-outputs", response="document", outputs=told)).headers["location"])
    text = await run(client, "sequence", inputs={"kind": "text", "count": 3})
    statuses = {
        accept: [
            (await client.get(path, headers={"Accept": accept})).status_code
            for path in (f"{local(text.headers['location'])}/results", one, parts, f"{document}/results")
        ]
        for accept in ("text/plain", "multipart/related", "application/json", "image/png")
    }
    assert statuses == {
        "text/plain": [200, 406, 406, 406],
        "multipart/related": [406, 406, 200, 406],
        "application/json": [200, 200, 200, 200],
        "image/png": [406, 406, 406, 406],
    }


async def test_a_dismissal_whose_answer_cannot_be_accepted_dismisses_nothing(client: httpx.AsyncClient) -> None:
    job = local((await run(client, "hello-world", inputs={"name": "kept"})).headers["location"])
    assert (await client.delete(job, headers={"Accept": "image/png"})).status_code == 406
    assert (await client.get(job)).json()["status"] == "successful"


@pytest.mark.parametrize("path", ["/nowhere", "/processes/none", "/jobs/none", "/jobs?limit=x"])
async def test_a_problem_is_a_page_for_whoever_reads_pages_and_json_for_all_others(
    client: httpx.AsyncClient, path: str
) -> None:
    page = await client.get(path, headers={"Accept": BROWSER})
    problem = await client.get(path, headers={"Accept": "image/png"})
    assert page.status_code in (400, 404)
    assert page.headers["content-type"].startswith("text/html")
    assert problem.headers["content-type"] == "application/problem+json"


async def test_alternate_links_lead_to_the_page(client: httpx.AsyncClient) -> None:
    job = local((await run(client, "hello-world", inputs={"name": "x"})).headers["location"])
    for path in ("/", "/processes?limit=2", "/processes/hello-world", "/jobs?limit=1", job):
        links = (await client.get(path)).json()["links"]
        (href,) = [link["href"] for link in links if link["rel"] == "alternate"]
        page = await client.get(local(href))
        assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", [*PAGES, "/collections", "/collections/countries/items?limit=1", "/processes/none"])
async def test_a_page_names_the_media_type_of_its_json_form(client: httpx.AsyncClient, path: str) -> None:
    page = (await client.get(path, headers={"Accept": BROWSER})).text
    told = re.findall(r'<link rel="alternate" type="([^"]*)"', page) + re.findall(r' type="([^"]*)">json</a>', page)
    sent = await client.get(path, headers={"Accept": "*/*"})
    assert told == [sent.headers["content-type"]] * 2
