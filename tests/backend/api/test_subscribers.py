"""What may be said of a subscriber in an execute request."""

from typing import Any

import pytest

from backend.api.subscribers import read_subscriber
from backend.errors import InputProblem
from backend.jobs.callbacks.destinations import Origins
from backend.jobs.records import Subscriber

HOOKS = Origins.of(["https://hooks.example"])


def judged(value: Any, origins: Origins = HOOKS) -> tuple[Subscriber | None, list[tuple[str, str]]]:
    problems: list[InputProblem] = []
    subscriber = read_subscriber(value, origins, problems)
    return subscriber, [(problem.path, problem.message) for problem in problems]


def test_any_of_the_three_may_be_given() -> None:
    assert judged(None) == (None, [])
    for name, wanted in {
        "successUri": Subscriber("https://hooks.example/a"),
        "failedUri": Subscriber(None, "https://hooks.example/a"),
        "inProgressUri": Subscriber(None, None, "https://hooks.example/a"),
    }.items():
        assert judged({name: "https://hooks.example/a", "comment": "extensions are ignored"}) == (wanted, [])


def test_members_that_generated_clients_leave_empty_are_none() -> None:
    given = {"successUri": "https://hooks.example/a", "failedUri": None, "inProgressUri": None}
    assert judged(given) == (Subscriber("https://hooks.example/a"), [])


def test_the_member_that_the_standard_s_schema_requires_by_mistake_is_suffered() -> None:
    both = {"successUri": "https://hooks.example/a", "successUrl": "https://hooks.example/a"}
    assert judged(both) == (Subscriber("https://hooks.example/a"), [])


def test_a_misspelt_member_is_mended() -> None:
    _, problems = judged({"successUrl": "https://hooks.example/a"})
    assert problems[0] == ("$.subscriber.successUrl", "is no member of a subscriber. Did you mean `successUri`?")
    assert problems[1][0] == "$.subscriber"


@pytest.mark.parametrize("value", [{}, {"successUri": None}])
def test_a_subscriber_without_any_is_refused(value: Any) -> None:
    _, ((path, message),) = judged(value)
    assert path == "$.subscriber"
    assert "must have one of `successUri`, `failedUri`, `inProgressUri`" in message


@pytest.mark.parametrize("value", ["https://hooks.example/", 3, [{}], True])
def test_what_is_no_object_is_refused(value: Any) -> None:
    assert judged(value)[1][0][0] == "$.subscriber"


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        (3, "must be a string, not an integer"),
        ("gopher://hooks.example/", "must be an `http` or `https` URL"),
        ("https://hooks.example@127.0.0.1/", "must not hold a user name"),
        (
            "https://other.example/secret",
            "makes no callbacks to `https://other.example`, which `OGC_PROCESSES_CALLBACK",
        ),
        ("http://hooks.example/", "makes no callbacks to `http://hooks.example`"),
    ],
)
def test_each_uri_is_refused_at_its_path(uri: Any, why: str) -> None:
    _, ((path, message),) = judged({"successUri": "https://hooks.example/", "failedUri": uri})
    assert path == "$.subscriber.failedUri"
    assert why in message


def test_where_nobody_may_be_called_the_setting_is_named() -> None:
    _, ((path, message),) = judged({"successUri": "https://hooks.example/"}, Origins())
    assert path == "$.subscriber"
    assert "makes no callbacks" in message
    assert "`OGC_PROCESSES_CALLBACK_ORIGINS`" in message
