"""Misspelt words and compounds are read as words that are known."""

from itertools import product

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
        ("niederschlagsenkart", ("niederschlag",)),
        ("cloudiness", ("cloud",)),
        ("masksomething", ()),
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


def aligned(one: str, other: str) -> int:
    """The distance by its definition: the fewest steps from the end of both words back to their beginning."""
    if not one or not other:
        return len(one) + len(other)
    steps = [aligned(one[:-1], other) + 1, aligned(one, other[:-1]) + 1]
    steps.append(aligned(one[:-1], other[:-1]) + (one[-1] != other[-1]))
    if len(one) > 1 and len(other) > 1 and (one[-1], one[-2]) == (other[-2], other[-1]):
        steps.append(aligned(one[:-2], other[:-2]) + 1)
    return min(steps)


def test_the_distance_of_all_short_words_is_the_one_that_is_defined() -> None:
    short = ["".join(letters) for length in range(5) for letters in product("ab", repeat=length)]
    assert [distance(one, other) for one in short for other in short] == [
        aligned(one, other) for one in short for other in short
    ]
