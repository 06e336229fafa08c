"""Each way to fail the standard fails the tests of the requirements that it breaks, and no others."""

from contextlib import nullcontext

import pytest

from mcp_server.validate import ConformanceClass, Verdict
from tests.interop.broken_server import create
from tests.interop.verdicts import judged, messages, short_of_patience

pytestmark = pytest.mark.anyio

_SYNC = "core/process-execute-sync-"
_ASYNC = "core/job-results-async-"

FAULTS: dict[str, set[str]] = {
    "no link to processes": {"core/landingpage-success"},
    "core not declared": {"core/conformance-success"},
    "summary without version": {"core/process-list-success"},
    # Both `links` of the document's schema and the link to itself are missing.
    "list without links": {"core/process-list-success", "core/pl-links"},
    "list without self": {"core/pl-links"},
    "no alternate": {"core/pl-links", "job-list/links"},
    "limit of processes ignored": {"core/pl-limit-response"},
    "description of another": {"core/process-description-success"},
    "stumble not described": {
        "core/process-description",
        "core/process-description-success",
        "ogc-process-description/json-encoding",
    },
    "unknown process untyped": {"core/process-exception-no-such-process"},
    "an array is a server error": {"core/http"},
    "first output only": {"core/process-execute-default-outputs"},
    # Results that are no results documents: by all three requirements that ask for one by output id.
    "results in a list": {_SYNC + "document", _ASYNC + "document", "core/process-execute-default-outputs"},
    "raw as document": {
        *(_SYNC + kind for kind in ("raw-value-one", "raw-value-multi")),
        *(_ASYNC + kind for kind in ("raw-value-one", "raw-value-multi")),
    },
    "parts without id": {
        *(_SYNC + kind for kind in ("raw-value-multi", "raw-mixed-multi")),
        *(_ASYNC + kind for kind in ("raw-value-multi", "raw-mixed-multi")),
    },
    "parts by value": {_SYNC + "raw-mixed-multi", _ASYNC + "raw-mixed-multi"},
    "reference with 200": {_SYNC + "raw-ref", _ASYNC + "raw-ref"},
    # The mode is wrong, and so is every answer that the negotiated mode asks for.
    "always asynchronous": {
        "core/process-execute-default-execution-mode",
        *(_SYNC + kind for kind in ("document", "raw-value-one", "raw-value-multi", "raw-ref", "raw-mixed-multi")),
    },
    # linger supports async-execute only.
    "never asynchronous": {
        "core/process-execute-default-execution-mode",
        "core/process-execute-auto-execution-mode",
    },
    "outputs not understood": {
        "core/process-execute-request",
        *(_SYNC + kind for kind in ("raw-value-one", "raw-value-multi", "raw-ref", "raw-mixed-multi")),
        *(_ASYNC + kind for kind in ("raw-value-one", "raw-value-multi", "raw-ref", "raw-mixed-multi")),
    },
    "job with 200": {"core/process-execute-success-async"},
    "no location": {"core/process-execute-success-async"},
    "null in place of no value": {"core/job-success", "job-list/job-list-success"},
    # A status without its type is none, wherever it stands.
    "jobs without type": {
        "core/process-execute-success-async",
        "core/job-success",
        "core/job-results-sync",
        "job-list/job-list-success",
        "job-list/type-response",
        "dismiss/job-dismiss-success",
    },
    "jobs without process": {"job-list/processID-mandatory"},
    "results too early": {"core/job-results-exception-results-not-ready"},
    "unknown job untyped": {"core/job-exception-no-such-job", "core/job-results-exception-no-such-job"},
    "failure hidden": {"core/job-results-failed"},
    "no monitor link": {"core/job-results-sync"},
    "dismissal empty": {"dismiss/job-dismiss-success"},
    "dismissal fails": {"dismiss/job-dismiss-op", "dismiss/job-dismiss-success"},
    "dismissed in name only": {"dismiss/job-dismiss-success"},
    "status ignored": {"job-list/status-response"},
    "processID ignored": {"job-list/processID-response"},
    "datetime ignored": {"job-list/datetime-response"},
    "durations ignored": {"job-list/duration-response"},
    "limit of jobs ignored": {"job-list/limit-response"},
    "inputs not checked": {"core/process-execute-input-inline", "core/process-execute-input-validation"},
    "wrong input not named": {"core/process-execute-input-validation"},
    "box refused": {"core/process-execute-input-inline-bbox"},
    "blob refused": {"core/process-execute-input-inline-binary"},
    "many refused": {"core/process-execute-input-array"},
    "either refused": {"core/process-execute-input-inline-mixed"},
    "qualified values refused": {
        "core/process-execute-input-inline-object",
        "core/process-execute-input-inline-mixed",
    },
    "references refused": {"core/process-execute-input-ref", "core/process-execute-inputs"},
    "input without schema": {
        "ogc-process-description/json-encoding",
        "ogc-process-description/inputs-def",
        "ogc-process-description/input-def",
    },
    "unknown type": {"ogc-process-description/input-def"},
    "mixed by anyOf": {"ogc-process-description/input-mixed-type"},
    "output without schema": {
        "ogc-process-description/json-encoding",
        "ogc-process-description/outputs-def",
        "ogc-process-description/output-def",
    },
    "JSON by another name": {"json/definition"},
    "HTML as JSON": {"html/definition"},
    "empty pages": {"html/content"},
    # A subscriber that is not called cannot be told from one that the server refuses to call.
    "callbacks fail": set(),
    "definition empty": {"core/api-definition-success", "oas30/oas-definition-2"},
    "definition without HTML": {"oas30/oas-definition-1"},
    "definition of another version": {"oas30/oas-definition-2"},
    "more offered than there is": {"oas30/oas-impl"},
    "201 not documented": {"oas30/completeness"},
    "404 not documented": {"oas30/exceptions-codes"},
    "limit undefined": {"core/pl-limit-definition", "job-list/limit-definition"},
    "type undefined": {"job-list/type-definition"},
    "processID undefined": {"job-list/processID-definition"},
    "status of a wrong type": {"job-list/status-definition"},
    "datetime of a wrong type": {"job-list/datetime-definition"},
    "maxDuration undefined": {"job-list/duration-definition"},
}


async def test_a_server_that_keeps_the_standard_passes_every_test_but_that_of_an_authentication_it_does_not_have() -> (
    None
):
    report = await judged(create())
    passed = {one.id for one in report.results if one.verdict is Verdict.PASSED}
    assert {one.id for one in report.results} - passed == {"/conf/oas30/security"}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_fails_the_tests_of_what_it_breaks_and_no_others(fault: str) -> None:
    with short_of_patience() if fault == "callbacks fail" else nullcontext():
        report = await judged(create(fault))
    assert messages(report, Verdict.FAILED).keys() == FAULTS[fault]


async def test_a_definition_is_to_tell_of_an_authentication_that_is_used() -> None:
    report = await judged(create(), headers={"Authorization": "Bearer abc"})
    assert messages(report, Verdict.FAILED).keys() == {"oas30/security"}


async def test_only_the_classes_that_are_asked_for_are_judged() -> None:
    report = await judged(create("no link to processes", "empty pages"), classes=(ConformanceClass.HTML,))
    assert {one.id for one in report.results} == {"/conf/html/definition", "/conf/html/content"}
    assert messages(report, Verdict.FAILED).keys() == {"html/content"}


async def test_a_process_and_its_inputs_may_be_named() -> None:
    report = await judged(create(), process="linger", inputs={"seconds": 0.1}, classes=(ConformanceClass.CORE,))
    sent = [one.sent for result in report.results for one in result.exchanges if one.method == "POST"]
    assert any('{"seconds": 0.1}' in body for body in sent)
    assert all("/linger/" in one.url for result in report.results for one in result.exchanges if one.method == "POST")


async def test_a_failure_names_the_request_the_answer_and_the_requirement() -> None:
    report = await judged(create("no location"))
    (failure,) = [one for one in report.results if one.verdict is Verdict.FAILED]
    assert failure.clause == "/req/core/process-execute-success-async"
    assert failure.message.startswith("POST /processes/echo/execution has no Location header")
    assert failure.evidence is not None
    assert (failure.evidence.method, failure.evidence.status) == ("POST", 201)
