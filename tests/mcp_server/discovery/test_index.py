"""Processes are found by words and by facts, always in the same order."""

import pytest

from mcp_server.discovery.index import Index
from mcp_server.discovery.records import Card, DataKind, Facts, Query, Words

VECTOR, RASTER = frozenset({DataKind.VECTOR}), frozenset({DataKind.RASTER})


def facts(takes: frozenset[DataKind], gives: frozenset[DataKind], *, inputs: int = 1, geometries: str = "") -> Facts:
    return Facts(inputs, inputs, takes, gives, frozenset(geometries.split()))


def card(name: str, title: str, text: str = "", known: Facts | None = None, server: str = "one") -> Card:
    return Card(name, server, name, Words(title, text, (), ()), known)


CARDS = [
    card("buffer", "Buffer", "Grows shapes.", facts(VECTOR, VECTOR, inputs=2)),
    card("slope", "Slope", "Degrees of the terrain.", facts(RASTER, RASTER)),
    card("roads", "Merge roads", "Joins lines.", facts(VECTOR, VECTOR, geometries="LineString MultiLineString")),
    card("unread", "Merge layers", "Not described yet.", server="two"),
    card("anything", "Merge whatever", "", facts(frozenset({DataKind.ANY}), frozenset({DataKind.ANY}))),
]
INDEX = Index(CARDS)


def found(words: str = "", **more: object) -> list[str]:
    return [hit.card.name for hit in INDEX.search(Query(words, **more)).hits]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("buffer", "buffer"),
        ("zone of 100 metres around my wells", "buffer"),
        ("Pufferzone", "buffer"),
        ("how steep is it", "slope"),
        ("stepness of the hill", "slope"),
        ("streets into one line", "roads"),
    ],
)
def test_a_process_is_found_by_its_words_by_other_words_and_by_misspelt_ones(words: str, name: str) -> None:
    assert found(words)[0] == name


def test_facts_that_are_stated_exclude_what_is_known_to_be_otherwise() -> None:
    assert {"unread", "anything"} <= set(found("merge", takes=DataKind.RASTER))
    assert "roads" not in found("merge", takes=DataKind.RASTER)
    assert "slope" not in found(takes=DataKind.VECTOR)
    assert "roads" not in found(geometry="Polygon")
    assert "buffer" not in found(max_inputs=1)
    assert found(min_inputs=2) == ["buffer", "unread"]


def test_an_unknown_fact_never_excludes_and_a_known_one_comes_first() -> None:
    names = found("merge", takes=DataKind.VECTOR)
    assert names[0] == "roads"
    assert {"unread", "anything"} <= set(names)


def test_a_server_is_a_fact_that_is_always_known() -> None:
    assert found("merge", server="two") == ["unread"]


def test_without_words_all_that_fit_are_counted_and_the_first_are_told() -> None:
    some = INDEX.search(Query(limit=2))
    assert (len(some.hits), some.total) == (2, 5)
    assert [hit.card.name for hit in some.hits] == ["anything", "buffer"]


@pytest.mark.parametrize("words", ["xyzzy", "?!", "the of and", "12"])
def test_words_that_nobody_has_find_nothing(words: str) -> None:
    assert INDEX.search(Query(words)).total == 0


def test_the_order_of_the_processes_does_not_matter() -> None:
    other = Index(CARDS[::-1])
    for words in ("merge", "buffer lines", "terrain shapes", ""):
        assert [hit.card.name for hit in other.search(Query(words)).hits] == found(words)


def test_an_index_of_nothing_finds_nothing() -> None:
    assert Index(()).search(Query("buffer")).hits == ()


def test_of_a_very_long_request_the_beginning_is_heard() -> None:
    filler = " ".join(f"zzq{number}" for number in range(2000))
    assert found("buffer " + filler) == found("buffer")
    assert found(filler + " buffer") == []
