"""Every page in a real browser: it loads whole, from this server only, and fits."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import expect

from backend.html.renderer import HEADERS
from tests.backend.html.browser.visits import Site, Visit

pytestmark = pytest.mark.anyio

PATHS = (
    "/", "/conformance", "/processes", "/processes/geometry-buffer", "/processes/echo", "/jobs", "/openapi",
    "/collections", "/collections/countries", "/collections/countries/items", "/collections/countries/items/3",
)  # fmt: skip
STYLED = "[...document.querySelectorAll('link[rel=stylesheet]')].every(link => link.sheet?.cssRules.length > 0)"
EXCESS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("visit", [390, 1280], indirect=True)
async def test_every_page_fits_a_narrow_and_a_wide_window(visit: Visit) -> None:
    for path in PATHS:
        await visit.open(path)
        await expect(visit.page.get_by_role("heading", level=1)).to_be_visible()
        assert await visit.page.evaluate(EXCESS) == 0, path
        broken = await visit.page.evaluate("[...document.images].filter(image => !image.naturalWidth).length")
        assert broken == 0, path
        assert await visit.page.evaluate(STYLED), path


async def test_a_page_is_sent_with_its_security_policy(visit: Visit) -> None:
    response = await visit.page.goto(visit.url + "/processes")
    assert response is not None
    headers = await response.all_headers()
    assert headers["content-type"].startswith("text/html")
    assert {name: headers.get(name.lower()) for name in HEADERS} == dict(HEADERS)


async def test_the_navigation_leads_through_the_server_without_leaving_its_host(visit: Visit) -> None:
    await visit.open("/")
    await visit.page.get_by_role("navigation", name="Main").get_by_text("Processes").click()
    await visit.page.get_by_role("link", name="Buffer a geometry").click()
    await expect(visit.page).to_have_title("Buffer a geometry – OGC API – Processes")
    await visit.page.get_by_role("link", name="jobs of this process").click()
    await expect(visit.page.get_by_label("Process")).to_have_value("geometry-buffer")
    await visit.page.get_by_role("navigation", name="Breadcrumbs").get_by_text("Home").click()
    await expect(visit.page).to_have_url(visit.url + "/")


async def test_each_page_leads_to_its_json(visit: Visit) -> None:
    await visit.open("/processes/geometry-buffer")
    await visit.page.locator("#json-form").click()
    assert await visit.page.evaluate("document.contentType") == "application/json"
    visit.forgive("404")  # the browser looks for an icon of its own at the root


async def test_a_path_that_there_is_not_has_a_page_that_says_so(visit: Visit) -> None:
    await visit.open("/processes/none-of-that-name")
    await expect(visit.page.get_by_role("heading", level=1)).to_contain_text("No such process")
    visit.forgive("404")


async def test_the_job_list_filters_and_pages(visit: Visit, site: Site) -> None:
    for number in range(12):
        site.execute("hello-world", {"name": str(number)})
    await visit.open("/jobs")
    await visit.page.get_by_label("Process").fill("hello-world")
    await visit.page.get_by_label("Per page").select_option("10")
    await visit.page.get_by_role("button", name="Filter").click()
    await expect(visit.page.get_by_label("Process")).to_have_value("hello-world")
    assert "status=" not in visit.page.url
    await expect(visit.page.locator("table.jobs tbody tr")).to_have_count(10)
    await visit.page.get_by_role("link", name="Next").click()
    await expect(visit.page.get_by_label("Process")).to_have_value("hello-world")
    await visit.page.get_by_role("link", name="Previous").click()
    await expect(visit.page.locator("table.jobs tbody tr")).to_have_count(10)
    await visit.page.get_by_label("Status").select_option("failed")
    await visit.page.get_by_role("button", name="Filter").click()
    await expect(visit.page.get_by_text("There are no such jobs.")).to_be_visible()


async def test_a_new_filter_keeps_those_that_the_form_does_not_show(visit: Visit) -> None:
    await visit.open("/jobs?minDuration=1&type=process&status=failed&status=running&offset=5")
    await expect(visit.page.get_by_label("Status")).to_have_value("failed,running")
    await visit.page.get_by_label("Process").fill("hello-world")
    await visit.page.get_by_role("button", name="Filter").click()
    await expect(visit.page.get_by_label("Process")).to_have_value("hello-world")
    sent = parse_qsl(urlsplit(visit.page.url).query)
    assert sorted(sent) == [
        ("limit", "100"),
        ("minDuration", "1"),
        ("processID", "hello-world"),
        ("status", "failed,running"),
        ("type", "process"),
    ]


async def test_operations_of_the_api_open_to_their_parameters_and_answers(visit: Visit) -> None:
    await visit.open("/openapi")
    operation = visit.page.locator("details").filter(has_text="/jobs/{jobId}/results/{output}").first
    await expect(operation.get_by_role("table").first).to_be_hidden()
    await operation.locator("summary").click()
    await expect(operation.get_by_role("cell", name="path").first).to_be_visible()


async def test_scripts_follow_links_as_the_pages_do(visit: Visit) -> None:
    module = await visit.module("http.js")
    cases = {
        "https://maps.example/ogc/jobs/1?f=html": "/ogc/jobs/1?f=html",
        "https://maps.example/ogcx": "https://maps.example/ogcx",
        "https://other.example/ogc/jobs/1": "https://other.example/ogc/jobs/1",
        "/ogc/jobs/1": visit.url + "/jobs/1",
        "javascript:alert(1)": None,
        " JavaScript:alert(1)": None,
        "data:text/html,x": None,
        "http://[": None,
    }
    run = "([module, href]) => import(module).then(({localUrl}) => localUrl(href))"
    for href, written in cases.items():
        assert await visit.page.evaluate(run, [module, href]) == written, href
