"""The judge of the other tests' answers: what it is to find, it finds."""

import json
from typing import Any

import pytest

from tests.standard.answers import Answer, AnswerCheck, schema_of
from tests.standard.schemas import standard_schemas

JOB: dict[str, Any] = {"jobID": "1", "type": "process", "status": "successful", "links": []}

WRONG: list[tuple[str, Any, str]] = [
    ("/", {"title": "no links"}, "'links' is a required property"),
    ("/conformance", {"conformsTo": [1]}, "1 is not of type 'string'"),
    ("/processes", {"processes": [{"id": "x"}], "links": []}, "'version' is a required property"),
    ("/processes/x", {"id": "x", "version": "1", "inputs": {"a": {"title": "A"}}}, "'schema' is a required"),
    ("/processes/x/", {"id": "x"}, "'version' is a required property"),
    ("/jobs", {"jobs": [JOB | {"status": "done"}], "links": []}, "'done' is not one of"),
    ("/jobs/1", JOB | {"finished": None}, "None is not of type 'string'"),
    ("/jobs/1", JOB | {"started": "2026-01-01T00:00:00"}, "is not a 'date-time'"),
    ("/jobs/1", JOB | {"progress": 101}, "101 is greater than the maximum of 100"),
    ("/jobs/1/results", {"out": {"type": "Point"}}, "is not valid under any of the given schemas"),
    ("/processes/x/execution", {"out": {"type": "Point"}}, "is not valid under any of the given schemas"),
    ("/news", {}, "no schema is known"),
]


@pytest.fixture
def check() -> AnswerCheck:
    schemas = standard_schemas()
    if schemas is None:
        pytest.skip("the schemas of the standard are not beside this checkout")
    return AnswerCheck(schemas)


def answer(path: str, document: Any, *, status: int = 200, kind: str = "application/json", **headers: str) -> Answer:
    sent = {"content-type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("GET", path, status, sent, json.dumps(document).encode())


@pytest.mark.parametrize(("path", "document", "fault"), WRONG)
def test_a_document_that_is_not_as_the_standard_has_it_is_found(
    check: AnswerCheck, path: str, document: Any, fault: str
) -> None:
    (told,) = check.faults(answer(path, document))
    assert told.startswith(f"GET {path} → 200 application/json: ")
    assert fault in told


def test_an_accepted_execution_is_a_status_and_not_a_result(check: AnswerCheck) -> None:
    path = "/processes/x/execution"
    assert check.faults(answer(path, JOB, status=201)) == []
    assert check.faults(answer(path, {"out": 1}, status=201)) != []


def test_an_error_is_a_problem_document_or_a_page(check: AnswerCheck) -> None:
    assert check.faults(answer("/news", {"type": "about:blank"}, status=404, kind="application/problem+json")) == []
    assert check.faults(answer("/news", "not JSON's business", status=404, kind="text/html; charset=utf-8")) == []
    assert check.faults(answer("/news", {}, status=404, kind="application/problem+json")) != []
    for kind in ("application/json", "text/plain"):
        (told,) = check.faults(answer("/news", {"type": "about:blank"}, status=404, kind=kind))
        assert "neither a problem document nor a page" in told


def test_what_is_no_json_is_found(check: AnswerCheck) -> None:
    broken = Answer("GET", "/jobs", 200, {"content-type": "application/json"}, b'{"jobs": [')
    assert check.faults(broken) != []


@pytest.mark.parametrize(
    "given",
    [
        answer("/jobs/1/results", {"type": "Point"}, content_security_policy="sandbox; default-src 'none'"),
        answer("/jobs/1/results/out", {"type": "Point"}),
        answer("/openapi", {"openapi": "3.0.3"}),
        answer("/jobs/1/results", "parts", kind="multipart/related; boundary=x"),
        answer("/processes", "a page", kind="text/html"),
    ],
    ids=lambda given: f"{given.path} {given.media_type}",
)
def test_what_a_process_gave_and_what_is_no_json_has_no_schema(given: Answer) -> None:
    assert schema_of(given) is None


def test_an_answer_without_content_is_not_judged(check: AnswerCheck) -> None:
    assert check.faults(Answer("GET", "/jobs/1", 304, {}, b"")) == []
    assert not check.counts


def test_every_answer_is_counted_and_a_wrong_one_is_told_every_time(check: AnswerCheck) -> None:
    right, wrong = answer("/jobs/1", JOB), answer("/jobs/1", {})
    assert [len(check.faults(given)) > 0 for given in (right, right, wrong, wrong)] == [False, False, True, True]
    assert check.counts == {"statusInfo.yaml": 4}


@pytest.mark.parametrize("path", ["/", "/processes", "/jobs/1", "/jobs/1/results"])
def test_every_document_is_an_object(check: AnswerCheck, path: str) -> None:
    assert check.faults(answer(path, [])) != []
