"""The URLs of a server: below its root whatever ids hold, and never at another origin."""

import pytest

from mcp_server.ogc.addresses import Addresses
from mcp_server.ogc.documents import described_process_ids
from mcp_server.ogc.origins import same_origin

HERE = Addresses("https://in.test/ogc", "https://own.test/api")


@pytest.mark.parametrize(
    ("segments", "url"),
    [
        (("processes", "a/b"), "https://in.test/ogc/processes/a%2Fb"),
        (("jobs", ".."), "https://in.test/ogc/jobs/%2E%2E"),
        (("jobs", "a?b#c"), "https://in.test/ogc/jobs/a%3Fb%23c"),
        (("",), "https://in.test/ogc/"),
    ],
)
def test_an_id_is_one_segment_whatever_it_holds(segments: tuple[str, ...], url: str) -> None:
    assert HERE.path(*segments) == url


def test_a_server_knows_its_results_and_datasets_by_its_own_root() -> None:
    assert HERE.result("j/1", "o 1") == "https://own.test/api/jobs/j%2F1/results/o%201"
    assert HERE.collection("maps/a.gpkg", None) == "https://own.test/api/collections/maps%2Fa.gpkg"
    assert HERE.collection("maps", "a#b") == "https://own.test/api/collections/maps#a%23b"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("https://own.test/api/jobs/1", "https://in.test/ogc/jobs/1"),
        ("https://in.test/other", "https://in.test/other"),
        ("/jobs/1", "https://in.test/jobs/1"),
        ("jobs/1", "https://in.test/ogc/jobs/1"),
        ("https://in.test:443/x", "https://in.test/x"),
        ("http://in.test/x", None),
        ("https://in.test:8443/x", None),
        ("https://in.test.evil.test/x", None),
        ("https://in.test@evil.test/x", None),
        ("//evil.test/x", None),
        ("https://own.test/apix/1", None),
        ("https://own.test/api@evil.test/1", None),
        ("file:///etc/passwd", None),
        ("ogc://local/jobs/1", None),
        ("https://[", None),
        (None, None),
    ],
)
def test_a_link_is_followed_at_the_configured_origin_alone(href: str | None, url: str | None) -> None:
    assert HERE.reachable(href) == url


def test_a_definition_names_processes_by_the_paths_of_their_executions() -> None:
    others = (
        "/processes/{id}/execution",
        "/processes/b",
        "/jobs/c/execution",
        "/processes/d/x",
        "/processes/e/execution/y",
    )
    assert described_process_ids({"paths": {path: {} for path in ("/processes/a/execution", *others)}}) == ["a"]
    assert described_process_ids({"paths": []}) == described_process_ids(None) == []


@pytest.mark.parametrize("url", ["https://in.test:port/", "http://a\x00b/", "\ud800"])
def test_what_is_no_url_is_of_no_origin(url: str) -> None:
    assert not same_origin(url, url)
    assert not same_origin("https://in.test/", url)
