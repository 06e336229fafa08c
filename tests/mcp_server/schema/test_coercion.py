"""Values as connectors and people send them."""

from typing import Any

import pytest

from mcp_server.schema.coercion import meant

STRING = {"type": "string"}
CASES: list[tuple[Any, dict[str, Any], Any]] = [
    (9.5, STRING, "9.5"),
    (4326, STRING, "4326"),
    (True, STRING, True),
    (9.5, {"type": "integer"}, 9.5),
    (9.5, {"anyOf": [STRING, {"type": "boolean"}]}, 9.5),
    (5.0, {"type": "integer"}, 5),
]


@pytest.mark.parametrize(("value", "schema", "expected"), CASES)
def test_a_number_for_a_text_is_written_out(value: Any, schema: dict[str, Any], expected: Any) -> None:
    found = meant(value, schema)
    assert found == expected
    assert type(found) is type(expected)
