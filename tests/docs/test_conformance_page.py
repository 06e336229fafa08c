"""The page of conformance names tests that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
FAULTS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in PAGE.partition("## Faults of pygeoapi 0.24")[2].splitlines()
    if line.startswith("| ")
][1:]


def test_there_is_a_table_of_faults() -> None:
    assert len(FAULTS) >= 40
    assert all(len(row) == 3 for row in FAULTS)


@pytest.mark.parametrize(("fault", "kept", "tests"), FAULTS, ids=[row[0][:50] for row in FAULTS])
def test_each_fault_has_a_test_that_there_is(fault: str, kept: str, tests: str) -> None:
    assert fault
    assert kept
    named = re.findall(r"`([^`]+)`", tests)
    assert named
    for path, _, name in (one.partition("::") for one in named):
        source = (ROOT / "tests" / path).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), f"{path} has no {name}"


def test_every_file_of_tests_that_is_named_is_there() -> None:
    named = set(re.findall(r"`(tests/[\w/.]+)`", PAGE))
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]
