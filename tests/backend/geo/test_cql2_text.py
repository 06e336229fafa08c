"""CQL2 text is read as the CQL2 JSON that the standard gives for it, or refused with the place at fault."""

from typing import Any

import pytest

from backend.errors import ProcessRefusedError
from backend.geo.tables.cql2_text import parse_cql2_text

A, B, C = ({"op": "=", "args": [{"property": name}, value]} for name, value in (("a", 1), ("b", 2), ("c", 3)))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a = 1 OR b = 2 AND c = 3", {"op": "or", "args": [A, {"op": "and", "args": [B, C]}]}),
        ("(a = 1 or b = 2) and c = 3", {"op": "and", "args": [{"op": "or", "args": [A, B]}, C]}),
        ("NOT a = 1 AND b = 2", {"op": "and", "args": [{"op": "not", "args": [A]}, B]}),
        ("NOT (a = 1 AND b = 2)", {"op": "not", "args": [{"op": "and", "args": [A, B]}]}),
        ("a IS NOT NULL", {"op": "not", "args": [{"op": "isNull", "args": [{"property": "a"}]}]}),
        ("a BETWEEN 1 AND 2 AND b = 2",
         {"op": "and", "args": [{"op": "between", "args": [{"property": "a"}, 1, 2]}, B]}),
        ("a NOT IN (1, -2.5e3)", {"op": "not", "args": [{"op": "in", "args": [{"property": "a"}, [1, -2500.0]]}]}),
        ("a LIKE 'x%'", {"op": "like", "args": [{"property": "a"}, "x%"]}),
        ("a != 'it''s'", {"op": "<>", "args": [{"property": "a"}, "it's"]}),
        ("a = 'C:\\'", {"op": "=", "args": [{"property": "a"}, "C:\\"]}),
        ('"größe (m)" = TRUE', {"op": "=", "args": [{"property": "größe (m)"}, True]}),
        ("Straße.nr=1", {"op": "=", "args": [{"property": "Straße.nr"}, 1]}),
        ("date = DATE('2024-05-31')", {"op": "=", "args": [{"property": "date"}, {"date": "2024-05-31"}]}),
        ("T_DURING(d, INTERVAL('..', '2024-01-01'))",
         {"op": "t_during", "args": [{"property": "d"}, {"interval": ["..", "2024-01-01"]}]}),
        ("S_WITHIN(geometry, BBOX(1,2,3,4))",
         {"op": "s_within", "args": [{"property": "geometry"}, {"bbox": [1, 2, 3, 4]}]}),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 0, 1 1, 0 0)))",
         {"op": "s_intersects", "args": [{"property": "geometry"}, {"wkt": "POLYGON((0 0, 1 0, 1 1, 0 0))"}]}),
        ("point = 1", {"op": "=", "args": [{"property": "point"}, 1]}),
    ],
)  # fmt: skip
def test_a_filter_is_read_by_the_standards_precedence(text: str, node: Any) -> None:
    assert parse_cql2_text(text) == node


def test_arithmetic_binds_from_the_left_and_powers_first() -> None:
    sums = {
        "op": "-",
        "args": [{"op": "-", "args": [{"property": "a"}, 1]}, {"op": "*", "args": [2, {"op": "^", "args": [3, 2]}]}],
    }
    assert parse_cql2_text("a - 1 - 2 * 3 ^ 2 > -a") == {
        "op": ">",
        "args": [sums, {"op": "*", "args": [-1, {"property": "a"}]}],
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "at character 1, where the filter ends"),
        ("a ==  1", "a single = is needed at character 3"),
        ("d AFTER 2024-01-01T00:00:00Z", r"CQL2 has T_AFTER\(field, TIMESTAMP"),
        ("a = 1 AND d during 2024-01-01/2024-02-01", r"CQL2 has T_DURING\(field, INTERVAL"),
        ("S_INTERSECTS(geometry, SRID=2056;POINT(1 2))", "by filter_crs, not by an SRID"),
        ("a = 1 b", "AND, OR or the end of the filter is needed at character 7"),
        ("a = 'x", "a text ends with a single quote"),
        ("a NOT 1", "BETWEEN, IN or LIKE"),
        ("(a = 1", r"\) is needed"),
        ("S_WITHIN(geometry, POINT(1 2)", r"\) is needed"),
        ("S_WITHIN(geometry, POINT((1 2)", "a closing parenthesis of the geometry"),
        ("a = 1; DROP TABLE b", "cannot be read at '; DROP"),
        ("(" * 5000, "nested more than"),
        ("not " * 5000 + "a", "nested more than"),
        ("- " * 5000 + "a", "nested more than"),
        ("2^" * 5000 + "a", "nested more than"),
        ("a = " + "9" * 5000, "too many digits"),
        ("a = '" + "x" * 200_000 + "'", "up to 200000 are read"),
    ],
)
def test_what_is_no_filter_is_refused_with_the_place(text: str, reason: str) -> None:
    with pytest.raises(ProcessRefusedError, match=reason):
        parse_cql2_text(text)
