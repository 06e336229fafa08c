"""CQL2's array predicates: arrays as sets, in text and JSON."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.tables.cql2 import evaluate
from backend.geo.vector.features import Features

LETTERS = ("a", "b", "c")
EVERY = [list(some) for count in range(4) for some in combinations(LETTERS, count)]
"""All subsets of three letters."""


def features(**fields: list[Any]) -> Features:
    return Features(shapes_of([None] * len(next(iter(fields.values())))), fields)


def matches(filter_: Any, **fields: list[Any]) -> list[int]:
    return np.flatnonzero(evaluate(features(**fields), filter_).true).tolist()


def in_text(letters: list[str]) -> str:
    return f"({', '.join(map(repr, letters))})"


@pytest.mark.parametrize("wanted", EVERY, ids=str)
def test_arrays_are_compared_as_sets(wanted: list[str]) -> None:
    def chosen(holds: Any) -> list[int]:
        return [at for at, letters in enumerate(EVERY) if holds(letters)]

    written = in_text([*wanted, *reversed(wanted)])
    assert matches(f"A_CONTAINS(tags, {written})", tags=EVERY) == chosen(lambda has: all(x in has for x in wanted))
    assert matches(f"A_CONTAINEDBY(tags, {written})", tags=EVERY) == chosen(lambda has: all(x in wanted for x in has))
    assert matches(f"a_equals(tags, {written})", tags=EVERY) == [EVERY.index(wanted)]
    assert matches(f"A_Overlaps(tags, {written})", tags=EVERY) == chosen(lambda has: any(x in wanted for x in has))


def test_either_side_is_a_field_or_an_array() -> None:
    sides = {"one": [["a"], ["a", "b"], ["c"]], "other": [["a", "b"], ["b"], ["c"]]}
    assert matches("A_CONTAINS(one, other)", **sides) == [1, 2]
    assert matches("A_CONTAINEDBY(('c'), one)", **sides) == [2]
    assert matches("A_OVERLAPS(('c'), ('c', 'd'))", **sides) == [0, 1, 2]


@pytest.mark.parametrize(
    ("element", "found"),
    [
        ("1", [0, 3]),
        ("1.0", [0, 3]),
        ("'1'", [1]),
        ("TRUE", [2]),
        ("2.5", [3]),
        ("-2", [4]),
        ("NULL", [4]),
        ("(1, 2)", [5]),
        ("DATE('2026-01-31')", [5]),
        ("'é'", [6]),
    ],
)
def test_elements_are_equal_as_json_values_are(element: str, found: list[int]) -> None:
    tags = [[1], ["1"], [True], [1.0, 2.5], [None, -2], [[1, 2.0], "2026-01-31"], ["e\u0301"]]
    assert matches(f"A_CONTAINS(tags, ({element}))", tags=tags) == found


def test_a_missing_array_is_neither_within_nor_without() -> None:
    for filter_ in ("A_CONTAINS(tags, ())", "NOT A_CONTAINS(tags, ())"):
        answer = evaluate(features(tags=[None, ["a"]]), filter_)
        assert answer.unknown == 1
        assert not answer.true[0]


def test_json_says_the_same_as_text() -> None:
    filter_ = {"op": "a_containedBy", "args": [{"property": "tags"}, ["a", "b"]]}
    assert matches(filter_, tags=EVERY) == matches("A_CONTAINEDBY(tags, ('a', 'b'))", tags=EVERY)


def test_arrays_that_a_file_holds_as_texts_are_arrays() -> None:
    assert matches("A_CONTAINS(tags, ('b'))", tags=['["a", "b"]', ' ["c"]', None]) == [0]


def test_no_features_have_no_matches() -> None:
    assert matches("A_CONTAINS(tags, ('b'))", tags=[]) == []


@pytest.mark.parametrize(
    ("filter_", "reason"),
    [
        ("A_CONTAINS(tags, 'a')", "arrays in parentheses, ('one', 'other'), not 'a'"),
        ("A_CONTAINS(tags, (a))", "texts, numbers and truth values, not {'property': 'a'}; a text stands in single"),
        ("A_CONTAINS(tags, ('a')", "is needed at character 23"),
        ("A_CONTAINS(tags)", "a_contains takes 2 arguments, not 1"),
        ("A_CONTAIN(tags, ('a', 'b'))", "did you mean 'a_contains'"),
        ("A_CONTAINS(n, ('a'))", "'n' holds numbers, such as 1, 2, and array predicates need arrays; IN"),
        ("A_CONTAINS(odd, ('a'))", "array predicates need arrays"),
        ("tags = 'a'", "'tags' holds arrays, such as ['a'], ['b', 'c']; A_CONTAINS(field"),
        ("'a' = tags", "A_CONTAINS(field"),
        ("tags LIKE '%a%'", "A_CONTAINS(field"),
        ("tags IN ('a')", "A_CONTAINS(field"),
        (f"tags IN ({', '.join(map(repr, range(30)))})", "A_CONTAINS(field"),
    ],
)
def test_what_is_no_array_and_arrays_that_meet_a_value_are_refused_with_what_to_write(
    filter_: str, reason: str
) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        matches(filter_, tags=[["a"], ["b", "c"]], n=[1, 2], odd=["[1", "[2"])
    assert reason in str(refused.value)
