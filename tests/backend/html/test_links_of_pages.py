"""Links of pages: where they may lead, and how they are written."""

from typing import Any

import pytest

from backend.html.links import base_path, json_href, link_to, links_of, local_href, page_links, safe_href

BASE = "https://maps.example/ogc"


@pytest.mark.parametrize(
    "href", ["https://a.example/x?y=1#z", "http://a.example", "mailto:a@b.example", "/jobs", "?f=json", "//a.example/"]
)
def test_web_links_and_mail_addresses_may_be_followed(href: str) -> None:
    assert safe_href(href) == href


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "http://[broken",
        "",
        None,
        7,
        {"href": "x"},
    ],
)
def test_nothing_else_is_a_link(href: Any) -> None:
    assert safe_href(href) is None
    assert local_href(href, BASE) is None


@pytest.mark.parametrize(
    ("href", "written"),
    [
        (f"{BASE}/jobs/1?f=html", "/ogc/jobs/1?f=html"),
        (BASE, "/ogc/"),
        (f"{BASE}?limit=3", "/ogc?limit=3"),
        ("https://maps.example/ogcx/jobs", "https://maps.example/ogcx/jobs"),
        ("https://maps.example/", "https://maps.example/"),
        ("https://other.example/ogc/jobs", "https://other.example/ogc/jobs"),
    ],
)
def test_a_link_to_this_server_names_no_host(href: str, written: str) -> None:
    assert local_href(href, BASE) == written


def test_a_server_at_the_root_has_no_base_path() -> None:
    assert base_path("http://localhost:5001") == ""
    assert local_href("http://localhost:5001/jobs", "http://localhost:5001") == "/jobs"


def test_links_that_are_none_are_left_out() -> None:
    assert list(links_of({"links": [None, "x", {"rel": "self"}]})) == [{"rel": "self"}]
    assert list(links_of({"links": "x"})) == list(links_of({})) == []


def test_a_link_of_several_relations_is_on_the_page_once_and_no_other_is_left_out() -> None:
    title = "What this server conforms to"
    links = [
        {"href": "/", "rel": "self", "type": "application/json"},
        {"href": "/conformance", "rel": "conformance", "title": title},
        {"href": "/conformance", "rel": "http://www.opengis.net/def/rel/ogc/1.0/conformance", "title": title},
        {"href": "/", "rel": "alternate", "type": "text/html"},
        {"href": ["no", "reference"], "rel": "x"},
        {"href": "/execution", "rel": "http://www.opengis.net/def/rel/ogc/1.0/execute"},
    ]
    assert page_links({"links": links}) == [links[0], links[1], links[3], links[4]]


def test_a_relation_is_found_by_its_name_and_by_the_end_of_its_uri() -> None:
    document = {"links": [{"rel": "next", "href": "a"}, {"rel": "http://www.opengis.net/def/rel/ogc/1.0/results"}]}
    assert link_to(document, "next") == "a"
    assert link_to(document, "results") is None
    assert link_to(document, "prev") is None


def test_the_json_form_is_the_alternate_link_or_else_the_same_path() -> None:
    alternate = {"rel": "alternate", "type": "application/json", "href": f"{BASE}/jobs?limit=2&f=json"}
    assert json_href({"links": [alternate]}, BASE) == "/ogc/jobs?limit=2&f=json"
    assert json_href({"links": [{**alternate, "href": "javascript:1"}]}, BASE) == "?f=json"
    assert json_href({}, BASE) == "?f=json"
    assert json_href({}, BASE, [("status", "a&b"), ("f", "html")]) == "?status=a%26b&f=json"
