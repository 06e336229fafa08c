"""The verdicts on eozilla's wraptile 0.3 are those that its answers deserve, each read against its requirement."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from mcp_server.validate import ConformanceClass, Report, validate
from tests.interop.verdicts import check_failures, check_skipped
from tests.interop.wraptile import wraptile

pytestmark = [
    pytest.mark.long(4),
    pytest.mark.anyio,
    pytest.mark.skipif(find_spec("wraptile") is None, reason="wraptile (PyPI) is not installed"),
]

FAILURES = {
    # Every resource is linked as `service`, none by the relations asked for.
    "core/landingpage-success": "service-desc or service-doc",
    "core/api-definition-op": "404",
    "core/api-definition-success": "404",
    "oas30/oas-definition-1": "service-desc",
    # A new job is answered 201 with its status, but without Location.
    "core/process-execute-success-async": "Location",
    # `type` is not in any status.
    "core/job-success": "'type'",
    "job-list/job-list-success": "'type'",
    "job-list/type-response": "None",
    "dismiss/job-dismiss-success": "'type'",
    # The results of a running job are answered 403.
    "core/job-results-exception-results-not-ready": "403",
    # There is but one form of results, whatever `response` says.
    "core/job-results-async-raw-value-one": "results document",
    # No parameter of a list is heeded.
    "core/pl-limit-response": "at most 1",
    "job-list/limit-response": "at most 1",
    "job-list/processID-response": "processID",
    "job-list/status-response": "status",
    "job-list/datetime-response": "created later",
    "job-list/duration-response": "took",
}

_SYNC = "core/process-execute-sync-"
_ASYNC = "core/job-results-async-"
NOTHING_TO_TRY = {
    # No process declares its jobControlOptions, so that nothing is promised; all are made jobs.
    "core/process-execute-default-execution-mode",
    "core/process-execute-auto-execution-mode",
    "core/job-results-sync",
    *(_SYNC + kind for kind in ("document", "raw-value-one", "raw-value-multi", "raw-ref", "raw-mixed-multi")),
    # No process gives several outputs, or any by reference.
    *(_ASYNC + kind for kind in ("raw-value-multi", "raw-ref", "raw-mixed-multi")),
    "core/process-execute-inputs",
    "core/process-execute-input-ref",
    # No input is of these kinds, or none that could be filled from its schema.
    "core/process-execute-input-array",
    "core/process-execute-input-inline-object",
    "core/process-execute-input-inline-mixed",
    "core/process-execute-input-inline-binary",
    "core/process-execute-input-inline-bbox",
    "ogc-process-description/input-mixed-type",
    "ogc-process-description/output-mixed-type",
    # Its OpenAPI document is not linked as one, so that there is nothing to look into.
    "core/pl-limit-definition",
    *(f"job-list/{name}-definition" for name in ("type", "processID", "status", "datetime", "duration", "limit")),
    "oas30/oas-definition-2",
    "oas30/oas-impl",
    "oas30/completeness",
    "oas30/exceptions-codes",
    "oas30/security",
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with wraptile(tmp_path_factory.mktemp("wraptile")) as url:
        yield url


@pytest.fixture(scope="module")
async def report(url: str) -> Report:
    return await validate(url)


async def test_it_fails_what_it_does_not_keep_and_says_how(report: Report) -> None:
    check_failures(report, FAILURES)


async def test_nothing_is_said_of_what_it_does_not_have(report: Report) -> None:
    check_skipped(report, NOTHING_TO_TRY)


async def test_its_declaration_is_read(report: Report) -> None:
    assert set(ConformanceClass) - set(report.declared) == {ConformanceClass.HTML, ConformanceClass.CALLBACK}
