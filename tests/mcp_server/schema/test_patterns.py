"""Patterns of foreign descriptions: told and tried where that cannot take beyond reason."""

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server.errors import InvalidArgumentsError
from mcp_server.execution.request import build_request
from mcp_server.schema.normalise import normalise
from mcp_server.schema.patterns import is_portable, is_sound, matches
from mcp_server.schema.tool import tool_spec
from mcp_server.schema.validation import fits

DATE_TIME = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[tT]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
    r"([zZ]|[+-]([01]\d|2[0-3]):[0-5]\d)$"
)


@pytest.mark.parametrize(
    "pattern",
    [
        "^EPSG:[0-9]+$",
        "^[a-z][a-z0-9_-]*$",
        "^(red|green|blue)$",
        "^https?://",
        DATE_TIME,
        r"^[A-Z]{2,3}\d{1,4}$",
        "[*+?|]{4}",
        r"^\*\+\?$",
        "^-?[0-9]+(?:\\.[0-9]+)?$",
    ],
)
def test_a_usual_pattern_is_taken(pattern: str) -> None:
    assert is_sound(pattern)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "none"),
        ("a" * 301, "too long"),
        ("^(a+)+$", "a repeated group"),
        ("(a|a)*b", "a repeated group"),
        ("(a{1,9}){2,}", "a repeated group"),
        ("(?x)(a+) +$", "a repeated group behind a space"),
        ("(?ix:(a+) +$)", "a repeated group behind a space"),
        ("(a+)(?#)+$", "a repeated group behind a comment"),
        ("a*a*a*b", "three open repetitions"),
        ("a{1,}a{,}a*b", "three open repetitions"),
        ("a?" * 30 + "a" * 30, "a choice for each letter"),
        ("(a|a)" * 20 + "b", "a choice for each group"),
        ("a{0,99}" * 4 + "b", "a hundred ways for each part"),
        ("a{0,1}" * 17 + "b", "two ways for each part"),
        ("a{2,3}" * 17 + "b", "two ways for each part"),
        ("^[[:alpha:]]+$", "a set of sets, which Python reads as letters"),
        ("^[^[:digit:]]$", "a set of sets, which Python reads as letters"),
        ("[a-z--aeiou]", "a difference of sets"),
    ],
)
def test_a_pattern_that_could_take_for_ever_or_means_something_else_is_none_of_ours(pattern: str, why: str) -> None:
    assert not is_sound(pattern), why


@pytest.mark.parametrize(
    "pattern",
    ["a*a*b", "[ab]*.*c", "(a|a)(a|a)(a|a)(a|a)a*a*b", "a{0,200}a{0,200}b", "a?" * 15 + "a*b", "(?:a*)?a*b"],
)
def test_a_search_never_takes_long(pattern: str) -> None:
    assert is_sound(pattern)
    started = time.thread_time()
    for length in range(0, 1000, 9):
        matches("a" * length, pattern)
    assert time.thread_time() - started < 20  # each some hundredths of a second at the most


@given(
    st.sampled_from([DATE_TIME, "^[a-z]+-[0-9]+$", "(ab|cd)?e{1,3}$", "x.*y"]), st.text("abcdexy019-:.tzZ", max_size=60)
)
def test_a_short_text_is_judged_as_python_judges_it(pattern: str, text: str) -> None:
    assert matches(text, pattern) == (re.search(pattern, text) is not None)


def test_what_a_long_text_holds_is_for_its_server_to_say() -> None:
    assert not matches("a" * 500, "^[0-9]+$")
    assert not matches("a" * 90, "[0-9]+-[0-9]+")
    assert matches("a" * 5000, "[0-9]+-[0-9]+")


def test_a_pattern_that_is_left_out_is_noted_and_costs_nothing_but_itself() -> None:
    evil = {"type": "string", "pattern": "(a|a)" * 40 + "b", "minLength": 2, "default": "a" * 400}
    process = normalise({"id": "p", "inputs": {"x": {"schema": evil}}})
    (spec,) = process.inputs
    assert (spec.schema, spec.default) == ({"type": "string", "minLength": 2}, "a" * 400)
    assert any("pattern" in note.message for note in process.diagnostics)
    value: Any = "b"
    assert not fits(value, spec.schema)


@pytest.mark.parametrize(
    ("pattern", "portable"),
    [
        (DATE_TIME, True),
        (r"^\d{4}-\d{2}$", True),
        (r"^[\w.-]+@\S+$", True),
        (r"^[\w\-\.]+$", True),
        (r"^(?:a|b)?\/(?!c)(?<=x)\.\u00e4$", True),
        (r"^a{2,}?b{3}\[\^\]$", True),
        ("^größe$", True),
        ("(?i)^epsg:[0-9]+$", False),
        ("^(?P<code>[0-9]+)$", False),
        (r"\Aabc\Z", False),
        (r"^\d{4}\-\d{2}$", False),
        (r"^EPSG\:\d+$", False),
        (r"^[\w\:]+$", False),
        ("^{[a-z]}$", False),
        ("^a]$", False),
        ("^[]a]$", False),
        ("^a++$", False),
        ("^*a", False),
    ],
)
def test_a_pattern_is_told_where_the_language_of_clients_has_it(pattern: str, portable: bool) -> None:
    # As Ajv 8 compiles them, which is what clients in TypeScript check schemas with.
    assert is_portable(pattern) is portable


def test_a_text_is_tried_where_that_is_quick() -> None:
    assert not matches("x" * 2000, "^a+b")
    assert not matches("x" * 2000, "^(?:a|b)[a-z]*$"), "its alternatives begin where it does"
    assert matches("x" * 2000, "^a[a-z]*$|b[a-z]*$"), "of its alternatives one begins anywhere"
    assert matches("x" * 2000, "a+b"), "looked for at each place: too long to tell"
    assert not matches("x" * 900, "a+b")


def test_a_pattern_that_clients_cannot_read_is_kept_from_them_and_holds() -> None:
    raw = {"id": "p", "inputs": {"x": {"schema": {"type": "string", "pattern": r"^\d{4}\-\d{2}$"}}}}
    tool = tool_spec(normalise(raw), name="p", server="embedded")
    assert tool.input_schema["properties"] == {"x": {"type": "string"}}
    assert build_request(tool, {"x": "2026-11"}).inputs == {"x": "2026-11"}
    with pytest.raises(InvalidArgumentsError, match="must match the pattern"):
        build_request(tool, {"x": "202611"})
