"""Filters in the notation of other languages are refused with what CQL2 has in its place."""

import pytest

from backend.errors import ProcessRefusedError
from backend.geo.tables.cql2_matching import missing_field, unknown_operation
from backend.geo.tables.cql2_text import parse_cql2_text


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("a > 1 && b < 2", "AND joins conditions"),
        ("a > 1 || b < 2", "OR joins conditions"),
        ("!(a > 1)", "NOT negates"),
        ("a ≥ 1", "CQL2 has >="),
        ("a ≠ 1", "CQL2 has <>"),
        ("name = ‘Bonn’", "straight single quotes"),
        ("name = 'Bonn", "a text ends with a single quote"),
        ("name IN ['a', 'b']", "IN ('a', 'b')"),
        ("a > 1_000_000", "without _"),
        ("a > 1;", "ends without it"),
        ("S_INTERSECTS(geometry, SRID=4326;POINT(9 48))", "filter_crs"),
        ("when >= 2024-01-01", "DATE('2024-01-01')"),
        ("a gt 5", "CQL2 has > in place of field gt"),
        ("name EQ 'x'", "CQL2 has = in place of field EQ"),
        ("name contains 'on'", "LIKE '%part%'"),
        ("name REGEXP '^B'", "LIKE 'start%'"),
        ("when BEFORE '2024-01-01'", "T_BEFORE(field, TIMESTAMP('2024-05-31T00:00:00Z'))"),
        ("when during x", "T_DURING(field, INTERVAL("),
        ("WHERE a > 1", "without WHERE"),
        ("select * from cities where a > 1", "the process sql"),
        ("a > 1 ORDER BY a", "the inputs sort and limit"),
        ("a > 1 limit 5", "the inputs sort and limit"),
        ("name IS 'NW'", "= and <> compare"),
        ("BBOX(geometry, 5, 47, 15, 55, 'EPSG:4326')", "filter_crs"),
    ],
)
def test_the_refusal_of_another_language_tells_what_cql2_has(text: str, remedy: str) -> None:
    with pytest.raises(ProcessRefusedError) as refused:
        parse_cql2_text(text)
    assert remedy in str(refused.value)


@pytest.mark.parametrize(
    "text", ["where = 5", '"limit" > 3', "order IN (1, 2)", "a - 2024 > 1 - 01", "contains IS NULL"]
)
def test_fields_may_have_the_names_of_such_words(text: str) -> None:
    parse_cql2_text(text)


def test_a_number_in_double_quotes_is_told_to_stand_without_them() -> None:
    assert "a number stands without quotes, 1000000" in missing_field("1000000", ["population"])


def test_functions_for_parts_of_texts_lead_to_like() -> None:
    assert "LIKE 'start%'" in unknown_operation("starts_with", ["like", "t_starts", "casei"])
