"""Pages of real documents, and of documents that mean harm."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from backend.api.collections import collection, collection_list
from backend.api.configuration import load_configuration
from backend.api.documents import conformance, landing_page
from backend.api.offerings import load_offerings
from backend.geo.vector.datasets import DatasetFile
from backend.html.json_text import pretty
from backend.html.renderer import HEADERS, POLICY, TEMPLATES, HtmlRenderer, moment, prose, size_text

BASE = "https://maps.example/ogc"
SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'"
EVIL = "javascript:alert(3)"

_VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """What a browser makes of a page: elements with attributes, texts, and whether all elements are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.elements if name == tag and attributes.items() <= found.items()]


class Landmarks(Page):
    """A page, and its links that stand in no landmark, where a screen reader looks for them."""

    def __init__(self, html: str) -> None:
        self.strays: list[dict[str, str | None]] = []
        super().__init__(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and not {"header", "nav", "main", "footer"} & set(self.open):
            self.strays.append(dict(attrs))
        super().handle_starttag(tag, attrs)


@pytest.fixture(scope="module")
def renderer() -> HtmlRenderer:
    return HtmlRenderer("Maps & more", BASE)


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    """A real document for each template, as far as it needs no running server."""
    configuration = load_configuration(None)
    offerings = load_offerings(configuration, BASE)
    buffer = json.loads(offerings.find("geometry-buffer").body)
    job = {
        "jobID": "1f3a", "processID": "geometry-buffer", "type": "process", "status": "running", "progress": 40,
        "message": "buffering", "created": "2026-01-31T12:00:00.123Z", "links": [],
    }  # fmt: skip
    dataset = collection(DatasetFile("parks", Path(__file__), "vector"), BASE)
    more = [{"rel": "next", "href": f"{BASE}/jobs?limit=1&offset=1", "type": "application/json", "title": "Next"}]
    return {
        "landing_page": landing_page(configuration, BASE),
        "conformance": conformance(),
        "processes": {"processes": [buffer], "links": []},
        "process": buffer,
        "collections": collection_list([dataset], more, 2),
        "collection": dataset,
        "items": {
            "collection": "parks",
            "numberMatched": 7,
            "numberReturned": 2,
            "source_crs": "EPSG:25832",
            "warnings": ["1 of 7 features have no geometry."],
            "links": more,
        },
        "jobs": {"jobs": [job], "links": more, "numberMatched": 2, "numberReturned": 1},
        "job": job,
        "results": {
            "buffer": {"href": f"{BASE}/jobs/1f3a/results/buffer", "type": "application/geo+json", "length": 9}
        },
        "openapi": {"openapi": "3.0.3", "info": {"title": "Maps", "version": "1"}, "paths": {}},
        "problem": {"title": "No such job", "status": 404, "detail": "There is no job `x`.", "type": "about:blank"},
    }


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_page_is_whole_and_can_be_found_ones_way_in(
    renderer: HtmlRenderer, documents: dict[str, dict[str, Any]], template: str
) -> None:
    page = Page(renderer.render(template, documents[template]))
    assert page.html.startswith("<!doctype html>")
    assert page.all("html", lang="en")
    assert " – Maps & more" in page.text
    assert len(page.all("main")) == len(page.all("h1")) == len(page.all("title")) == 1
    assert page.all("nav", **{"aria-label": "Breadcrumbs"})
    assert page.all("a", id="json-form", type="application/json")
    assert page.all("meta", content=POLICY)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_link_but_the_one_past_them_stands_in_a_landmark(
    renderer: HtmlRenderer, documents: dict[str, dict[str, Any]], template: str
) -> None:
    page = Landmarks(renderer.render(template, documents[template]))
    assert [link.get("class") for link in page.strays] == ["skip"]


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_page_loads_anything_from_elsewhere_or_has_anything_inline(
    renderer: HtmlRenderer, documents: dict[str, dict[str, Any]], template: str
) -> None:
    page = Page(renderer.render(template, documents[template]))
    for tag, attributes in page.elements:
        assert tag != "style"
        assert not any(name == "style" or name.startswith("on") for name in attributes)
        loaded = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        assert loaded is None or loaded.startswith(("/ogc/", "?f=json"))
    assert all("src" in script for script in page.all("script"))


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_control_has_a_label_and_every_id_is_one_elements_own(
    renderer: HtmlRenderer, documents: dict[str, dict[str, Any]], template: str
) -> None:
    page = Page(renderer.render(template, documents[template]))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    labels = {label["for"] for label in page.all("label") if "for" in label}
    for tag in ("input", "select", "textarea"):
        for control in page.all(tag):
            assert control.get("id") in labels or "name" in control  # those with a name stand within their label
    for _, attributes in page.elements:
        for name in ("aria-labelledby", "aria-describedby", "for"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


def test_the_process_page_has_a_form_filled_in_with_the_example(
    renderer: HtmlRenderer, documents: dict[str, dict[str, Any]]
) -> None:
    page = Page(renderer.render("process", documents["process"]))
    assert page.all("form", id="execute", action="/ogc/processes/geometry-buffer/execution")
    assert page.all("input", type="number", value="500", step="any")
    assert page.all("input", type="number", value="32", step="1", min="4", max="256")
    assert page.all("option", value='"nautical-mile"')
    assert "POINT (13.4 52.5)" in page.text
    assert "integer, 4 to 256" in page.text
    assert "no, default metre" in page.text


@pytest.mark.parametrize("process", ["terrain", "raster-calculate"])
def test_a_file_may_be_chosen_or_its_address_be_given(renderer: HtmlRenderer, process: str) -> None:
    description = json.loads(load_offerings(load_configuration(None), BASE).find(process).body)
    page = Page(renderer.render("process", description))
    labels = {label["for"] for label in page.all("label") if "for" in label}
    for file in page.all("input", type="file"):
        assert "required" not in file  # the server tells where neither is given
        assert file["id"] in labels
        assert f"{file['id']}-href" in labels
    assert len(page.all("input", type="file")) == len(page.all("input", type="url")) > 0


def test_no_link_of_a_page_leads_where_only_a_form_may_go(
    renderer: HtmlRenderer, documents: dict[str, dict[str, Any]]
) -> None:
    assert any(link["rel"].endswith("/execute") for link in documents["process"]["links"])
    page = Page(renderer.render("process", documents["process"]))
    assert not [link for link in page.all("a") if (link["href"] or "").endswith("/execution")]


@pytest.mark.parametrize(
    ("status", "label", "offered"),
    [
        ("running", "Dismiss this job", True),
        ("successful", "Remove the results", True),
        ("failed", "", False),
        ("dismissed", "", False),
    ],
)
def test_a_job_is_dismissed_where_something_is_left_to_end_or_remove(
    renderer: HtmlRenderer, documents: dict[str, dict[str, Any]], status: str, label: str, offered: bool
) -> None:
    page = Page(renderer.render("job", {**documents["job"], "status": status}))
    (button,) = page.all("button", id="dismiss")
    assert ("hidden" not in button) is offered
    assert label in page.text


def test_the_job_list_leads_to_the_next_page(renderer: HtmlRenderer, documents: dict[str, dict[str, Any]]) -> None:
    page = Page(renderer.render("jobs", documents["jobs"]))
    assert page.all("a", rel="next", href="/ogc/jobs?limit=1&offset=1")
    assert not page.all("a", rel="prev")
    assert "1 of 2 jobs" in page.text


def test_a_process_that_only_runs_asynchronously_offers_no_other_mode(
    renderer: HtmlRenderer, documents: dict[str, dict[str, Any]]
) -> None:
    page = Page(renderer.render("process", {**documents["process"], "jobControlOptions": ["async-execute"]}))
    assert [mode["value"] for mode in page.all("input", name="execution-mode")] == ["async"]


def hostile(value: Any) -> Any:
    """The document with harm in every text of it, and in every name of a member that is not the standard's."""
    if isinstance(value, dict):
        return {name: EVIL if name == "href" else hostile(member) for name, member in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return value + SCRIPT if isinstance(value, str) else value


@pytest.mark.parametrize("template", TEMPLATES)
def test_harm_in_a_document_stays_text(
    renderer: HtmlRenderer, documents: dict[str, dict[str, Any]], template: str
) -> None:
    document = hostile(documents[template])
    if template == "process":
        document["inputs"][SCRIPT] = {"title": SCRIPT, "schema": {"enum": [SCRIPT], "default": SCRIPT}}
        document["outputs"][SCRIPT] = {"schema": {"type": "object", "format": SCRIPT}}
    if template == "results":
        document[SCRIPT] = SCRIPT
    if template == "openapi":
        document["paths"] = {SCRIPT: {"get": {"summary": SCRIPT, "tags": [SCRIPT]}}}
    page = Page(renderer.render(template, document))
    assert "alert(" in page.text
    assert len(page.all("script")) <= 1
    assert not page.all("img", src="x")
    for _, attributes in page.elements:
        assert not (attributes.get("href") or "").lower().startswith("javascript")


@pytest.mark.parametrize(
    ("template", "document"),
    [
        ("processes", {"processes": [{"id": "only-an-id"}], "links": "none"}),
        ("process", {"id": "p", "title": {"en": "P"}, "keywords": "word", "inputs": {"a": 1}, "outputs": []}),
        ("process", {"id": "p", "jobControlOptions": None, "example": [1], "links": [None, {}]}),
        ("job", {"jobID": 5, "status": "paused", "progress": None, "message": None}),
        ("jobs", {"jobs": [{"jobID": "a"}]}),
        ("results", {}),
        ("results", {"a": None, "b": [1], "c": {"value": 1}, "d": {"href": None}}),
        ("problem", {"errors": [{}]}),
        ("openapi", {}),
    ],
)
def test_a_document_that_lacks_what_it_should_have_gives_a_page_all_the_same(
    renderer: HtmlRenderer, template: str, document: dict[str, Any]
) -> None:
    assert Page(renderer.render(template, document)).all("main")


def test_code_in_prose_is_marked_and_nothing_else() -> None:
    assert prose("use `a<b` and <b>") == "use <code>a&lt;b</code> and &lt;b&gt;"
    assert prose("an odd ` one") == "an odd ` one"
    assert prose("`x` and ` y") == "<code>x</code> and ` y"


def test_texts_are_cut_where_nobody_would_read_on() -> None:
    assert len(pretty(["x" * 50_000])) < 20_010


def test_times_and_sizes_are_as_a_person_reads_them() -> None:
    assert moment("2026-01-31T14:00:00.123+02:00") == "2026-01-31 12:00:00 UTC"
    assert moment("yesterday") == "yesterday"
    assert moment(None) == ""
    assert [size_text(size) for size in (12, 7300, 2_500_000, None)] == ["12 bytes", "7.3 kB", "2.5 MB", ""]


def test_the_headers_forbid_framing_and_guessing() -> None:
    assert HEADERS["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
