"""CQL2 filters: SQL's three-valued logic, as SQLite has it; honest about kinds of values; places and times."""

import json
import random
import re
import sqlite3
import time
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import CRS

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.tables.cql2 import Filtered, evaluate
from backend.geo.tables.cql2_temporal import RELATIONS
from backend.geo.vector.features import Features

FIELDS: dict[str, list[Any]] = {
    "n": [1, 2, None, 4, 5, 6, 7, -3],
    "x": [0.5, None, 2.5, 4.0, -1.0, 6.0, 7.25, 1e9],
    "s": ["alpha", "beta", None, "Alpha", "a_b", "a%b", "", "été"],
    "b": [True, False, None, True, False, None, True, False],
}
SEED = 20_240_531


def features(fields: dict[str, list[Any]] | None = None, shapes: list[Any] | None = None) -> Features:
    columns = FIELDS if fields is None else fields
    count = len(next(iter(columns.values()))) if columns else len(shapes or [])
    return Features(shapes_of(shapes or [None] * count), columns)


def matches(filter_: Any, **fields: list[Any]) -> list[int]:
    return np.flatnonzero(evaluate(features(fields or None), filter_).true).tolist()


def expression(rng: random.Random, depth: int) -> str:
    """A condition that is CQL2 and SQL alike."""
    if depth and rng.random() < 0.6:
        one, two = expression(rng, depth - 1), expression(rng, depth - 1)
        return rng.choice(
            [f"{one} AND {two}", f"{one} OR {two}", f"NOT ({one})", f"({one}) OR {two}", f"NOT {one} AND {two}"]
        )
    number = rng.choice(["n", "x", "(n + x)", "n * 2", "x - n / 2.0", "-n", "n % 3"])
    value = rng.choice(["1", "4", "2.5", "-3", "7.25"])
    sign = rng.choice(["=", "<>", "<", "<=", ">", ">="])
    negative = rng.choice(["", "NOT "])
    pattern = rng.choice(["'a%'", "'%a'", "'_lpha'", "'%'", "''", "'%l%h%'", "'a__'"])
    return rng.choice(
        [
            f"{number} {sign} {value}",
            f"{number} {sign} {rng.choice(['n', 'x'])}",
            f"s {sign} {rng.choice(['s', 'chr'])}".replace("chr", "'beta'"),
            f"s {negative}LIKE {pattern}",
            f"n {negative}IN (1, 4, {rng.choice(['5', 'NULL'])})",
            f"x {negative}BETWEEN {value} AND 6",
            f"{rng.choice(['n', 's', 'b'])} IS {negative}NULL",
            f"b = {rng.choice(['TRUE', 'FALSE'])}",
        ]
    )


def test_random_conditions_hold_where_sqlite_says_so() -> None:
    rng = random.Random(SEED)  # noqa: S311
    table = sqlite3.connect(":memory:")
    table.execute("PRAGMA case_sensitive_like = ON")
    table.execute("CREATE TABLE t (n INTEGER, x REAL, s TEXT, b INTEGER)")
    table.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", list(zip(*FIELDS.values(), strict=True)))
    for _ in range(200):
        text = expression(rng, 3)
        # The remainder of a negative number has the sign of the divisor here, of the dividend in SQLite.
        sql = text.replace("n % 3", "((n % 3) + 3) % 3")
        told = [row[0] for row in table.execute(f"SELECT ({sql}) FROM t")]  # noqa: S608
        found = evaluate(features(), text)
        assert found.true.tolist() == [value == 1 for value in told], text
        assert found.unknown == told.count(None), text
    table.close()


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ("t <= '2024-03-05'", [0, 1]),
        ("t < '2024-03-05'", [0]),
        ("t > '2024-03-05'", [2]),
        ("t = '2024-03-05'", [1]),
        ("'2024-03-05' >= t", [0, 1]),
        ("t BETWEEN '2024-03-05' AND '2024-03-06'", [1, 2]),
        ("t IN ('2024-03-06', '2024-03-04')", [0, 2]),
    ],
)
def test_a_date_beside_times_stands_for_its_whole_day(filter_: str, found: list[int]) -> None:
    times = ["2024-03-04T09:00:00Z", "2024-03-05T00:00:00Z", "2024-03-06T23:59:59Z"]
    assert matches(filter_, t=times) == found
    told = evaluate(features({"t": times}), filter_).warnings
    assert any("a date stands for the whole of it" in warning for warning in told)
    assert matches("d <= '2024-03-05'", d=["2024-03-05", "2024-03-06", "some day"]) == [0]


def test_many_dates_and_times_as_shapefiles_have_them_are_days_too() -> None:
    days = ", ".join(f"'2024-05-{day:02d}'" for day in range(1, 32))
    assert matches(f"t IN ({days})", t=["2024-05-31T10:00:00Z", "2024-06-01T00:00:00Z", None]) == [0]
    assert matches("t > '2024-05-31'", t=["2024/05/01 10:00:00", "2024/06/01 10:00:00"]) == [1]
    assert matches("t >= '2024-05-31'", t=["2024-05-31T10:00:00Z", "2024-05-30"]) == [0]


@pytest.mark.parametrize("texts", [["2024-05-31 10:00 meeting", "2024-06-01 11:00"], ["2024-05-31T10:00:00Z", "later"]])
def test_texts_that_are_no_times_are_compared_as_texts(texts: list[str]) -> None:
    assert matches("t > '2024-06-01'", t=texts) == [at for at, text in enumerate(texts) if text > "2024-06-01"]
    assert matches("t > '2024-02-31'", t=["2024-05-31T10:00:00Z"]) == [0]


def test_json_and_text_are_the_same_filter() -> None:
    node = {
        "op": "and",
        "args": [{"op": ">", "args": [{"property": "n"}, 1]}, {"op": "isNull", "args": [{"property": "x"}]}],
    }
    assert matches(node) == matches(json.dumps(node)) == matches("n > 1 AND x IS NULL") == [1]


def test_texts_are_compared_exactly_unless_casei_or_accenti_say_otherwise() -> None:
    assert matches("s = 'alpha'") == [0]
    assert matches("CASEI(s) = CASEI('ALPHA')") == matches("s ILIKE 'ALPH%'") == [0, 3]
    assert matches("ACCENTI(s) = 'ete'") == [7]
    assert matches("s = 'e\u0301te\u0301'") == [7], "the same text in decomposed Unicode"


def test_an_escaped_wildcard_is_itself() -> None:
    assert matches(r"s LIKE 'a\_b'") == [4]
    assert matches(r"s LIKE 'a\%b'") == [5]


def test_integers_beyond_floats_stay_exact() -> None:
    large = 9_007_199_254_740_993
    assert matches(f"id = {large}", id=[large - 1, large, large + 1]) == [1]


@pytest.mark.parametrize(
    ("usual", "standard"),
    [
        ("n != 1", "n <> 1"),
        ({"op": "!=", "args": [{"property": "n"}, 1]}, "n <> 1"),
        ("d > DATE '2000-01-01'", "d > DATE('2000-01-01')"),
        ("d > timestamp '2000-01-01T00:00:00Z'", "d > TIMESTAMP('2000-01-01T00:00:00Z')"),
        ("WITHIN(geometry, POLYGON((0 0,3 0,3 3,0 0)))", "S_WITHIN(geometry, POLYGON((0 0,3 0,3 3,0 0)))"),
        ("BBOX(geometry, 1, 0, 3, 1)", "S_INTERSECTS(geometry, BBOX(1, 0, 3, 1))"),
    ],
)
def test_what_sql_and_the_older_cql_write_means_the_same(usual: Any, standard: str) -> None:
    places = [shapely.Point(9, 9), shapely.Point(2.5, 0.5), None]
    given = features({"n": [1, 2, None], "d": ["1999-05-05", "2001-05-05", None]}, places)
    assert evaluate(given, usual).true.tolist() == evaluate(given, standard).true.tolist() == [False, True, False]


def test_a_long_list_is_a_list() -> None:
    codes = ", ".join(f"'{number:03}'" for number in range(100))
    assert matches(f"code IN ({codes})", code=["001", "99", "099", None]) == [0, 2]
    assert evaluate(features({"code": ["001", None]}), f"code NOT IN ({codes}, NULL)").unknown == 1


@pytest.mark.parametrize(
    ("filter_", "reason"),
    [
        ("n > '3'", "'n' holds numbers.*'3' is a text.*a number has no quotes: 3"),
        ("s = 1", "'s' holds texts.*1 is a number.*as a text it is '1'"),
        ("b > TRUE", "no order"),
        ("b = 'true'", "give true or false, without quotes"),
        ("mixed = 1", "values of several kinds"),
        ("n LIKE '1%'", "LIKE needs texts"),
        ("s + 1 > 2", "needs numbers"),
        ("nn = 1", "did you mean 'n'"),
        ('s = "alpha"', "no field 'alpha'.*single quotes"),
        ("n", "a filter is a condition"),
        ("intersects(n, 1)", "a spatial predicate needs the property geometry"),
        ("s_intersect(geometry, 1)", "did you mean 's_intersects'"),
        ("S_DWITHIN(geometry, POINT(1 1), 5)", "select-by-location"),
        ("xyzzy(1)", "there are %"),
        ("UPPER(s) = 'ALPHA'", "CASEI"),
        ("length(s) > 3", "calculate-field"),
        ("n = 1 AND s", "conditions"),
        ("S_WITHIN(n, POINT(1 1))", "needs the property geometry"),
        ("S_WITHIN(geometry)", "takes 2 arguments"),
        ("n > INTERVAL('2020-01-01', '..')", "T_INTERSECTS"),
        ("s > DATE('2020-01-01')", "'alpha', which is no date"),
        ("n > DATE('2020-01-01')", "'n' holds numbers"),
        ("s = DATE('2020-13-01')", "no date or time in ISO 8601"),
        ("T_DURING(DATE('2020-01-01'), INTERVAL('2021-01-01', '2020-01-01'))", "ends before it begins"),
        ({"op": "and"}, "an object has op and args"),
        ({"op": "and", "args": []}, "takes 1 arguments"),
        ({"op": "=", "args": [[1], 2]}, "is no CQL2"),
        ('{"op": ', "begins as JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused_with_the_reason(filter_: Any, reason: str) -> None:
    fields = {**FIELDS, "mixed": [1, "x", None, 2, 3, 4, 5, 6]}
    with pytest.raises(ProcessRefusedError, match=f"(?s){reason}"):
        evaluate(features(fields), filter_)


def test_deep_json_is_refused_not_a_crash() -> None:
    node: Any = {"op": "isNull", "args": [{"property": "n"}]}
    for _ in range(900):
        node = {"op": "not", "args": [node]}
    with pytest.raises(ProcessRefusedError, match="nested"):
        evaluate(features(), node)
    with pytest.raises(ProcessRefusedError, match="begins as JSON"):
        evaluate(features(), '{"a":' * 100_000)


def test_no_pattern_takes_long() -> None:
    begin = time.thread_time()
    assert matches("s LIKE '" + "%a" * 60 + "%b'", s=["a" * 20_000]) == []
    assert time.thread_time() - begin < 10


def warnings_of(filter_: str, **fields: list[Any]) -> str:
    return " ".join(evaluate(features(fields), filter_).warnings)


def test_dates_in_another_notation_are_refused_with_what_makes_dates_of_them() -> None:
    with pytest.raises(ProcessRefusedError, match=r"'03/15/2024', which is no date.*left\(\) and right\(\)"):
        matches("d > DATE('2024-01-01')", d=["03/15/2024", "12/01/2023"])


def test_what_may_have_been_meant_is_told() -> None:
    assert "there is 'Berlin'" in warnings_of("name = 'berlin'", name=["Berlin", "Bonn"])
    assert "'10' is before '9'" in warnings_of("code > '9'", code=["10", "11"])
    assert "times in several zones" in warnings_of("t < '2020-01-01T00:00:00Z'", t=["2020-01-01T01:00:00+02:00"])
    assert "dates in this notation" in warnings_of("t < '01.02.2020'", t=["31.12.1999"])
    assert "division by zero" in warnings_of("1 / n > 0", n=[0, 1])
    assert warnings_of("name = 'Bonn'", name=["Berlin", "Bonn"]) == ""


TIMES = ["2020-01-01T00:00:00Z", "2020-01-01T18:00:00Z", "2020-01-02T00:30:00+01:00", None, "2020-01-03T00:00:00Z"]


@pytest.mark.parametrize(
    ("filter_", "rows"),
    [
        ("t = DATE('2020-01-01')", [0, 1, 2]),
        ("t <= DATE('2020-01-01')", [0, 1, 2]),
        ("t > DATE('2020-01-01')", [4]),
        ("t >= TIMESTAMP('2020-01-01T18:00:00Z')", [1, 2, 4]),
        ("t BETWEEN DATE('2020-01-02') AND DATE('2020-01-03')", [4]),
        ("T_BEFORE(t, TIMESTAMP('2020-01-01T18:00:00Z'))", [0]),
        ("T_INTERSECTS(t, INTERVAL('2020-01-01', '2020-01-02'))", [0, 1, 2]),
        ("T_DURING(t, INTERVAL('..', '2020-01-03'))", [0, 1, 2]),
        ("NOT T_AFTER(t, DATE('2020-01-02'))", [0, 1, 2]),
    ],
)
def test_times_are_compared_in_utc_and_dates_as_whole_days(filter_: str, rows: list[int]) -> None:
    assert matches(filter_, t=TIMES) == rows


def test_times_as_shapefiles_have_them_are_read() -> None:
    assert matches("t > TIMESTAMP('2020-01-01T09:00:00Z')", t=["2020/01/01 10:00:00+00", "2020/01/01 08:00:00"]) == [0]


def test_an_interval_may_be_of_two_fields() -> None:
    rows = {"since": ["2000-01-01", "2010-01-01"], "until": ["2009-12-31", None]}
    assert matches("T_CONTAINS(INTERVAL(since, until), DATE('2005-01-01'))", **rows) == [0]


def relation_of_days(name: str, one: range, other: range) -> bool:
    """Allen's relations by the days and half days of two periods, the ends of which belong to them."""
    a, b = set(one), set(other)
    within_a, within_b = a - {one[0], one[-1]}, b - {other[0], other[-1]}
    return {
        "T_AFTER": not a & b and min(a) > max(b),
        "T_BEFORE": not a & b and max(a) < min(b),
        "T_CONTAINS": b <= within_a,
        "T_DISJOINT": not a & b,
        "T_DURING": a <= within_b,
        "T_EQUALS": a == b,
        "T_FINISHEDBY": b < a and one[-1] in b,
        "T_FINISHES": a < b and one[-1] == other[-1],
        "T_INTERSECTS": bool(a & b),
        "T_MEETS": a & b == {one[-1]} == {other[0]},
        "T_METBY": a & b == {one[0]} == {other[-1]},
        "T_OVERLAPPEDBY": bool(within_a & within_b) and not {one[-1]} & b and not {other[0]} & a,
        "T_OVERLAPS": bool(within_a & within_b) and not {one[0]} & b and not {other[-1]} & a,
        "T_STARTEDBY": b < a and one[0] in b and one[0] == other[0],
        "T_STARTS": a < b and one[0] == other[0],
    }[name]


@pytest.mark.parametrize("name", sorted(name.upper() for name in RELATIONS))
def test_periods_stand_in_the_relation_in_which_their_days_do(name: str) -> None:
    ends = [(start, end) for start in range(1, 7) for end in range(start + 1, 8)]
    pairs = [(one, other) for one in ends for other in ends]
    fields = {
        field: [f"2020-01-0{pair[side][end]}" for pair in pairs]
        for field, side, end in (("a", 0, 0), ("b", 0, 1), ("c", 1, 0), ("d", 1, 1))
    }
    expected = [
        at
        for at, pair in enumerate(pairs)
        if relation_of_days(name, *(range(2 * start, 2 * end + 1) for start, end in pair))
    ]
    assert expected
    assert matches(f"{name}(INTERVAL(a, b), INTERVAL(c, d))", **fields) == expected


@pytest.mark.parametrize(
    ("filter_", "told"),
    [
        ("T_INTERSECTS(t, INTERVAL('2020-01-01T00:00:00', '..'))", True),
        ("T_INTERSECTS(t, INTERVAL('..', '2020-01-09T00:00:00'))", True),
        ("T_INTERSECTS(t, INTERVAL('..', '2020-01-09T00:00:00Z'))", False),
        ("t > TIMESTAMP('2020-01-01T00:00:00')", True),
        ("t > TIMESTAMP('2020-01-01T00:00:00Z')", False),
        ("t > DATE('2020-01-01')", False),
    ],
)
def test_only_times_without_a_zone_are_told_to_have_been_taken_for_utc(filter_: str, *, told: bool) -> None:
    assert ("taken for UTC" in warnings_of(filter_, t=["2020-01-05T05:00:00+01:00"])) == told


def test_a_time_without_a_zone_is_told() -> None:
    assert "taken for UTC" in warnings_of("t > TIMESTAMP('2020-01-01T00:00:00Z')", t=["2020-01-01T05:00:00"])


BOXES = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(0.25, 0.25, 0.5, 0.5), None, shapely.Point(9, 9)]


def in_space(filter_: str, **more: Any) -> Filtered:
    return evaluate(features({}, BOXES), filter_, **more)


@pytest.mark.parametrize(
    ("filter_", "rows"),
    [
        ("S_INTERSECTS(geometry, POINT(1 0.5))", [0, 1]),
        ("S_WITHIN(geometry, BBOX(0, 0, 1, 1))", [0, 2]),
        ("S_WITHIN(BBOX(0.3, 0.3, 0.4, 0.4), geom)", [0, 2]),
        ("S_CONTAINS(geometry, POINT(0.3 0.3))", [0, 2]),
        ("S_TOUCHES(geometry, POLYGON((0 0, 1 0, 1 1, 0 1, 0 0)))", [1]),
        ("S_EQUALS(geometry, POLYGON((0 0, 0 1, 1 1, 1 0, 0 0)))", [0]),
        ("S_DISJOINT(geometry, BBOX(0, 0, 5, 5))", [4]),
        ("S_OVERLAPS(geometry, BBOX(0.5, 0.5, 1.5, 1.5))", [0, 1]),
        ("S_CROSSES(LINESTRING(-1 0.5, 0.3 0.5), geometry)", [0]),
        ("S_INTERSECTS(geometry, BBOX(170, -10, -170, 10))", []),
        ("geometry IS NULL", [3]),
    ],
)
def test_spatial_predicates_hold_where_the_geometries_say(filter_: str, rows: list[int]) -> None:
    found = in_space(filter_)
    assert np.flatnonzero(found.true).tolist() == rows
    assert found.unknown == (0 if "NULL" in filter_ else 1)


def test_a_box_across_the_antimeridian_has_both_sides() -> None:
    points = features({}, [shapely.Point(179, 0), shapely.Point(-179, 0), shapely.Point(0, 0)])
    assert evaluate(points, "S_INTERSECTS(geometry, BBOX(178, -1, -178, 1))").true.tolist() == [True, True, False]


def test_coordinates_in_another_crs_need_it_said() -> None:
    utm = CRS.from_authority("EPSG", 32632)
    fields = Features(shapes_of([shapely.box(500_000, 5_000_000, 500_100, 5_000_100)]), {}, utm)
    box = "S_INTERSECTS(geometry, BBOX(500050, 5000050, 500060, 5000060))"
    assert evaluate(fields, box, utm).true.tolist() == [True]
    assert evaluate(fields, "S_INTERSECTS(geometry, BBOX(8.9, 45.1, 9.1, 45.2))").true.tolist() == [True]
    with pytest.raises(ProcessRefusedError, match="filter_crs"):
        evaluate(fields, box)


@pytest.mark.parametrize("box", ["1, 2, 3", "0, 5, 1, 4", "'a', 0, 1, 1"])
def test_a_box_that_is_none_is_refused(box: str) -> None:
    with pytest.raises(ProcessRefusedError, match="BBOX"):
        in_space(f"S_INTERSECTS(geometry, BBOX({box}))")


def test_nothing_matches_of_no_features() -> None:
    found = evaluate(Features(shapes_of([])), "a > 1 AND S_INTERSECTS(geometry, POINT(1 1)) AND b LIKE 'x%'")
    assert (found.true.tolist(), found.unknown, found.warnings) == ([], 0, ())


@pytest.mark.parametrize(
    ("others", "filter_", "expected"),
    [
        ([5], "id = 9263763445276221441", [0]),
        ([5], "id <> 9263763445276221441", [1, 2]),
        ([5], "id > 9263763445276221440", [0]),
        ([5], "9263763445276221440 >= id", [1, 2]),
        ([5], "id IN (9263763445276221440, 5)", [1, 2]),
        ([5], f"id IN ({', '.join(map(str, range(30)))}, 9263763445276221440)", [1, 2]),
        ([5, None], "id BETWEEN 9263763445276221441 AND 1e30", [0]),
        ([1.5], "id < 2", [2]),
    ],
)
def test_whole_numbers_are_compared_exactly_however_large(others: list[Any], filter_: str, expected: list[int]) -> None:
    assert matches(filter_, id=[9_263_763_445_276_221_441, 9_263_763_445_276_221_440, *others]) == expected


def test_whole_numbers_beside_decimals_are_compared_exactly() -> None:
    assert matches("id = 9007199254740993", id=[9_007_199_254_740_993, 9_007_199_254_740_992, 0.5]) == [0]
    assert matches("id < 9223372036854775808", id=[2**63 - 1, -(2**63)]) == [0, 1]
    assert matches("id > other", id=[2**53 + 1, 2**53, 2], other=[2.0**53, 2.0**53, 1.5]) == [0, 2]


def test_a_place_that_is_no_field_is_said_to_be_one_of_calculate_field() -> None:
    with pytest.raises(ProcessRefusedError, match="no field 'y'; calculate-field measures it"):
        evaluate(features({"area": [1]}), "y > 5")


def test_features_without_geometries_have_no_measure_to_filter_by() -> None:
    with pytest.raises(ProcessRefusedError, match="no field 'area_m2'; did you mean 'area'"):
        evaluate(features({"area": [1]}), "area_m2 > 5")


def test_who_compares_with_the_mean_is_told_what_makes_it() -> None:
    with pytest.raises(ProcessRefusedError, match=r"calculate-field has mean\(…\) of all features"):
        matches("n > avg(n)")


@pytest.mark.parametrize(
    ("filter_", "words"),
    [
        ("S_INTERSECTS(geometry, POLYGON((47 8, 49 8, 49 10, 47 10, 47 8)))", "with y first they would"),
        (
            "S_WITHIN(geometry, BBOX(20, 20, 30, 30)) OR 1 = 2",
            r"\[9, 48, 10, 48\] and \[20, 20, 30, 30\] in OGC",
        ),
        ("S_INTERSECTS(geometry, BBOX(9.4, 47, 9.6, 49))", None),
        ("S_DISJOINT(geometry, BBOX(20, 20, 30, 30))", None),
    ],
)
def test_features_nowhere_near_the_geometry_of_a_filter_are_told(filter_: str, words: str | None) -> None:
    two = features({}, [shapely.Point(9, 48), shapely.Point(10, 48)])
    told = [text for text in evaluate(two, filter_).warnings if "do not meet at all" in text]
    assert (words is None) == (not told)
    assert words is None or re.search(words, told[0])
