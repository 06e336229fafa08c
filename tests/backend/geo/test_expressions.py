"""Expressions over fields give what Python gives for each feature, and run nothing."""

import math
import random
from typing import Any

import pytest
import shapely
from pyproj import CRS, Geod

from backend.errors import ProcessRefusedError
from backend.geo.geodesy.shapes import shapes_of
from backend.geo.tables.expressions import Calculated, calculate
from backend.geo.vector.features import Features

FIELDS: dict[str, list[Any]] = {
    "n": [1, 2, None, 40, -5],
    "m": [3, 0, 7, -2, 2],
    "f": [0.5, 2.25, 1.0, None, -8.0],
    "s": ["abc", "Été", None, "", "a b"],
    "b": [True, False, None, True, False],
    "pop 2020": [10, 20, 30, 40, 50],
}
SEED = 20_240_601


def calculated(text: str, shapes: list[Any] | None = None, crs: CRS | None = None, **fields: list[Any]) -> Calculated:
    columns = fields or ({} if shapes else FIELDS)
    geometries = shapes_of(shapes or [None] * len(next(iter(columns.values()))))
    return calculate(Features(geometries, columns, crs) if crs else Features(geometries, columns), text)


def values(text: str, **fields: list[Any]) -> list[Any]:
    return calculated(text, **fields).values


def random_number(rng: random.Random, depth: int) -> str:
    if not depth or rng.random() < 0.2:
        return rng.choice(["n", "m", "f", "2", "3.5", "-1", "10"])
    one, two = random_number(rng, depth - 1), random_number(rng, depth - 1)
    return rng.choice(
        [
            f"({one} {rng.choice(['+', '-', '*', '/', '//', '%'])} {two})",
            f"-({one})",
            f"abs({one})",
            f"({one} if {random_condition(rng, depth - 1)} else {two})",
            f"max({one}, {two}, 0)",
            f"({one}) ** 2",
        ]
    )


def random_condition(rng: random.Random, depth: int) -> str:
    one, two = random_number(rng, depth), random_number(rng, depth)
    sign = rng.choice(["==", "!=", "<", "<=", ">", ">="])
    return rng.choice(
        [
            f"{one} {sign} {two}",
            f"not {one} > 1",
            f"({one} > 1 or {two} < 3)",
            f"({one} > 1 and {two} < 3)",
            f"0 < {one} < 9",
        ]
    )


def test_random_expressions_give_what_python_gives() -> None:
    rng = random.Random(SEED)  # noqa: S311
    rows = [
        {name: column[at] for name, column in FIELDS.items()}
        for at in (0, 1, 4)  # those where nothing is missing
    ]
    for _ in range(200):
        text = random_number(rng, 3)
        told = values(text, **{name: [row[name] for row in rows] for name in FIELDS})
        for row, value in zip(rows, told, strict=True):
            try:
                truth = eval(text, {"abs": abs, "max": max}, row)  # noqa: S307
            except ZeroDivisionError:
                continue
            assert value == pytest.approx(truth, rel=1e-9, abs=1e-9), (text, row)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n * 2", [2, 4, None, 80, -10]),
        ("n / m", [1 / 3, None, None, -20.0, -2.5]),
        ("field('pop 2020') + 1", [11, 21, 31, 41, 51]),
        ("s + '!'", ["abc!", "Été!", None, "!", "a b!"]),
        ("upper(s)", ["ABC", "ÉTÉ", None, "", "A B"]),
        ("length(s)", [3, 3, None, 0, 3]),
        ("left(s, 1) + right(s, 1)", ["ac", "Éé", None, "", "ab"]),
        ("replace(s, 'a', 'xx')", ["xxbc", "Été", None, "", "xx b"]),
        ("coalesce(n, m)", [1, 2, 7, 40, -5]),
        ("min(n, m)", [1, 0, None, -2, -5]),
        ("n is None", [False, False, True, False, False]),
        ("n == None", [False, False, True, False, False]),
        ("n != None", [True, True, False, True, True]),
        ("n > 1 or b", [True, True, None, True, False]),
        ("(n > 1) | (m > 2)", [True, True, True, True, False]),
        ("(n > 1) & (m > 2)", [False, False, None, False, False]),
        ("~(n > 1) & ~(s == 'abc')", [False, False, None, False, True]),
        ("n in (1, 40)", [True, False, None, True, False]),
        ("s not in ('abc', '')", [False, True, None, False, True]),
        ("'big' if n > 10 else 'small'", ["small", "small", None, "big", "small"]),
        ("None if n > 10 else f", [0.5, 2.25, None, None, -8.0]),
        ("text(n) + text(b)", ["1true", "2false", None, "40true", "-5false"]),
        ("round(f * 1.11, 1)", [0.6, 2.5, 1.1, None, -8.9]),
        ("floor(f)", [0, 2, 1, None, -8]),
        ("sqrt(f)", [math.sqrt(0.5), 1.5, 1.0, None, None]),
        ("'same'", ["same"] * 5),
        ("n ** 0.5 + n ** -1", [2.0, 2**0.5 + 0.5, None, 40**0.5 + 0.025, None]),
    ],
)
def test_an_expression_gives_a_value_for_each_feature(text: str, expected: list[Any]) -> None:
    told = values(text)
    numeric = isinstance(expected[0], float)
    assert told == ([None if one is None else pytest.approx(one) for one in expected] if numeric else expected)
    assert [type(one) for one in told] == [type(one) for one in expected]


def test_integers_stay_exact_and_do_not_wrap_around() -> None:
    large = 4_611_686_018_427_387_000
    assert values("n + 1", n=[2**53]) == [2**53 + 1]
    assert values("n * 10", n=[large]) == [float(large) * 10]


def test_rounding_leaves_numbers_that_have_no_decimals() -> None:
    assert values("round(f, 2)", f=[1e308, -1.005, 2.675]) == [1e308, -1.0, 2.68]
    assert values("round(f)", f=[0.5, 1.5, 1e300]) == [0.0, 2.0, 1e300]


def test_texts_become_numbers_where_they_are_some() -> None:
    assert values("number(code)", code=["007", "12", "x", None]) == [7, 12, None, None]
    assert "number()" in calculated("number(code)", code=["x"]).warnings[0]


def test_a_division_by_zero_is_told_unless_a_condition_guards_it() -> None:
    assert calculated("n / m").warnings == ("1 features have a division by zero: null.",)
    assert calculated("n / m if m != 0 else 0").warnings == ()
    assert calculated("m != 0 and n / m > 0").warnings == ()
    assert "no finite number" in calculated("10.0 ** 400 + n").warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')", "().__class__.__bases__", "s.upper()", "[x for x in (1, 2)]", "lambda: 1",
        "f'{n}'", "s[0]", "(n := 3)", "open('/etc/passwd')", "field(s)", "field('n', 'm')", "eval('1')", "print(n)",
        "{'a': 1}", "...", "b'x'", "1j", "1e999", "await n", "max(*n)", "round(n, ndigits=2)", "n @ m", "n << 60", "~n",
        "n if n > 1", "n = 2", "n; m", "import os", "", "n is 1", "n in s", "n in ()", "(" * 500, "9" * 1900 + "**9",
        "n +" * 700 + "n", "'a' * 999999999", "n > 'a'", "s + 1", "b + 1", "n and m", "not n", "1 if n else 2",
        "n if b else s", "round(n, 99)", "round(n, m)", "left(s, -1)", "abs(n, m)", "abs(s)", "missing + 1", "area_m",
        "replace(s, '', 'x')", "\x00", "\ud800", "'\\d' + n", "-" * 1500 + "n", "x" * 3000,
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        calculated(text)
    assert len(str(refused.value)) < 700


@pytest.mark.parametrize(
    ("text", "hint"),
    [("nn", "did you mean 'n'"), ("area", "term area_m2"), ("'n' * 2", "the field is n"), ("n = 2", "one = is ==")],
)
def test_a_refusal_says_what_may_have_been_meant(text: str, hint: str) -> None:
    with pytest.raises(ProcessRefusedError, match=hint):
        calculated(text)


def test_a_text_cannot_grow_without_bound() -> None:
    with pytest.raises(ProcessRefusedError, match="more than 100000 characters"):
        values("replace(s, 'a', '" + "b" * 1000 + "')", s=["a" * 1000])


def test_names_may_be_of_any_alphabet() -> None:
    assert values("größe * 2", größe=[2]) == [4]
    assert values("ﬁeld_a + 1", field_a=[1]) == [2]


LONLAT = [shapely.box(10, 50, 10.5, 50.25), shapely.LineString([(0, 0), (0, 1)]), None, shapely.Point(3, 4)]


def test_areas_and_lengths_are_those_on_the_ellipsoid() -> None:
    told = calculated("area_m2", LONLAT)
    geod = Geod(ellps="WGS84")
    truth, _ = geod.geometry_area_perimeter(shapely.segmentize(LONLAT[0], 0.001))
    assert told.values == [pytest.approx(truth, rel=1e-6), 0, None, 0]
    assert "WGS 84 ellipsoid" in told.methods[0]
    assert told.warnings == ("2 of 4 features are no polygons: their area_m2 is 0.",)
    assert calculated("length_m", LONLAT).values == [0, pytest.approx(110_574.3886, abs=1e-3), None, 0]


def test_many_geometries_are_measured_as_each_would_be() -> None:
    holed = shapely.Polygon([(0, 60), (40, 60), (40, 80), (0, 80)], [[(10, 65), (20, 65), (20, 70), (10, 70)]])
    parts = shapely.MultiPolygon([holed, shapely.box(50, 0, 51, 1)])
    nested = shapely.GeometryCollection([parts, shapely.GeometryCollection([shapely.LineString([(0, 0), (0, 1)])])])
    geod = Geod(ellps="WGS84")
    truth = abs(geod.geometry_area_perimeter(shapely.segmentize(shapely.orient_polygons(parts), 0.01))[0])
    assert calculated("area_m2", [parts, nested]).values == pytest.approx([truth, truth], rel=1e-6)
    assert calculated("length_m", [parts, nested]).values == [0, pytest.approx(110_574.3886, abs=1e-3)]


def test_planar_measures_need_a_plane_and_tell_what_it_distorts() -> None:
    with pytest.raises(ProcessRefusedError, match="no metres"):
        calculated("planar_area_m2", LONLAT)
    square = shapely.box(500_000, 5_000_000, 501_000, 5_001_000)
    utm = calculated("planar_area_m2", [square], CRS.from_authority("EPSG", 32632))
    assert utm.values == [1e6]
    assert utm.warnings == ()
    mercator = calculated("planar_area_m2", [shapely.box(0, 8e6, 1000, 8.001e6)], CRS.from_authority("EPSG", 3857))
    assert mercator.values == [pytest.approx(1e6)]
    assert "EPSG:3857 distorts" in mercator.warnings[0]
    feet = calculated("planar_area_m2", [shapely.box(1e6, 2e5, 1.001e6, 2.01e5)], CRS.from_authority("EPSG", 6539))
    assert feet.values == [pytest.approx(1e6 * (1200 / 3937) ** 2)]


def test_a_place_across_the_antimeridian_is_near_it() -> None:
    both_sides = shapely.MultiPolygon([shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -178, 1)])
    assert calculated("x", [both_sides, shapely.box(-180, -90, 180, -80)]).values == pytest.approx([-179.5, 0])


def test_a_field_comes_before_a_term_of_its_name() -> None:
    told = calculated("x + 1", x=[5])
    assert told.values == [6]
    assert "the field of that name" in told.warnings[0]


def test_nothing_is_calculated_for_no_features() -> None:
    empty = Features(shapes_of([]))
    assert calculate(empty, "area_m2 / people if people > 0 else None").values == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("len(s)", r"there is no function 'len'; length\(s\) counts"),
        ("int(f)", "floor, ceil or round"),
        ("float(s)", r"number\(s\)"),
        ("str(n)", r"text\(n\)"),
        ("concat(s, s)", r"\+ joins texts"),
        ("substr(s, 1, 2)", "left and right"),
        ("s[:2]", r"left\(s, 2\) and right"),
        ("datediff(s, s)", "days_between"),
        ("avg(n)", r"mean\(n\)"),
        ("isnull(n)", "n is None"),
        ("pow(n, 2)", r"\*\*"),
        ("iif(b, 1, 2)", "1 if b else 2"),
        ("float(replace(s, ',', '.'))", r"number\(replace\(s, ',', '\.'\)\) makes"),
        ("s.lower()", r"lower\(s\)"),
        ("s.strip()", r"trim\(s\)"),
        ("trim(s).lower()", r"lower\(trim\(s\)\)"),
        ("zfill(n, 5)", r"right\('00000' \+ text\(n\), 5\)"),
        ("weekday(s)", r"days_between\('2024-01-01', s\) % 7"),
        ("ST_Area(geometry) / 10000", "area_m2"),
        ("$area / 10000", "area_m2"),
        ("$length", "length_m"),
        ("area_ha", "area_m2"),
    ],
)
def test_a_function_of_another_language_is_refused_with_what_there_is(name: str, told: str) -> None:
    with pytest.raises(ProcessRefusedError, match=told):
        calculated(name)


def test_what_is_said_of_days_of_the_week_and_of_zeros_is_so() -> None:
    assert values("days_between('2024-01-01', d) % 7", d=["2026-11-23", "2026-11-29", "2020-02-29"]) == [0, 6, 5]
    assert values("right('00000' + text(n), 5)", n=[7, 12345]) == ["00007", "12345"]


def test_dates_in_several_notations_are_not_compared_as_texts() -> None:
    with pytest.raises(ProcessRefusedError, match="year-month-day"):
        calculated("d > '01.02.2020'", d=["2020-05-31"])
    assert "another order" in calculated("d > '01.02.2020'", d=["31.05.2019"]).warnings[0]
    assert values("d > '2020-02-01'", d=["2020-05-31", None]) == [True, None]


def test_whole_numbers_that_are_computed_with_as_floating_point_ones_are_told() -> None:
    ids = [9_263_763_445_276_221_441, 9_263_763_445_276_221_440]
    assert values("id", id=ids) == ids
    assert values("text(id)", id=ids) == [str(one) for one in ids]
    assert values("id == 9263763445276221441", id=ids) == [True, False]
    assert not calculated("id", id=ids).warnings
    (warning,) = calculated("id + 1", id=ids).warnings
    assert warning == "Whole numbers of the field 'id' that floating-point ones cannot hold are computed with as such."
    assert calculated("coalesce(id, 0)", id=ids).warnings == (warning,)


DATES = ["2020-02-29", "2019-12-31T23:30:00-05:00", None, "soon", " 2020-03-01T12:00:00 "]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year(d)", [2020, 2019, None, None, 2020]),
        ("month(d)", [2, 12, None, None, 3]),
        ("day(d)", [29, 31, None, None, 1]),
        ("days_between('2020-01-01', d)", [59, 4.5 / 24, None, None, 60.5]),
        ("seconds_between(d, '2020-03-01')", [86_400, 5_167_800, None, None, -43_200]),
        ("days_between('2020-01-01', left(d, 10)) if d != 'soon' else 0", [59, -1, None, 0, None]),
    ],
)
def test_texts_in_iso_8601_are_dates_and_others_are_none(text: str, expected: list[Any]) -> None:
    assert values(text, d=DATES) == [None if one is None else pytest.approx(one) for one in expected]


def test_texts_that_are_no_dates_are_told() -> None:
    assert "1 features have no year() of their value" in calculated("year(d)", d=DATES).warnings[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n / sum(n)", [0.1, 0.2, None, 0.7]),
        ("sum(n)", [10, 10, 10, 10]),
        ("n - mean(n)", [1 - 10 / 3, 2 - 10 / 3, None, 7 - 10 / 3]),
        ("(n - min(n)) / (max(n) - min(n))", [0, 1 / 6, None, 1]),
        ("sum(nothing)", [None] * 4),
    ],
)
def test_a_number_of_all_features_stands_beside_those_of_each(text: str, expected: list[Any]) -> None:
    told = values(text, n=[1, 2, None, 7], nothing=[None] * 4)
    assert told == [None if one is None else pytest.approx(one) for one in expected]


def test_sums_of_whole_numbers_are_exact() -> None:
    assert values("sum(n)", n=[2**60, 2**60, 1]) == [2**61 + 1] * 3
    assert values("sum(f)", f=[0.1] * 10) == [1.0] * 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("round(n, -3)", [12_000, 2_000]),
        ("degrees(atan2(1, 1))", [45, 45]),
        ("sin(radians(90)) * pi", [math.pi, math.pi]),
    ],
)
def test_what_calculators_have(text: str, expected: list[float]) -> None:
    assert values(text, n=[12_345, 1_600]) == pytest.approx(expected)


def test_a_field_called_pi_is_that_field() -> None:
    assert values("pi", pi=[1, 2]) == [1, 2]


def test_how_compact_polygons_are_is_told_by_their_area_and_perimeter() -> None:
    square = shapely.box(9, 0, 9.01, 0.01)
    features = Features(shapes_of([square, shapely.Point(1, 2)]))
    found = calculate(features, "4 * pi * area_m2 / perimeter_m ** 2")
    assert found.values == [pytest.approx(math.pi / 4, rel=1e-4), None]
    assert "no polygons: their perimeter_m is 0" in " ".join(found.warnings)


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_a_total_that_no_number_holds_is_none(name: str) -> None:
    assert values(f"{name}(n)", n=[1e308, 1e308]) == [None, None]


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("MULTIPOINT ((178 -6), (-178 -8), (177 -5))", 179),
        ("MULTIPOLYGON (((172 1, 173 1, 173 2, 172 2, 172 1)), ((-158 1, -157 1, -157 2, -158 2, -158 1)))", -172.5),
        ("MULTIPOLYGON (((170 0, 180 0, 180 1, 170 1, 170 0)), ((-180 0, -170 0, -170 1, -180 1, -180 0)))", -180),
        ("MULTIPOINT ((100 0), (0 0), (-100 0))", 0),
        ("POLYGON ((-180 60, 180 60, 180 70, -180 70, -180 60))", 0),
    ],
)
def test_the_middle_of_what_lies_on_both_sides_of_the_antimeridian_is_there(text: str, x: float) -> None:
    (found,) = calculate(Features(shapely.from_wkt([text])), "x").values
    assert (found - x + 180) % 360 - 180 == pytest.approx(0, abs=1e-9)


def test_planar_measures_are_those_of_the_plane_and_told_where_it_distorts() -> None:
    shapes = shapely.from_wkt(["LINESTRING (0 8000000, 300 8000400)", "POLYGON ((0 8e6, 30 8e6, 30 8000040, 0 8e6))"])
    features = Features(shapes, crs=CRS(3857))
    length, area = (calculate(features, name) for name in ("planar_length_m", "planar_area_m2"))
    assert length.values == pytest.approx([500, 0])
    assert area.values == pytest.approx([0, 600])
    # On a sphere a metre of the ground has cosh(y / radius) = 1.895 of Mercator's here.
    assert any("planar_length_m is +89" in warning for warning in length.warnings)
    assert any("planar_area_m2 is +25" in warning for warning in area.warnings)
    assert "in the plane of EPSG:3857" in length.methods[0]


def test_what_is_empty_has_no_middle_and_takes_that_of_no_other() -> None:
    shapes = shapely.from_wkt(["POLYGON EMPTY", "POINT (3 4)", "POINT EMPTY", None])
    assert calculate(Features(shapes), "x + y").values == [None, 7, None, None]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["9007199254740993", "5", "x"], [2**53 + 1, 5, None]),
        (["-9223372036854775808", " 7 "], [-(2**63), 7]),
        (["1" * 400, "1_000", "1e400", "nan"], [None] * 4),
        (["2.50", "3"], [2.5, 3]),
    ],
)
def test_whole_numbers_in_texts_are_read_exactly(texts: list[str], expected: list[Any]) -> None:
    assert values("number(s)", s=texts) == expected
