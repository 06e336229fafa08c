"""Large results are read in parts that fit, and nothing is lost between them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server.ogc.models import OutputResult
from mcp_server.results.pages import Page, page


def output(value: Any, matched: int | None = None) -> OutputResult:
    return OutputResult("out", "application/json", None, None, value, None, matched)


def read_on(value: Any, max_bytes: int, text: str | None = None, limit: int | None = None) -> list[Page]:
    pages = [page(output(value), text, offset=0, limit=limit, max_bytes=max_bytes)]
    while (following := pages[-1].next_offset) is not None:
        pages.append(page(output(value), text, offset=following, limit=limit, max_bytes=max_bytes))
        assert len(pages) < 10_000
    return pages


def features(count: int) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": None, "properties": {"id": i}} for i in range(count)],
    }


def test_a_small_value_without_parts_is_read_whole() -> None:
    got = page(output({"area": 3.5}), None, offset=0, limit=None, max_bytes=1000)
    assert got == Page({"area": 3.5}, None, 0, 1, 1)
    assert got.next_offset is None


def test_features_are_read_page_by_page() -> None:
    pages = read_on(features(500), 2000)
    assert {one.unit for one in pages} == {"features"}
    assert {one.total for one in pages} == {500}
    assert [f["properties"]["id"] for one in pages for f in one.value["features"]] == list(range(500))
    assert all(len(json.dumps(one.value, separators=(",", ":"))) < 2100 for one in pages)


def test_a_page_of_features_in_a_plane_says_in_which() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    pages = read_on({**features(500), "crs": crs}, 2000)
    assert {one.value["crs"]["properties"]["name"] for one in pages} == {crs["properties"]["name"]}


def test_a_page_that_the_server_cut_continues_where_it_ends() -> None:
    got = page(output(features(20), matched=500), None, offset=40, limit=20, max_bytes=100_000)
    assert (got.offset, got.returned, got.total, got.next_offset) == (40, 20, 500, 60)


def test_a_page_without_anything_is_the_last_whatever_the_server_counts() -> None:
    got = page(output(features(0), matched=500), None, offset=40, limit=20, max_bytes=100_000)
    assert (got.returned, got.total, got.next_offset) == (0, 500, None)


@given(st.text(max_size=300), st.integers(20, 60))
def test_no_character_of_a_text_is_lost_between_pages(text: str, max_bytes: int) -> None:
    pages = read_on(b"", max_bytes, text=text)
    assert "".join(one.value for one in pages) == text


@given(st.lists(st.text(max_size=20) | st.integers(), max_size=60), st.none() | st.integers(1, 7))
def test_no_item_of_an_array_is_lost_between_pages(items: list[Any], limit: int | None) -> None:
    pages = read_on(items, 200, limit=limit)
    assert [item for one in pages for item in one.value] == items


def test_an_item_larger_than_a_reply_is_summarised_and_passed() -> None:
    first, second = read_on([["x" * 5000] * 3, 1], 1000)
    assert first.note is not None
    assert first.value["kind"] == "array"
    assert second.value == [1]


def test_a_large_object_is_read_as_the_text_of_its_json() -> None:
    value = {f"k{i}": "v" * 50 for i in range(100)}
    pages = read_on(value, 1000)
    assert {one.unit for one in pages} == {"characters"}
    assert json.loads("".join(one.value for one in pages)) == value


@pytest.mark.parametrize("value", [features(3), [1, 2, 3], "abc"])
def test_an_offset_beyond_the_end_returns_nothing(value: Any) -> None:
    got = page(output(value), None, offset=10, limit=None, max_bytes=1000)
    assert (got.returned, got.total, got.next_offset) == (0, 3, None)


@pytest.mark.parametrize("features", [None, "many", {"0": 1}])
def test_what_only_says_that_it_is_a_collection_is_read_whole(features: Any) -> None:
    value = {"type": "FeatureCollection", "features": features}
    got = page(output(value), None, offset=0, limit=None, max_bytes=1000)
    assert (got.value, got.unit) == (value, None)


def test_a_limit_counts_no_parts_of_a_value_that_has_none() -> None:
    small, large = {"type": "Feature", "geometry": None}, {"text": "x" * 2000}
    whole = page(output(small), None, offset=0, limit=5, max_bytes=1000)
    piece = page(output(large), None, offset=0, limit=5, max_bytes=1000)
    assert whole.value == small
    assert piece.returned > 500
    assert whole.note == piece.note == "the value has neither features nor items: `limit` does not apply"


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [(features(9), None, "features"), (list(range(9)), None, "items"), (b"", "abcdefghi", "characters")],
)
def test_a_limit_counts_features_items_or_characters(value: Any, text: str | None, expected: str) -> None:
    got = page(output(value), text, offset=0, limit=5, max_bytes=1000)
    assert (got.unit, got.returned, got.note) == (expected, 5, None)
