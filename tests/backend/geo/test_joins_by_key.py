"""Joins by keys: nothing lost, repeated or matched by chance without a word."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
import shapely

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.tables.expressions import calculate
from backend.geo.tables.joins_by_key import Joined, join_table
from backend.geo.vector.csv_features import read_csv
from backend.geo.vector.features import Features


def features(**fields: list[Any]) -> Features:
    count = len(next(iter(fields.values())))
    return Features(shapes_of([shapely.box(at, 0, at + 1, 1) for at in range(count)]), fields)


def joined(left: Features, right: Features, **options: Any) -> Joined:
    given: dict[str, Any] = {"field": "id", "table_field": "id", "taken": None, "duplicates": "refuse"} | options
    return join_table(left, right, **given)


def test_codes_with_leading_zeros_find_each_other() -> None:
    codes = [f"{number:03}" for number in range(1, 13)]
    people = read_csv("id,people\n" + "\n".join(f"{code},{9500 if at < 4 else 7750}" for at, code in enumerate(codes)))
    told = joined(features(id=codes), people)
    assert sum(told.features.fields["people"]) == 100_000
    assert (told.cardinality, told.warnings) == ("1:1", ())


@pytest.mark.parametrize(
    ("duplicates", "expected"), [("first", [("b", 1), ("d", 3)]), ("all", [("b", 1), ("b", 2), ("d", 3)])]
)
def test_an_inner_join_has_those_with_a_row_alone(duplicates: str, expected: list[tuple[str, int]]) -> None:
    told = joined(
        features(id=["a", "b", None, "d"]), features(id=["b", "b", "d", "e"], v=[1, 2, 3, 4]),
        duplicates=duplicates, inner=True,
    )  # fmt: skip
    assert list(zip(told.features.fields["id"], told.features.fields["v"], strict=True)) == expected
    assert (told.matched_features, told.unmatched_features, told.unmatched_rows) == (2, 2, 1)
    assert "2 features found no row and were left out." in told.warnings


def test_an_inner_join_of_as_many_pairs_as_features_repeats_those_that_have_several_rows() -> None:
    told = joined(features(id=["a", "b"]), features(id=["b", "b"], v=[1, 2]), duplicates="all", inner=True).features
    assert list(zip(told.fields["id"], told.fields["v"], shapely.bounds(told.shapes)[:, 0].tolist(), strict=True)) == [
        ("b", 1, 1.0),
        ("b", 2, 1.0),
    ]


def test_numbers_and_texts_are_the_same_key_where_they_look_alike() -> None:
    told = joined(features(id=["7", "8"]), features(id=[7.0, 8], v=["a", "b"]))
    assert told.features.fields["v"] == ["a", "b"]


def test_keys_that_lost_their_zeros_are_told_not_guessed() -> None:
    told = joined(features(id=["001", "12"]), features(id=[1, 12], v=[5, 6]))
    assert told.features.fields["v"] == [None, 6]
    assert (told.unmatched_features, told.unmatched_feature_keys) == (1, ["001"])
    assert (told.unmatched_rows, told.unmatched_row_keys) == (1, ["1"])
    assert any("leading zeros: '001' and '1'" in warning for warning in told.warnings)


@pytest.mark.parametrize(
    ("keys", "others", "hint"),
    [
        (["001"], [1], "leading zeros"),
        (["Bonn"], ["bonn"], "upper and lower case"),
        (["a b"], ["ab "], "spaces"),
        (["1.0"], ["1"], "decimals"),
        (["x"], ["y"], "right fields"),
        ([None], ["y"], "holds nothing"),
    ],
)
def test_a_join_in_which_nothing_matches_is_refused_with_the_likely_reason(
    keys: list[Any], others: list[Any], hint: str
) -> None:
    with pytest.raises(ProcessRefusedError, match=hint):
        joined(features(id=keys), features(id=others))


def test_what_a_refused_join_proposes_makes_the_keys_alike() -> None:
    codes, numbers = features(id=["06412", "00007"]), features(id=[6412, 7], v=["a", "b"])
    with pytest.raises(ProcessRefusedError) as refused:
        joined(codes, numbers)
    expression = str(refused.value).partition("makes them alike by ")[2].replace("key", "id")
    keys = calculate(numbers, expression).values
    assert joined(codes, numbers.with_fields({"id": keys})).features.fields["v"] == ["a", "b"]


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\t"])
def test_keys_that_differ_by_blanks_at_their_ends_are_made_alike_by_what_is_proposed(blank: str) -> None:
    with pytest.raises(ProcessRefusedError, match=r"spaces at the ends.*by trim\(key\)"):
        joined(features(id=["Bern" + blank]), features(id=["Bern"], v=[1]))
    keys = calculate(features(id=["Bern" + blank]), "trim(id)").values
    assert joined(features(id=keys), features(id=["Bern"], v=[1])).features.fields["v"] == [1]


PARCELS = features(id=["p1", "p2", "p3"])
OWNERS = Features(shapes_of([None] * 4), {"id": ["p1", "p1", "p2", "p9"], "owner": ["A", "B", "C", "D"]})


def test_several_rows_for_a_feature_are_refused_unless_it_is_said_what_they_mean() -> None:
    with pytest.raises(ProcessRefusedError, match=r"one-to-many.*'p1'") as refused:
        joined(PARCELS, OWNERS)
    assert refused.value.path == "$.inputs.duplicates"


def test_the_first_row_may_count() -> None:
    told = joined(PARCELS, OWNERS, duplicates="first")
    assert told.features.fields["owner"] == ["A", "C", None]
    assert told.cardinality == "1:n"
    assert "only the first row" in told.warnings[0]
    assert (told.matched_features, told.matched_rows) == (2, 3)


def test_features_may_be_repeated_and_that_is_told() -> None:
    told = joined(PARCELS, OWNERS, duplicates="all")
    assert told.features.fields["id"] == ["p1", "p1", "p2", "p3"]
    assert told.features.fields["owner"] == ["A", "B", "C", None]
    assert told.features.shapes[0] == told.features.shapes[1]
    assert "repeated, 4 in all" in told.warnings[0]


def test_a_row_of_several_features_is_told() -> None:
    told = joined(features(id=["x", "x", "y"]), features(id=["x", "y"], people=[10, 20]))
    assert told.features.fields["people"] == [10, 10, 20]
    assert told.cardinality == "n:1"
    assert "many-to-one" in told.warnings[0]


def test_a_join_has_the_rows_of_sql() -> None:
    left = {"id": ["a", "b", None, "c", "a", ""], "n": [1, 2, 3, 4, 5, 6]}
    right = {"id": ["a", "a", "c", None, "d", ""], "v": [10, 20, 30, 40, 50, 60]}
    told = joined(features(**left), features(**right), duplicates="all")
    database = sqlite3.connect(":memory:")
    for name, rows in (("l", left), ("r", right)):
        database.execute(f"CREATE TABLE {name} (id TEXT, value INTEGER)")
        database.executemany(f"INSERT INTO {name} VALUES (nullif(?, ''), ?)", list(zip(*rows.values(), strict=True)))  # noqa: S608
    rows = database.execute(
        "SELECT l.value, r.value FROM l LEFT JOIN r USING (id) ORDER BY l.rowid, r.rowid"
    ).fetchall()
    database.close()
    assert list(zip(told.features.fields["n"], told.features.fields["v"], strict=True)) == rows
    assert told.cardinality == "n:m"


def test_fields_of_one_name_are_both_kept() -> None:
    told = joined(features(id=["a"], name=["mine"]), features(id=["a"], name=["other"], more=[1]))
    assert told.features.fields["name"] == ["mine"]
    assert told.features.fields["name_table"] == ["other"]
    assert "'name' as 'name_table'" in told.warnings[0]


def test_only_the_fields_that_are_asked_for_are_added() -> None:
    told = joined(features(id=["a"]), features(id=["a"], x=[1], y=[2]), taken=["y"])
    assert list(told.features.fields) == ["id", "y"]
    with pytest.raises(ProcessRefusedError, match="no field 'z'"):
        joined(features(id=["a"]), features(id=["a"]), taken=["z"])


def test_keys_in_decomposed_unicode_are_the_same() -> None:
    told = joined(features(id=["Mu\u0308nchen"]), features(id=["München"], v=[1]))
    assert told.features.fields["v"] == [1]


STATES = features(land=["01", "01", "02", None], kreis=[1, 2, 1, 1])
COUNTS = Features(
    shapes_of([None] * 5),
    {"state": ["01", "01", "02", "03", None], "no": ["1", "2", "2", "1", "1"], "people": [10, 20, 30, 40, 50]},
)
COMPOSITE: dict[str, Any] = {"field": ["land", "kreis"], "table_field": ["state", "no"]}


def test_keys_of_several_fields_match_where_all_of_them_do() -> None:
    told = joined(STATES, COUNTS, **COMPOSITE)
    assert told.features.fields["people"] == [10, 20, None, None]
    assert (told.cardinality, told.added) == ("1:1", {"people": "people"})
    assert (told.matched_features, told.unmatched_features, told.unmatched_feature_keys) == (2, 2, [("02", "1"), None])
    assert (told.matched_rows, told.unmatched_rows) == (2, 3)
    assert told.unmatched_row_keys == [("02", "2"), ("03", "1"), None]


def test_keys_of_several_fields_are_not_run_together() -> None:
    rows = Features(shapes_of([None] * 2), {"a": ["1", "11"], "b": ["12", "2"], "v": ["x", "y"]})
    told = joined(features(a=["11", "1"], b=["2", "12"]), rows, field=["a", "b"], table_field=["a", "b"])
    assert told.features.fields["v"] == ["y", "x"]


@pytest.mark.parametrize("duplicates", ["first", "all"])
def test_the_cardinality_of_several_fields_is_that_of_their_combinations(duplicates: str) -> None:
    left = features(a=["x", "x", "x"], b=[1, 1, 2])
    rows = Features(shapes_of([None] * 3), {"a": ["x"] * 3, "b": [1, 2, 2], "v": ["p", "q", "r"]})
    told = joined(left, rows, field=["a", "b"], table_field=["a", "b"], duplicates=duplicates)
    assert told.cardinality == "n:m"
    assert told.features.fields["v"] == (["p", "p", "q"] if duplicates == "first" else ["p", "p", "q", "r"])


def test_several_fields_join_as_sql_joins_them() -> None:
    own = list(zip(STATES.fields["land"], map(str, STATES.fields["kreis"]), strict=True))
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE f (land TEXT, kreis TEXT)")
        database.execute("CREATE TABLE t (state TEXT, no TEXT, people INTEGER)")
        database.executemany("INSERT INTO f VALUES (?, ?)", own)
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", list(zip(*COUNTS.fields.values(), strict=True)))
        query = "SELECT people FROM f LEFT JOIN t ON land = state AND kreis = no ORDER BY f.rowid"
        expected = [people for (people,) in database.execute(query)]
    assert joined(STATES, COUNTS, **COMPOSITE).features.fields["people"] == expected


def test_what_keeps_keys_of_several_fields_apart_is_told() -> None:
    left = features(a=["001", "002"], b=["x", "y"])
    rows = Features(shapes_of([None] * 2), {"a": ["1", "002"], "b": ["x", "y"], "v": [1, 2]})
    told = joined(left, rows, field=["a", "b"], table_field=["a", "b"])
    assert any("leading zeros: ('001', 'x') and ('1', 'x'); calculate-field" in text for text in told.warnings)
    assert any("right('000' + text(key), 3)" in text for text in told.warnings)


def test_as_many_fields_are_needed_on_both_sides() -> None:
    with pytest.raises(ProcessRefusedError, match="has 2 fields, that of the table 1: name as many") as refused:
        joined(STATES, COUNTS, field=["land", "kreis"], table_field="state")
    assert refused.value.path == "$.inputs.table_field"


def test_several_rows_of_one_combination_are_refused_by_its_values() -> None:
    rows = Features(shapes_of([None] * 2), {"state": ["01", "01"], "no": [1, 1], "v": [1, 2]})
    with pytest.raises(ProcessRefusedError, match=r"'state', 'no' = \('01', '1'\)"):
        joined(STATES, rows, **COMPOSITE)
