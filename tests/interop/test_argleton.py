"""Argleton's traps and their clean twins (PyPI) through our tools: no wrong answer that looks right."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(
    find_spec("argleton") is None or find_spec("geopandas") is None, reason="argleton[fixtures] is not installed"
)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Any]]:
    from tests.argleton.adapter import judged
    from tests.argleton.tools import tools_on

    data = tmp_path_factory.mktemp("probes")
    with tools_on(data, tmp_path_factory.mktemp("home")) as tools:
        yield list(judged(data, tools))


def of(verdicts: list[Any], population: str, *names: str) -> list[str]:
    return [
        f"{one.probe_id}: {one.detail}"
        for one in verdicts
        if one.population == population and (not names or one.verdict in names)
    ]


def test_no_trap_is_answered_wrongly_as_if_it_were_right(verdicts: list[Any]) -> None:
    assert of(verdicts, "trap", "silent_error") == []
    assert of(verdicts, "trap", "noisy_failure", "refused_wrongly", "unsupported") == []


def test_most_traps_are_answered_right(verdicts: list[Any]) -> None:
    assert len(of(verdicts, "trap")) == 31
    assert len(of(verdicts, "trap", "correct", "correct_with_warning")) >= 26


def test_no_clean_twin_is_refused_and_most_are_answered_right(verdicts: list[Any]) -> None:
    assert len(of(verdicts, "clean")) == 31
    assert of(verdicts, "clean", "refused_wrongly", "silent_error") == []
    assert len(of(verdicts, "clean", "correct", "correct_with_warning")) >= 29
