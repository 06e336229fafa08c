"""The execute form in a real browser: values of every kind, problems next to their fields, and the way to the job."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.backend.html.browser.visits import Visit

pytestmark = pytest.mark.anyio

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def body_sent(visit: Visit) -> dict[str, Any]:
    (request,) = visit.sent("POST", "/execution")
    return json.loads(request.post_data or "")


async def test_the_buffer_form_runs_and_ends_at_a_map_with_the_polygon(visit: Visit) -> None:
    page = visit.page
    await visit.open("/processes/geometry-buffer")
    await expect(page.get_by_label("Geometry")).to_have_value("POINT (13.4 52.5)")
    await page.get_by_label("Distance").fill("25")
    await page.get_by_label("Units").select_option("kilometre")
    await page.get_by_role("button", name="Execute").click()
    await page.wait_for_url(re.compile(r"/ogc/jobs/[^/]+$"))
    await expect(page.locator("#status")).to_have_text("successful")
    await expect(page.locator("#percent")).to_have_text("100 %")
    edge = page.locator(".map svg .feature path.edge")
    await expect(edge).to_have_count(1)
    box = await edge.bounding_box()
    frame = await page.locator(".map svg").bounding_box()
    assert box is not None
    assert frame is not None
    # A circle, fitted into the frame.
    assert box["width"] == pytest.approx(box["height"], rel=0.02)
    assert 0.6 < box["height"] / frame["height"] < 0.95
    await expect(page.get_by_role("row", name="distance_m")).to_contain_text("25000")
    assert body_sent(visit) == {
        "inputs": {
            "geometry": "POINT (13.4 52.5)",
            "distance": 25,
            "units": "kilometre",
            "dissolve": True,
            "resolution": 32,
        }
    }


async def test_a_refusal_is_told_next_to_its_field(visit: Visit) -> None:
    page = visit.page
    await visit.open("/processes/geometry-buffer")
    await page.get_by_label("Geometry").fill("POINT (13.4")
    await page.get_by_label("Synchronous: wait").check()
    await page.get_by_role("button", name="Execute").click()
    field = page.locator('[data-input="geometry"]')
    await expect(field.locator(".field-problem")).to_contain_text("neither GeoJSON nor WKT")
    await expect(page.get_by_label("Geometry")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator('[data-input="distance"] .field-problem')).to_be_hidden()
    await expect(page.locator("#summary")).to_be_focused()
    await expect(page.get_by_role("button", name="Execute")).to_be_enabled()
    await page.get_by_label("Geometry").fill("POINT (13.4 52.5)")
    await expect(field.locator(".field-problem")).to_be_hidden()
    await page.get_by_role("button", name="Execute").click()
    await page.wait_for_url(re.compile(r"/jobs/[^/]+$"))
    await expect(page.locator("#status")).to_have_text("successful")
    visit.forgive("400")


async def test_text_that_is_no_json_is_told_without_asking_the_server(visit: Visit) -> None:
    await visit.open("/processes/echo")
    await visit.page.get_by_label("Object with parts").fill('{"name": ')
    await visit.page.get_by_role("button", name="Execute").click()
    await expect(visit.page.locator('[data-input="nested"] .field-problem')).to_contain_text("is not valid JSON")
    await expect(visit.page.get_by_label("Object with parts")).to_be_focused()
    assert visit.sent("POST", "/execution") == []


async def test_a_number_out_of_its_range_is_not_sent(visit: Visit) -> None:
    await visit.open("/processes/geometry-buffer")
    await visit.page.get_by_label("Resolution").fill("3")
    await visit.page.get_by_role("button", name="Execute").click()
    assert await visit.page.get_by_label("Resolution").evaluate("field => field.validity.rangeUnderflow")
    assert visit.sent("POST", "/execution") == []


async def test_values_of_every_kind_arrive_as_what_they_are(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    picture = tmp_path / "pixel.png"
    picture.write_bytes(PIXEL)
    await visit.open("/processes/echo")
    await page.get_by_label("One of some words").select_option("blue")
    await page.get_by_label("Number within a range").fill("-2.5")
    await page.get_by_label("Whole number").fill("7")
    await page.get_by_label("True or false").select_option("false")
    await page.get_by_label("Date and time (RFC 3339)").fill("2026-01-31T12:00:00Z")
    await page.get_by_label("One array of numbers").fill("[1, 2.5]")
    texts = page.locator('[data-input="repeated"]')
    await texts.get_by_role("button", name="Add a value").click()
    await texts.get_by_label("Value 3").fill("three")
    await texts.get_by_role("button", name="Remove this value").first.click()
    await page.get_by_label("Measured value").fill("")
    await page.get_by_label("Picture (PNG)").set_input_files(picture)
    await page.get_by_label("Number, date or array of numbers").fill("2026-01-31")
    await page.get_by_role("checkbox", name="Document").uncheck()
    await page.get_by_role("button", name="Execute").click()
    await page.wait_for_url(re.compile(r"/jobs/[^/]+$"))
    sent = body_sent(visit)
    assert sent["inputs"] == {
        "pause": 0,
        "string": "blue",
        "number": -2.5,
        "integer": 7,
        "boolean": False,
        "datetime": "2026-01-31T12:00:00Z",
        "array": [1, 2.5],
        "repeated": ["two", "three"],
        "bbox": {"bbox": [5.9, 47.3, 15.0, 55.1], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"},
        "geometry": {"type": "Point", "coordinates": [13.4, 52.5]},
        "image": base64.b64encode(PIXEL).decode(),
        "mixed": "2026-01-31",
    }
    assert "document" not in sent["outputs"]
    assert sent["outputs"]["mixed"] == {}
    await expect(page.locator("#status")).to_have_text("successful")
    preview = page.get_by_role("img", name="Result image")
    assert await preview.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1


async def test_a_file_may_be_given_by_the_address_of_a_dataset(visit: Visit) -> None:
    page, dataset = visit.page, "https://maps.example/ogc/collections/dem-sample"
    await visit.open("/processes/terrain")
    await page.get_by_role("button", name="Execute").click()
    await expect(page.locator('[data-input="raster"] .field-problem')).to_have_text("is required")
    await page.get_by_label("or the address of a dataset").fill(dataset)
    await page.get_by_role("button", name="Execute").click()
    await page.wait_for_url(re.compile(r"/jobs/[^/]+$"))
    await expect(page.locator("#status")).to_have_text("successful")
    sent = json.loads(visit.sent("POST", "/execution")[-1].post_data or "")
    assert sent["inputs"]["raster"] == {"href": dataset}
    visit.forgive("400")


async def test_a_file_and_an_address_are_two_values_of_one(visit: Visit, tmp_path: Path) -> None:
    page, picture = visit.page, tmp_path / "pixel.png"
    picture.write_bytes(PIXEL)
    await visit.open("/processes/terrain")
    await page.get_by_label("Raster required").set_input_files(picture)
    await page.get_by_label("or the address of a dataset").fill("https://maps.example/ogc/collections/dem-sample")
    await page.get_by_role("button", name="Execute").click()
    await expect(page.locator('[data-input="raster"] .field-problem')).to_contain_text("not both")
    assert visit.sent("POST", "/execution") == []


async def test_files_and_addresses_may_be_mixed_where_several_are_taken(visit: Visit, tmp_path: Path) -> None:
    page, picture = visit.page, tmp_path / "pixel.png"
    picture.write_bytes(PIXEL)
    address = "https://maps.example/ogc/collections/dem-sample"
    await visit.open("/processes/raster-calculate")
    others = page.locator('[data-input="others"]')
    await others.get_by_label("Value 1").set_input_files(picture)
    await others.get_by_role("button", name="Add a value").click()
    await others.get_by_label("or the address of a dataset").nth(1).fill(address)
    ids = await page.locator("[id]").evaluate_all("elements => elements.map(({ id }) => id)")
    assert len(ids) == len(set(ids))
    module = await page.locator("script").get_attribute("src")
    assert module is not None
    read = "(field, module) => import(module).then(({readField}) => readField(field))"
    values = await others.evaluate(read, module.replace("process.js", "field_values.js"))
    assert values == [base64.b64encode(PIXEL).decode(), {"href": address}]


async def test_a_process_is_not_run_for_no_output(visit: Visit) -> None:
    page = visit.page
    await visit.open("/processes/terrain")
    for box in await page.locator("#outputs").get_by_role("checkbox").all():
        await box.uncheck()
    await page.get_by_role("button", name="Execute").click()
    await expect(page.locator("#summary")).to_contain_text("Choose an output")
    assert visit.sent("POST", "/execution") == []


async def test_text_is_json_where_the_input_takes_such_json(visit: Visit) -> None:
    cases: list[tuple[str, list[str], Any]] = [
        ('{"a": 1}', ["object", "string"], {"a": 1}),
        ("POINT (1 2)", ["object", "string"], "POINT (1 2)"),
        ("12", ["object", "string"], "12"),
        ('"12"', ["number", "string"], "12"),
        ("12", ["integer"], 12),
        ("null", ["null", "string"], None),
        ("[1]", ["array"], [1]),
        (
            '{"href": "https://maps.example/jobs/1/results/a"}',
            ["array"],
            {"href": "https://maps.example/jobs/1/results/a"},
        ),
    ]
    module = await visit.module("field_values.js")
    run = "([module, text, types]) => import(module).then(({parse}) => parse(text, types))"
    for text, types, value in cases:
        assert await visit.page.evaluate(run, [module, text, types]) == value


async def test_a_synchronous_execution_can_be_cancelled(visit: Visit) -> None:
    page = visit.page
    await visit.open("/processes/slow-steps")
    await page.get_by_label("Seconds").fill("60")
    await page.get_by_label("Synchronous: wait").check()
    await page.get_by_role("button", name="Execute").click()
    await expect(page.get_by_role("button", name="Execute")).to_be_disabled()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#state")).to_have_text("Cancelled.")
    await expect(page.get_by_role("button", name="Execute")).to_be_enabled()
