"""Pages of a result, cut out of its JSON."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.api.paging import read_page

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
SPACING = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r\n ")])


@given(st.lists(VALUES, max_size=6), st.integers(0, 7), st.none() | st.integers(0, 7), SPACING, st.booleans())
def test_a_page_of_an_array_is_what_json_makes_of_it(
    items: list[Any], offset: int, limit: int | None, separators: tuple[str, str], ascii_only: bool
) -> None:
    data = json.dumps(items, separators=separators, ensure_ascii=ascii_only).encode()
    page = read_page(data, offset, limit)
    assert page is not None
    assert page.array_length == len(items)
    assert json.loads(page.body) == items[offset:][:limit]


@given(st.lists(VALUES, max_size=6), st.dictionaries(TEXT, VALUES, max_size=3), st.integers(0, 7), st.booleans())
def test_a_page_of_a_collection_keeps_all_but_the_other_features(
    features: list[Any], others: dict[str, Any], offset: int, type_first: bool
) -> None:
    kind = {"type": "FeatureCollection"}
    own = {name: value for name, value in others.items() if name not in ("type", "features")}
    collection = {**(kind if type_first else {}), **own, "features": features, **kind}
    page = read_page(json.dumps(collection).encode(), offset, 3)
    assert page is not None
    assert page.array_length is None
    part = features[offset : offset + 3]
    told = {"features": part, "numberMatched": len(features), "numberReturned": len(part)}
    assert json.loads(page.body) == {**collection, **told}


def test_a_number_keeps_its_digits() -> None:
    page = read_page(b"[1.10, 123456789012345678901234567890.5, 1e5]", 0, 2)
    assert page is not None
    assert page.body == b"[1.10,123456789012345678901234567890.5]"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "3",
        '"text"',
        "[1, 2",
        "[1 2]",
        "[1,, 2]",
        "[1, 2,]",
        "[1, 2]]",
        "[1, 2] x",
        "[nothing]",
        '["text]',
        "[[1, 2}]",
        '{"type": "FeatureCollection"}',
        '{"type": "FeatureCollection", "features": 3}',
        '{"type": "FeatureCollection", "features": [1, 2}',
        '{"type": "FeatureCollection", "features": [1, 2]',
        '{"type": "FeatureCollection", "features": [1, 2],}',
        '{"type": "FeatureCollection" "features": [1, 2]}',
        '{"type": "Feature", "features": [1, 2]}',
        '{"features": [1, 2]}',
        '{features: [1, 2], "type": "FeatureCollection"}',
        "{}",
    ],
)
def test_what_is_no_sequence_has_no_pages(text: str, tmp_path: Path) -> None:
    assert read_page(text.encode(), 0, 9) is None
    (tmp_path / "result").write_text(text)
    assert read_page(tmp_path / "result", 0, 9) is None


def test_of_features_that_are_given_twice_the_last_ones_count_as_json_has_it() -> None:
    text = b'{"features": [1, 2, 3], "type": "FeatureCollection", "features": [4, 5]}'
    page = read_page(text, 0, 9)
    assert page is not None
    told = json.loads(page.body)
    assert (told["features"], told["numberMatched"], told["numberReturned"]) == ([4, 5], 2, 2)


def test_what_no_parser_reads_to_its_depth_has_no_pages() -> None:
    deep = b"[" * 200_000 + b"]" * 200_000
    assert read_page(b"[" + deep + b"]", 0, 1) is None


def test_what_is_not_utf8_has_no_pages() -> None:
    assert read_page(b'["\xff"]', 0, 9) is None


def test_a_page_takes_the_memory_of_a_page_whatever_the_result(tmp_path: Path) -> None:
    positions = [[number / 7, number / 9] for number in range(100)]
    line = {"type": "LineString", "coordinates": positions}
    feature = {"type": "Feature", "properties": {"a": [{}]}, "geometry": line}
    one = json.dumps(feature)
    file = tmp_path / "result"
    file.write_text('{"type": "FeatureCollection", "features": [' + ",".join([one] * 5000) + "]}")
    assert file.stat().st_size > 15_000_000
    tracemalloc.start()
    page = read_page(file, 2500, 10)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert page is not None
    assert json.loads(page.body)["features"] == [feature] * 10
    assert json.loads(page.body)["numberMatched"] == 5000
    assert most < 1_000_000
