"""Misspelt words and compounds are read as words that are known."""

import pytest

from mcp_server.discovery.spelling import distance, spelling

KNOWN = spelling(frozenset({"pharmaci", "catchment", "temperatur", "cloud", "mask", "niederschlag", "kart", "slop"}))


@pytest.mark.parametrize(
    ("written", "meant"), [("farmaci", "pharmaci"), ("catchement", "catchment"), ("temprature", "temperatur")]
)
def test_a_misspelt_word_is_read_as_the_nearest_one(written: str, meant: str) -> None:
    assert KNOWN.corrected(written) == [meant]


@pytest.mark.parametrize("word", ["milan", "zzzzzz", "abc", "b11", ""])
def test_a_word_like_no_other_is_not_corrected(word: str) -> None:
    assert KNOWN.corrected(word) == []


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("cloudmask", ("cloud", "mask")),
        ("niederschlagskart", ("niederschlag", "kart")),
        ("cloudiness", ("cloud",)),
        ("parliament", ()),
    ],
)
def test_a_compound_is_read_as_its_parts(word: str, found: tuple[str, ...]) -> None:
    assert KNOWN.parts(word) == found


@pytest.mark.parametrize(
    ("one", "other", "steps"), [("slop", "slop", 0), ("sloep", "slope", 1), ("a", "", 1), ("ab", "cd", 2)]
)
def test_the_distance_counts_letters_and_an_exchange_once(one: str, other: str, steps: int) -> None:
    assert distance(one, other) == distance(other, one) == steps
