"""Tool and argument names lead back to exactly one id, whatever the ids are and in whatever order they come."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server.schema.names import argument_names, tool_names

TOOL = re.compile(r"[a-z][a-z0-9_]{0,39}")
ARGUMENT = re.compile(r"[A-Za-z0-9_-]{1,64}")
RESERVED = frozenset({"get_job", "list_jobs", "dismiss_job", "read_result"})


def name_of(process_id: str, *, server: str = "local", prefixed: bool = False) -> str:
    (name,) = tool_names([(server, process_id)], prefixed=prefixed, reserved=RESERVED).values()
    return name


@pytest.mark.parametrize(
    ("process_id", "expected"),
    [
        ("buffer", "buffer"),
        ("geometry-buffer", "geometry_buffer"),
        ("EchoProcess", "echo_process"),
        ("org.example:Zonal Stats", "org_example_zonal_stats"),
        ("Überflutung", "uberflutung"),
        ("42", "process_42"),
        ("水", "process"),
    ],
)
def test_an_id_that_needs_only_cleaning_has_no_hash(process_id: str, expected: str) -> None:
    assert name_of(process_id) == expected


def test_a_long_id_is_cut_and_hashed() -> None:
    names = [name_of("a" * 60), name_of("a" * 61)]
    assert len(set(names)) == 2
    assert all(re.fullmatch(r"a{33}_[0-9a-f]{6}", name) for name in names)


def test_the_id_that_is_a_name_already_keeps_it() -> None:
    names = tool_names([("s", "a-b"), ("s", "a_b"), ("s", "a.b")], prefixed=False, reserved=RESERVED)
    assert names["s", "a_b"] == "a_b"
    assert len(set(names.values())) == 3


def test_no_process_takes_a_reserved_name() -> None:
    for taken in RESERVED:
        assert name_of(taken).startswith(f"{taken}_")


def test_the_server_is_a_prefix_where_asked_for() -> None:
    assert name_of("buffer", server="city-lab", prefixed=True) == "city_lab_buffer"


def test_the_same_id_on_two_servers_makes_two_names() -> None:
    keys = [("a-b", "c"), ("a", "b-c"), ("x", "c"), ("y", "c")]
    for prefixed in (True, False):
        assert len(set(tool_names(keys, prefixed=prefixed, reserved=RESERVED).values())) == 4


def test_a_name_that_looks_like_anothers_hash_is_told_apart() -> None:
    hashed = name_of("a" * 60)
    names = tool_names([("local", "a" * 60), ("local", hashed)], prefixed=False, reserved=RESERVED)
    assert names["local", hashed] == hashed
    assert len(set(names.values())) == 2


IDS = st.lists(
    st.tuples(
        st.sampled_from(["local", "a", "a-b"]),
        st.text("aB_-. é水0", max_size=50) | st.sampled_from(sorted(RESERVED)),
    ),
    max_size=12,
)


@given(IDS, st.booleans(), st.randoms(use_true_random=False))
def test_names_are_valid_injective_and_independent_of_order(
    keys: list[tuple[str, str]], prefixed: bool, shuffler: random.Random
) -> None:
    names = tool_names(keys, prefixed=prefixed, reserved=RESERVED)
    assert names.keys() == set(keys)
    assert len(set(names.values())) == len(names)
    assert all(TOOL.fullmatch(name) and name not in RESERVED for name in names.values())
    shuffled = list(keys)
    shuffler.shuffle(shuffled)
    assert tool_names(shuffled, prefixed=prefixed, reserved=RESERVED) == names


@given(st.lists(st.text("aB_-. é水0", max_size=80), max_size=10))
def test_argument_names_are_valid_and_injective(ids: list[str]) -> None:
    names = argument_names(ids)
    assert names.keys() == set(ids)
    assert len(set(names.values())) == len(names)
    assert all(ARGUMENT.fullmatch(name) for name in names.values())
    assert argument_names(reversed(ids)) == names


def test_an_input_id_that_is_a_name_is_kept_as_it_is() -> None:
    assert argument_names(["minLength", "out-format", "x y", "x_y"])["minLength"] == "minLength"
    assert argument_names(["x y", "x_y"])["x_y"] == "x_y"
