"""A job's page in a real browser: it follows the job to its end, and dismisses it."""

import json

import pytest
from playwright.async_api import Route, expect

from tests.backend.html.browser.visits import Site, Visit

pytestmark = pytest.mark.anyio


async def test_the_page_follows_a_job_to_its_end_by_held_answers(visit: Visit, site: Site) -> None:
    # Long enough to be seen half-way by a browser that takes its time.
    job = site.execute("slow-steps", {"seconds": 10, "steps": 2})
    await visit.open(job)
    await expect(visit.page.locator("#message")).to_have_text("step 1 of 2")
    await expect(visit.page.locator("#progress")).to_have_js_property("value", 50)
    await expect(visit.page.locator("#status")).to_have_text("successful")
    await expect(visit.page.locator("#finished")).not_to_have_text("–")
    await expect(visit.page.get_by_role("link", name="Results of this job")).to_be_visible()
    asked = visit.sent("GET", job)[1:]
    polls = [request.headers for request in asked if request.url.endswith(job)]
    assert "prefer" not in polls[0]
    assert len(polls) > 1
    assert all(headers["prefer"] == "wait=20" and headers["if-none-match"] for headers in polls[1:])
    # Ten seconds of polling without patience would be many more.
    assert len(polls) <= 8


async def test_the_page_goes_on_when_the_server_is_back(visit: Visit, site: Site) -> None:
    job = site.execute("slow-steps", {"seconds": 60, "steps": 60})
    away = [True]

    async def cut(route: Route) -> None:
        if away[0] and route.request.resource_type == "fetch":
            await route.abort()
        else:
            await route.continue_()

    await visit.page.route(f"**{job}", cut)
    await visit.open(job)
    await expect(visit.page.get_by_role("alert")).to_contain_text("trying again")
    away[0] = False
    await expect(visit.page.locator("#message")).to_contain_text("of 60")
    await expect(visit.page.get_by_role("alert")).to_be_hidden()
    site.dismiss(job)
    await expect(visit.page.locator("#status")).to_have_text("dismissed")
    visit.forgive("net::ERR_FAILED")


async def test_a_running_job_is_dismissed_after_a_confirmation(visit: Visit, site: Site) -> None:
    job = site.execute("slow-steps", {"seconds": 60, "steps": 60})
    page = visit.page
    await visit.open(job)
    await expect(page.locator("#status")).to_have_text("running")
    await page.get_by_role("button", name="Dismiss this job").click()
    await page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    assert visit.sent("DELETE", job) == []
    await page.get_by_role("button", name="Dismiss this job").click()
    await page.get_by_role("dialog").get_by_role("button", name="Dismiss", exact=True).click()
    await expect(page.locator("#status")).to_have_text("dismissed")
    await expect(page.get_by_role("button", name="Dismiss this job")).to_be_hidden()
    assert site.status(job) == "dismissed"


async def test_escape_keeps_the_job(visit: Visit, site: Site) -> None:
    job = site.execute("slow-steps", {"seconds": 60, "steps": 60})
    await visit.open(job)
    await expect(visit.page.locator("#status")).to_have_text("running")
    await visit.page.get_by_role("button", name="Dismiss this job").click()
    await visit.page.keyboard.press("Escape")
    await expect(visit.page.get_by_role("dialog")).to_be_hidden()
    assert visit.sent("DELETE", job) == []
    assert site.status(job) == "running"
    site.dismiss(job)


async def test_a_failed_job_says_why(visit: Visit, site: Site) -> None:
    job = site.execute("geometry-buffer", {"geometry": "POINT (1", "distance": 1})
    await visit.open(job)
    await expect(visit.page.locator("#status")).to_have_text("failed")
    await expect(visit.page.locator("#message")).to_contain_text("neither GeoJSON nor WKT")
    await expect(visit.page.locator("#results")).to_be_hidden()
    await expect(visit.page.locator("#dismiss")).to_be_hidden()


async def test_the_page_of_the_results_shows_each_output_in_its_form(visit: Visit, site: Site) -> None:
    job = site.execute("echo", {"string": "green", "measure": {"measurement": 12.5, "uom": "km"}, "repeated": ["a"]})
    page = visit.page
    await visit.open(job)
    await page.get_by_role("link", name="Results", exact=True).click()
    await expect(page.locator('[data-output="string"] pre')).to_have_text("green")
    await expect(page.locator('[data-output="measure"]').get_by_role("row", name="uom")).to_contain_text("km")
    await expect(page.locator('[data-output="repeated"] pre')).to_have_text(json.dumps(["a"], indent=2))
    levels = await page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(heading => heading.tagName)")
    assert levels == ["H1", "H2", "H3", "H3", "H3"]
    await page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link").nth(2).click()
    await expect(page).to_have_url(site.url + job)


async def test_harm_in_a_result_stays_text(visit: Visit, site: Site) -> None:
    harm = "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"
    point = {"type": "Point", "coordinates": [1, 2]}
    feature = {"type": "Feature", "id": harm, "geometry": point, "properties": {harm: harm}}
    collection = {"type": "FeatureCollection", "features": [feature]}
    job = site.execute("echo", {"document": collection, "measure": {"measurement": 1, "uom": harm}})
    await visit.open(job)
    await visit.page.get_by_role("region", name="Features").get_by_role("button", name="<img src=x").click()
    await expect(visit.page.locator(".details")).to_contain_text("<script>")
    await expect(visit.page.locator('[data-output="measure"]')).to_contain_text("<img src=x")
    assert await visit.page.locator("img[src=x]").count() == 0
    assert "harmed" not in await visit.page.title()
