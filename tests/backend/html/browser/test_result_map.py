"""The map and the table of a result, in a real browser."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.backend.html.browser.visits import Site, Visit

pytestmark = pytest.mark.anyio


def square(west: float, south: float, size: float) -> dict[str, Any]:
    east, north = west + size, south + size
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [corners]}


def collection(*geometries: Any) -> dict[str, Any]:
    features = [
        {"type": "Feature", "geometry": geometry, "properties": {"number": number}}
        for number, geometry in enumerate(geometries)
    ]
    return {"type": "FeatureCollection", "features": features}


ARRANGE = "([module, all]) => import(module).then(({arrange, partsOf}) => arrange(all.flatMap(one => partsOf(one))))"


async def test_the_map_begins_where_the_widest_empty_stretch_ends(visit: Visit) -> None:
    module = await visit.module("geometry.js")
    cases: list[tuple[list[Any], float, float]] = [
        ([square(10, 0, 5)], 10, 15),
        ([square(179, 0, 1), square(-180, 0, 1)], 179, 181),
        ([square(170, 0, 1), square(-171, 0, 1), square(-175, 0, 1)], 170, 190),
        ([{"type": "MultiPoint", "coordinates": [[-179, 0], [179, 0]]}], 179, 181),
        ([square(-10, 0, 5), square(5, 0, 5)], -10, 10),
        ([square(-180, -80, 160), square(-180, 0, 360)], -180, 180),
        ([square(-180, 0, 350), square(175, 0, 5)], 175, 530),
        ([{"type": "Point", "coordinates": [180, 0]}], -180, -180),
    ]
    for geometries, west, east in cases:
        box = await visit.page.evaluate(ARRANGE, [module, geometries])
        assert (box["west"], box["east"]) == (pytest.approx(west), pytest.approx(east)), geometries


async def test_what_is_no_geometry_is_left_out(visit: Visit) -> None:
    odd = [
        None,
        {},
        {"type": "Point"},
        {"type": "Polygon", "coordinates": [[["a", 1]], None]},
        {"type": "LineString", "coordinates": 5},
    ]
    assert await visit.page.evaluate(ARRANGE, [await visit.module("geometry.js"), odd]) is None


async def centre(shape: Locator) -> tuple[float, float]:
    box = await shape.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def test_features_on_both_sides_of_the_antimeridian_lie_side_by_side(visit: Visit, site: Site) -> None:
    job = site.execute("echo", {"document": collection(square(178, -17, 1), square(-179, -17, 1))})
    await visit.open(job)
    areas = visit.page.locator(".map .area")
    await expect(areas).to_have_count(2)
    frame = await visit.page.locator(".map svg").bounding_box()
    assert frame is not None
    (left, _), (right, _) = await centre(areas.nth(0)), await centre(areas.nth(1))
    assert frame["x"] < left < right < frame["x"] + frame["width"]
    await expect(visit.page.locator(".map .lon", has_text="180°")).to_have_count(1)


async def on_land(visit: Visit, shape: Locator) -> bool:
    return await visit.page.locator(".map .land").evaluate(
        "(land, [x, y]) => [...land.children].some((path) =>"
        " path.isPointInFill(new DOMPoint(x, y).matrixTransform(path.getScreenCTM().inverse())))",
        list(await centre(shape)),
    )


async def test_land_is_drawn_behind_a_result_where_it_is(visit: Visit, site: Site) -> None:
    kansas, pacific = square(-99, 38, 1), square(-140, 20, 1)
    await visit.open(site.execute("echo", {"document": collection(kansas, pacific)}))
    await expect(visit.page.locator(".map .land path")).to_have_count(3)
    areas = visit.page.locator(".map .area")
    assert [await on_land(visit, areas.nth(index)) for index in range(2)] == [True, False]
    layers = await visit.page.locator(".map svg > *").evaluate_all("all => all.map(one => one.getAttribute('class'))")
    assert layers == ["sheet", "land", "graticule", "shapes", "labels"]
    assert len(visit.sent("GET", "/data/land.json")) == 1


async def test_land_is_left_out_where_its_outlines_are_too_coarse(visit: Visit, site: Site) -> None:
    await visit.open(site.execute("echo", {"geometry": square(2.3, 48.8, 0.1)}))
    land, credit = visit.page.locator(".map .land"), visit.page.locator(".map .credit")
    await expect(visit.page.locator(".map .area")).to_have_count(1)
    await expect(credit).to_be_hidden()
    assert visit.sent("GET", "/data/land.json") == []
    for _ in range(4):
        await visit.page.get_by_role("button", name="Zoom out").click()
    await expect(credit).to_be_hidden()
    await expect(land.locator("path")).to_have_count(0)


async def test_a_click_on_a_feature_shows_its_properties(visit: Visit, site: Site) -> None:
    points = [{"type": "Point", "coordinates": [lon, 50]} for lon in (5, 6, 7)]
    await visit.open(site.execute("echo", {"document": collection(square(0, 50, 1), square(2, 50, 1), *points)}))
    details = visit.page.locator(".details")
    await visit.page.locator('.feature[data-index="1"] .area').click()
    await expect(details.get_by_role("row", name="number")).to_contain_text("1")
    await expect(visit.page.locator(".feature.selected")).to_have_attribute("data-index", "1")
    # A point has no extent of its own: the dot it is drawn as is what can be hit.
    dot = await visit.page.locator('.feature[data-index="2"] .point').evaluate("path => path.getBoundingClientRect()")
    await visit.page.mouse.click(dot["x"] + 2, dot["y"] + 2)
    await expect(details.get_by_role("row", name="number")).to_contain_text("2")
    await visit.page.get_by_role("button", name="4", exact=True).click()
    await expect(details.get_by_role("row", name="number")).to_contain_text("3")
    await expect(visit.page.locator(".feature.selected")).to_have_count(1)


async def test_the_map_zooms_moves_and_comes_back(visit: Visit, site: Site) -> None:
    await visit.open(site.execute("echo", {"geometry": {"type": "LineString", "coordinates": [[0, 50], [1, 51]]}}))
    page = visit.page
    line, frame = page.locator(".map path.line"), page.locator(".map svg")

    async def left_and_width() -> tuple[float, float]:
        box, around = await line.bounding_box(), await frame.bounding_box()
        assert box is not None
        assert around is not None
        return box["x"] - around["x"], box["width"]

    await expect(line).to_have_count(1)
    first = await left_and_width()
    await page.get_by_role("button", name="Zoom in").click()
    left, width = await left_and_width()
    assert width == pytest.approx(1.6 * first[1], rel=0.03)
    await frame.focus()
    await page.keyboard.press("ArrowRight")
    assert await left_and_width() == pytest.approx((left - 60, width), abs=1)
    await page.get_by_role("button", name="Show all").click()
    assert await left_and_width() == pytest.approx(first, abs=1)
    await frame.drag_to(frame, source_position={"x": 500, "y": 100}, target_position={"x": 620, "y": 140})
    assert await left_and_width() == pytest.approx((first[0] + 120, first[1]), abs=1)


async def test_a_large_collection_comes_a_page_at_a_time(visit: Visit, site: Site) -> None:
    points = [{"type": "Point", "coordinates": [number / 10, 50]} for number in range(250)]
    job = site.execute("echo", {"document": collection(*points)})
    await visit.open(job)
    rows = visit.page.get_by_role("region", name="Features").locator("tbody tr")
    await expect(rows).to_have_count(100)
    await expect(visit.page.locator(".pages")).to_contain_text("1 to 100 of 250")
    await visit.page.get_by_role("button", name="Next").click()
    await visit.page.get_by_role("button", name="101", exact=True).wait_for()
    await visit.page.get_by_role("button", name="Next").click()
    await expect(rows).to_have_count(50)
    await expect(visit.page.get_by_role("button", name="Next")).to_be_disabled()
    asked = visit.sent("GET", f"{job}/results/document")
    assert [request.url.partition("?")[2] for request in asked] == [
        "offset=0&limit=100", "offset=100&limit=100", "offset=200&limit=100"
    ]  # fmt: skip


async def test_what_a_table_leaves_out_is_told(visit: Visit, site: Site) -> None:
    wide = collection({"type": "Point", "coordinates": [1, 2]})
    wide["features"][0]["properties"] = {f"field_{number}": number for number in range(35)}
    await visit.open(site.execute("echo", {"document": wide}))
    output = visit.page.locator(".output-body")
    await expect(output.get_by_role("region", name="Features").locator("thead th")).to_have_count(1 + 30)
    await expect(output).to_contain_text("30 of 35 properties are in the table")
    await visit.open(site.execute("echo", {"document": {f"member_{number}": number for number in range(130)}}))
    await expect(output.locator("tbody tr")).to_have_count(100)
    await expect(output).to_contain_text("100 of 130 members are in the table")
    await visit.open(site.execute("echo", {"document": {"one": 1}}))
    await expect(output.locator("tbody tr")).to_have_count(1)
    await expect(output).not_to_contain_text("in the table")


async def test_a_value_too_large_for_a_page_is_not_shown_on_it(visit: Visit, site: Site) -> None:
    large = collection(square(0, 50, 1))
    large["features"][0]["properties"]["text"] = "x" * 8_100_000
    await visit.open(site.execute("echo", {"document": large}))
    await expect(visit.page.locator(".output .notice")).to_contain_text("larger than the 8.0 MB")
    await expect(visit.page.locator(".output .notice a")).to_have_attribute("href", re.compile("/results/document$"))
    await expect(visit.page.locator(".map")).to_have_count(0)
