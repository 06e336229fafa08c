"""The page of a dataset's features, in a real browser."""

import pytest
from playwright.async_api import expect

from tests.backend.html.browser.visits import Visit

pytestmark = pytest.mark.anyio


async def test_features_of_a_dataset_are_drawn_on_land_and_paged_through(visit: Visit) -> None:
    page = visit.page
    await visit.open("/collections/countries")
    await page.get_by_role("link", name="Look at its features").click()
    rows = page.get_by_role("region", name="Features").locator("tbody tr")
    await expect(rows).to_have_count(10)
    await expect(page.locator(".map .feature")).to_have_count(10)
    await expect(page.locator(".map .land path")).to_have_count(3)
    await page.get_by_role("link", name="Next", exact=True).click()
    await page.get_by_role("button", name="10", exact=True).click()
    await expect(page.locator(".details")).to_contain_text("Feature 10")
    await page.get_by_role("link", name="Previous", exact=True).click()
    await expect(page.get_by_role("button", name="0", exact=True)).to_be_visible()


async def test_one_feature_has_a_page_with_its_properties(visit: Visit) -> None:
    await visit.open("/collections/countries/items/0")
    await expect(visit.page.locator(".map .feature.selected")).to_have_count(1)
    await expect(visit.page.locator(".details")).to_contain_text("iso_a3")


async def test_what_cannot_be_shown_says_why(visit: Visit) -> None:
    await visit.open("/collections/dem-sample/items")
    await expect(visit.page.get_by_role("heading", level=1)).to_contain_text("No such items")
    visit.forgive("404")
