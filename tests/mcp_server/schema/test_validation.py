"""The quick check and the one that tells every error agree, and tool lists need the quick one only."""

import subprocess
import sys
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from mcp_server.schema.normalise import normalise
from mcp_server.schema.references import accepted
from mcp_server.schema.validation import fits, violations

KEYWORDS: dict[str, st.SearchStrategy[Any]] = {
    "minimum": st.integers(-2, 2),
    "maximum": st.integers(-2, 4),
    "exclusiveMinimum": st.integers(-2, 2) | st.booleans(),
    "multipleOf": st.sampled_from([0.1, 2]),
    "minLength": st.integers(0, 2),
    "maxLength": st.integers(1, 3),
    "pattern": st.sampled_from(["^a", "b$"]),
    "minItems": st.integers(0, 2),
    "maxItems": st.integers(1, 2),
    "uniqueItems": st.booleans(),
    "enum": st.lists(st.sampled_from([0, 1, True, False, "a", "ab", 0.3, [1]]), max_size=3),
    "required": st.lists(st.sampled_from(["a", "b"]), max_size=2),
    "additionalProperties": st.sampled_from([False, {"type": "string"}]),
    "nullable": st.booleans(),
}
SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "number", "integer", "boolean", "array", "object"])}, optional=KEYWORDS
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional=KEYWORDS),
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner)},
            optional=KEYWORDS,
        ),
    ),
    max_leaves=4,
)
VALUES = st.recursive(
    st.sampled_from([None, True, False, -1, 0, 1, 2, 3, 0.3, 1.0, "", "a", "ab", "bab", "https://x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "href"]), inner, max_size=3),
    max_leaves=5,
)


@given(SCHEMAS, st.booleans(), VALUES)
@example({"type": "array", "enum": [True]}, False, [1])
@example({"enum": [1]}, False, True)
def test_the_quick_check_agrees_with_the_one_that_tells_errors(schema: Any, many: bool, value: Any) -> None:
    inputs = {"x": {"schema": schema, "maxOccurs": 3 if many else 1}}
    (spec,) = normalise({"id": "p", "inputs": inputs}).inputs
    for one in (spec.schema, accepted(spec)):
        assert fits(value, one) == (next(violations(value, one), None) is None)


def test_a_step_says_nothing_of_what_is_no_number() -> None:
    (error,) = violations("abc", {"type": "number", "multipleOf": 0.1})
    assert error.validator == "type"


def test_a_member_under_another_name_does_not_fit_where_none_may_stand() -> None:
    closed = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    assert fits({"a": "x"}, closed)
    assert not fits({"a": "x", "b": "x"}, closed)


def test_a_multiple_too_large_to_tell_is_left_to_the_server() -> None:
    for value, step in ((1e308, 0.1), (5, 1e-320)):
        schema = {"type": "number", "multipleOf": step}
        assert fits(value, schema)
        assert not list(violations(value, schema))


def test_making_tools_does_not_import_jsonschema() -> None:
    program = """
import sys
from mcp_server.execution.request import build_request
from mcp_server.schema.normalise import normalise
from mcp_server.schema.tool import tool_spec
raw = {"id": "p", "inputs": {"x": {"schema": {"type": "number", "default": 1}}}, "example": {"inputs": {"x": 2}}}
tool_spec(normalise(raw), name="p", server="s")
sys.exit("jsonschema" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=120).returncode == 0
