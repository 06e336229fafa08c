"""What is said of a value that a schema refuses."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from backend.processes.explanations import explain, telling


def said(schema: dict[str, Any], value: Any) -> str:
    (error,) = Draft202012Validator(schema).iter_errors(value)
    return explain(error)


def test_a_pattern_is_shown_as_it_is_written() -> None:
    assert said({"pattern": r"^\d+$"}, "x") == r'must match the pattern `^\d+$`, which "x" does not'


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        ("date", "an RFC 3339 date such as 2026-01-31"),
        ("date-time", "an RFC 3339 date-time such as 2026-01-31T12:00:00Z"),
    ],
)
def test_a_time_is_asked_for_by_its_standard_and_not_by_a_pattern(form: str, wanted: str) -> None:
    assert said({"format": form, "pattern": r"^\d{4}-"}, "soon") == f'must be {wanted}, not "soon"'


def test_of_a_wrong_type_nothing_else_is_told() -> None:
    schema = {"properties": {"a": {"enum": ["red"], "type": "string"}, "b": {"minimum": 5}}}
    errors = Draft202012Validator(schema).iter_errors({"a": ["red"], "b": 1})
    assert [(list(error.path), error.validator) for error in telling(errors)] == [(["a"], "type"), (["b"], "minimum")]


def test_a_long_pattern_is_cut() -> None:
    assert len(said({"pattern": "a" * 5000}, "b")) < 120
