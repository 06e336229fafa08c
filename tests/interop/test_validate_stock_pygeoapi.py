"""The verdicts on a stock pygeoapi 0.24 are those that its answers deserve, each read against its requirement."""

import pytest

from mcp_server.validate import ConformanceClass, Report, validate
from tests.interop.verdicts import check_failures, check_skipped, short_of_patience

pytestmark = pytest.mark.anyio

FAILURES = {
    # The declaration is linked as `conformance`; the relation asked for is http://www.opengis.net/def/rel/…/conformance.
    "core/landingpage-success": "1.0/conformance",
    # Results are {"outputs": [{"id", "value"}]}, not {"outputID": value}.
    "core/process-execute-sync-document": "'outputs'",
    "core/job-results-async-document": "'outputs'",
    "core/process-execute-default-outputs": "'echo'",
    # Exceptions have a type of pygeoapi's own, where the standard names a URI.
    "core/process-exception-no-such-process": "'NoSuchProcess'",
    "core/job-exception-no-such-job": "'InvalidParameterValue'",
    "core/job-results-exception-no-such-job": "'NoSuchJob'",
    "core/job-results-exception-results-not-ready": "'ResultNotReady'",
    # `[]` as an execute request ends in an AttributeError.
    "core/http": "500",
    # `limit` works, and stands in no definition.
    "core/pl-limit-definition": "'limit'",
    # Values are not held against their schemas.
    "core/process-execute-input-inline": "200",
    "core/process-execute-input-validation": "200",
    # A synchronous execution makes a job that is told as Location only.
    "core/job-results-sync": "rel=monitor",
    # While a job runs, `finished` is null; a date-time is asked for where the member is there.
    "core/job-success": "$.finished is null",
}

# Its processes take one text each and give one output by value.
NOTHING_TO_TRY = {
    "core/process-execute-inputs",
    "core/process-execute-input-array",
    "core/process-execute-input-inline-object",
    "core/process-execute-input-inline-mixed",
    "core/process-execute-input-inline-binary",
    "core/process-execute-input-inline-bbox",
    "core/process-execute-input-ref",
    "core/process-execute-sync-raw-value-multi",
    "core/process-execute-sync-raw-ref",
    "core/process-execute-sync-raw-mixed-multi",
    "core/job-results-async-raw-value-multi",
    "core/job-results-async-raw-ref",
    "core/job-results-async-raw-mixed-multi",
    "ogc-process-description/input-mixed-type",
    "ogc-process-description/output-mixed-type",
    # It refuses to call private addresses, and asks for no authentication.
    "callback/job-callback",
    "oas30/security",
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def report(stock_pygeoapi: str) -> Report:
    with short_of_patience():  # it calls no private address
        return await validate(stock_pygeoapi)


async def test_it_fails_what_it_does_not_keep_and_says_how(report: Report) -> None:
    check_failures(report, FAILURES)


async def test_nothing_is_said_of_what_it_does_not_have(report: Report) -> None:
    check_skipped(report, NOTHING_TO_TRY)


async def test_its_declaration_is_read(report: Report) -> None:
    assert set(report.declared) == {
        ConformanceClass.CORE,
        ConformanceClass.DESCRIPTION,
        ConformanceClass.JSON,
        ConformanceClass.OAS30,
        ConformanceClass.CALLBACK,
    }
