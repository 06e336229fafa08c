"""The words of a process are those that a person would look for, each text brief."""

from typing import Any

from mcp_server.discovery.words import listed_words, words_of
from mcp_server.schema.normalise import normalise

ROLE = "urn:example:role"


def test_a_process_is_known_by_its_title_and_without_one_by_its_id() -> None:
    assert words_of(normalise({"id": "zonal-stats", "title": "Zonal statistics"})).title == "Zonal statistics"
    assert words_of(normalise({"id": "zonal-stats"})).title == "zonal-stats"


def test_long_texts_are_brief_and_empty_keywords_are_none() -> None:
    word = "word " * 1000
    raw: dict[str, Any] = {
        "id": "p",
        "title": word,
        "description": word,
        "keywords": [word, " ", "dem"],
        "inputs": {word: {}},
    }
    words = words_of(normalise(raw))
    assert len(words.title) <= 120
    assert len(words.description) <= 600
    assert [len(keyword) <= 60 for keyword in words.keywords] == [True, True]
    assert [len(name) <= 60 for name in words.input_names] == [True]
    many = words_of(normalise({"id": "p", "keywords": ["k"] * 100, "inputs": {f"i{n}": {} for n in range(100)}}))
    assert (len(many.keywords), len(many.input_names)) == (20, 40)


def test_of_a_process_that_is_listed_its_own_words_and_roles_are_heard_and_no_inputs() -> None:
    member = {
        "title": "Zonal statistics",
        "description": "Sums cells.",
        "keywords": ["raster"],
        "metadata": [{"role": ROLE}],
        "inputs": {"dem": {"schema": {"type": "string"}}},
        "example": {"inputs": {"dem": "x", "band": 1}},
    }
    words, roles = listed_words("zonal-stats", member)
    assert (words.title, words.description, words.keywords) == ("Zonal statistics", "Sums cells.", ("raster",))
    assert words.input_names == ()
    assert roles == {ROLE}
