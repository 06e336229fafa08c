"""What a model reads of foreign texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server.schema.text import brief, in_one_language


def test_a_short_text_is_whole() -> None:
    assert brief("Two words.", 10) == "Two words."


def test_a_long_text_ends_after_a_sentence() -> None:
    assert brief("A first sentence here. Then a second one that is long.", 30) == "A first sentence here."


def test_a_long_sentence_ends_after_a_word() -> None:
    assert brief("one two three four five", 15) == "one two three…"


def test_a_long_word_is_cut() -> None:
    assert brief("a" * 40, 10) == "a" * 9 + "…"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x"),
        (None, ""),
        (True, ""),
        (0.1, "0.1"),
        (["one", 2, "two"], "one two"),
        ({"fr": "un", "en-US": "one"}, "one"),
        ({"fr": "un"}, "un"),
        ({"en": 3}, ""),
    ],
)
def test_a_text_in_any_form_is_one_language(value: object, expected: str) -> None:
    assert in_one_language(value) == expected


@pytest.mark.parametrize("limit", [0, -5])
def test_where_there_is_no_room_there_is_no_text(limit: int) -> None:
    assert brief("one two three four five", limit) == ""


@given(st.text(), st.integers(min_value=2, max_value=50))
def test_a_brief_text_keeps_its_limit(text: str, limit: int) -> None:
    assert len(brief(text, limit)) <= limit
