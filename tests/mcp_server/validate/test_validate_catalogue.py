"""The catalogue holds each abstract test of the standard, once."""

import csv
from pathlib import Path

import pytest

from mcp_server.validate.catalogue import CATALOGUE
from mcp_server.validate.records import ConformanceClass


@pytest.fixture(scope="module")
def annex(shared_data: Path) -> list[str]:
    path = shared_data / "ogc" / "abstract-tests.tsv"
    with path.open(encoding="utf-8") as lines:
        return [row["test"] for row in csv.DictReader(lines, delimiter="\t")]


def test_every_abstract_test_of_the_annex_is_there(annex: list[str]) -> None:
    tests = [name for name in annex if name.startswith("/conf/")]
    # The annex heads the test of the results of no job with the name of that of a failed one.
    assert tests.count("/conf/core/job-results-failed") == 2
    tests.remove("/conf/core/job-results-failed")
    tests.append("/conf/core/job-results-exception-no-such-job")
    assert sorted(test.id for test in CATALOGUE) == sorted(tests)


def test_every_class_of_the_annex_is_known(annex: list[str]) -> None:
    named = {name for name in annex if name.startswith("http")}
    assert named <= {one.uri for one in ConformanceClass}


def test_the_everyday_life_of_a_client_comes_first() -> None:
    order = [test.id.removeprefix("/conf/") for test in CATALOGUE]
    everyday = (
        "core/landingpage-op",
        "core/conformance-op",
        "core/process-list",
        "core/process-description",
        "core/process-execute-sync-document",
        "core/process-execute-success-async",
        "core/job-op",
        "core/job-results",
        "job-list/job-list-op",
        "dismiss/job-dismiss-op",
    )
    places = [order.index(name) for name in everyday]
    assert places == sorted(places)
    assert places[-1] < 21


def test_every_test_names_its_requirement() -> None:
    assert all(test.clause.startswith(f"/req/{test.conformance_class.value}/") for test in CATALOGUE)


def test_every_purpose_leaves_its_line_within_a_hundred_columns() -> None:
    assert [test.id for test in CATALOGUE if len(test.purpose) > 46 or len(test.id) > 51] == []
