"""The abstract tests of OGC 18-062r2, annex A, in the order in which they are run.

The everyday life of a client comes first; a test that others depend on comes before them.
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

from mcp_server.validate.checks import (
    callback,
    description,
    dismissing,
    encodings,
    execution,
    inputs,
    job_list,
    jobs,
    metadata,
    openapi,
    processes,
)
from mcp_server.validate.records import Check, ConformanceClass, ConformanceTest

type _Row = tuple[str, str, Check]

_EVERYDAY: Final[tuple[_Row, ...]] = (
    ("core/landingpage-op", "the landing page can be retrieved", metadata.landing_page_operation),
    ("core/landingpage-success", "it links to all that a client needs", metadata.landing_page),
    ("core/conformance-op", "the conformance declaration can be retrieved", metadata.conformance_operation),
    ("core/conformance-success", "it names the class Core", metadata.conformance),
    ("core/process-list", "the process list can be retrieved", processes.process_list_operation),
    ("core/process-list-success", "it summarises each process", processes.process_list),
    ("core/process-description", "each process's description can be retrieved", processes.description_operation),
    ("core/process-description-success", "it is of the process asked for", processes.description),
    ("core/process-execute-op", "a process can be executed", execution.operation),
    ("core/process-execute-sync-document", "results as a document", execution.document),
    ("core/process-execute-sync-raw-value-one", "one output as its raw value", execution.raw_value),
    ("core/process-execute-success-async", "an asynchronous execution makes a job", jobs.accepted),
    ("core/job-op", "the job's status can be retrieved", jobs.status_operation),
    ("core/job-success", "it is the status of a job", jobs.status),
    ("core/job-results", "the job's results can be retrieved", jobs.results_operation),
    ("core/job-results-async-document", "results of a job as a document", jobs.document),
    ("job-list/job-list-op", "the job list can be retrieved", job_list.operation),
    ("job-list/job-list-success", "it tells the status of each job", job_list.success),
    ("core/job-results-exception-results-not-ready", "a running job has no results yet", jobs.not_ready),
    ("dismiss/job-dismiss-op", "a running job can be dismissed", dismissing.operation),
    ("dismiss/job-dismiss-success", "its status is dismissed then", dismissing.dismissed),
)

_METADATA: Final[tuple[_Row, ...]] = (
    ("core/api-definition-op", "the API definition can be retrieved", metadata.api_definition_operation),
    ("core/api-definition-success", "it is an API definition", metadata.api_definition),
    ("core/http", "HTTP is used as RFC 9110 says", metadata.http),
    (
        "core/pl-limit-definition",
        "`limit` of the process list is defined",
        partial(openapi.check_parameter, path="/processes", name="limit", kinds=("integer",)),
    ),
    ("core/pl-limit-response", "`limit` bounds the process list", processes.limit),
    ("core/pl-links", "the process list links to itself and to HTML", processes.links),
    ("core/process-exception-no-such-process", "an unknown process is answered 404", processes.no_such_process),
)

_EXECUTION: Final[tuple[_Row, ...]] = (
    ("core/process-execute-request", "a whole execute request is understood", execution.request),
    ("core/process-execute-default-execution-mode", "the mode without a preference", execution.default_mode),
    ("core/process-execute-auto-execution-mode", "the mode with respond-async", execution.preferred_mode),
    ("core/process-execute-default-outputs", "all outputs come where none is named", execution.default_outputs),
    ("core/process-execute-inputs", "inputs in-line and by reference", inputs.both_ways),
    ("core/process-execute-input-inline", "in-line inputs are checked", inputs.inline),
    ("core/process-execute-input-validation", "a wrong input is named", inputs.validation),
    ("core/process-execute-input-array", "an input with several values", inputs.array),
    ("core/process-execute-input-inline-object", "an object as input", inputs.objects),
    ("core/process-execute-input-inline-mixed", "an input of mixed type", inputs.mixed),
    ("core/process-execute-input-inline-binary", "a binary input", inputs.binary),
    ("core/process-execute-input-inline-bbox", "a bounding box as input", inputs.bounding_box),
    ("core/process-execute-input-ref", "an input by reference", inputs.reference),
    ("core/process-execute-sync-raw-value-multi", "several raw outputs", execution.raw_values),
    ("core/process-execute-sync-raw-ref", "a raw output by reference", execution.raw_reference),
    ("core/process-execute-sync-raw-mixed-multi", "raw outputs by value and reference", execution.raw_mixed),
)

_JOBS: Final[tuple[_Row, ...]] = (
    ("core/job-exception-no-such-job", "an unknown job is answered 404", jobs.no_such_job),
    ("core/job-results-exception-no-such-job", "so are its results", jobs.results_of_no_job),
    ("core/job-results-failed", "a failed job tells its reason", jobs.failed),
    ("core/job-results-sync", "a synchronous execution's job", jobs.synchronous_job),
    ("core/job-results-async-raw-value-one", "a job's output as its raw value", jobs.raw_value),
    ("core/job-results-async-raw-value-multi", "a job's several raw outputs", jobs.raw_values),
    ("core/job-results-async-raw-ref", "a job's raw output by reference", jobs.raw_reference),
    ("core/job-results-async-raw-mixed-multi", "a job's raw outputs, both ways", jobs.raw_mixed),
)

_JOB_LIST: Final[tuple[_Row, ...]] = (
    ("job-list/processID-mandatory", "each job names its process", job_list.process_id_mandatory),
    ("job-list/type-definition", "`type` is defined", job_list.type_definition),
    ("job-list/type-response", "`type` filters", job_list.type_response),
    ("job-list/processID-definition", "`processID` is defined", job_list.process_id_definition),
    ("job-list/processID-response", "`processID` filters", job_list.process_id_response),
    ("job-list/status-definition", "`status` is defined", job_list.status_definition),
    ("job-list/status-response", "`status` filters", job_list.status_response),
    ("job-list/datetime-definition", "`datetime` is defined", job_list.datetime_definition),
    ("job-list/datetime-response", "`datetime` filters", job_list.datetime_response),
    ("job-list/duration-definition", "`minDuration` and `maxDuration` are defined", job_list.duration_definition),
    ("job-list/duration-response", "`minDuration` and `maxDuration` filter", job_list.duration_response),
    ("job-list/limit-definition", "`limit` of the job list is defined", job_list.limit_definition),
    ("job-list/limit-response", "`limit` bounds the job list", job_list.limit),
    ("job-list/links", "the job list links to itself and to HTML", job_list.links),
)

_DESCRIPTIONS: Final[tuple[_Row, ...]] = (
    ("ogc-process-description/json-encoding", "descriptions in JSON", description.json_encoding),
    ("ogc-process-description/inputs-def", "inputs are described by id", description.inputs),
    ("ogc-process-description/input-def", "each input has a schema", description.input_schemas),
    ("ogc-process-description/input-mixed-type", "inputs of mixed type", description.mixed_inputs),
    ("ogc-process-description/outputs-def", "outputs are described by id", description.outputs),
    ("ogc-process-description/output-def", "each output has a schema", description.output_schemas),
    ("ogc-process-description/output-mixed-type", "outputs of mixed type", description.mixed_outputs),
)

# The definition is held against all that came before, so it comes last.
_REPRESENTATIONS: Final[tuple[_Row, ...]] = (
    ("json/definition", "every resource as JSON", encodings.json_definition),
    ("html/definition", "every resource as HTML", encodings.html_definition),
    ("html/content", "pages show what their JSON tells", encodings.html_content),
    ("callback/job-callback", "a subscriber is told of the end of a job", callback.job_callback),
    ("oas30/oas-definition-1", "the definition as OpenAPI and as HTML", openapi.two_forms),
    ("oas30/oas-definition-2", "it is valid", openapi.valid),
    ("oas30/oas-impl", "what it offers is there", openapi.implemented),
    ("oas30/completeness", "it names every answer", openapi.complete),
    ("oas30/exceptions-codes", "it names every error", openapi.errors),
    ("oas30/security", "it tells how to authenticate", openapi.security),
)

# Where a requirement goes by another name than its test.
_CLAUSES: Final = {
    "core/job-op": "/req/core/job",
    "core/process-description": "/req/core/process",
    "core/process-description-success": "/req/core/process-success",
    "core/process-exception-no-such-process": "/req/core/process-exception/no-such-process",
    "core/job-exception-no-such-job": "/req/core/job-exception/no-such-job",
    "core/job-results-exception-no-such-job": "/req/core/job-results-exception/no-such-job",
    "core/job-results-exception-results-not-ready": "/req/core/job-results-exception/results-not-ready",
}


def _tests(rows: Iterable[_Row]) -> tuple[ConformanceTest, ...]:
    return tuple(
        ConformanceTest(
            id=f"/conf/{name}",
            conformance_class=ConformanceClass(name.partition("/")[0]),
            purpose=purpose,
            check=check,
            clause=_CLAUSES.get(name, f"/req/{name}"),
        )
        for name, purpose, check in rows
    )


CATALOGUE: Final = _tests((*_EVERYDAY, *_METADATA, *_EXECUTION, *_JOBS, *_JOB_LIST, *_DESCRIPTIONS, *_REPRESENTATIONS))
"""Every test, each once."""
