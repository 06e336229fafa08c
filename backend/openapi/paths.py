"""The API's resources as the standard lists them, with their operations. Pure."""

from typing import Any

from backend.openapi.execution import Answer, execute_operation
from backend.openapi.parameters import parameter
from backend.openapi.responses import OF_VALUES, document, empty, headers, problems
from backend.openapi.standard_schemas import schema_of

type PathItem = dict[str, Any]

GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

SERVER, PROCESSES, DATASETS, JOBS = "Server", "Processes", "Datasets", "Jobs"

TAGS = (
    {"name": SERVER, "description": "What this server is and what it conforms to."},
    {"name": PROCESSES, "description": "What can be run, and running it."},
    {"name": DATASETS, "description": "Files that inputs of processes may refer to."},
    {"name": JOBS, "description": "What runs or ran, and its results."},
)

ANY_PAGE = (400, 403, 406, 421, 500)
"""What any `GET` of a document may be refused with."""

ANY_JOB = (*ANY_PAGE, 404, 410, 503)
"""What a `GET` of what there is of a job may be refused with."""


def generic_paths() -> dict[str, PathItem]:
    """Every resource; those of a process and of a job as templates."""
    return {**_server(), **_processes(), **_datasets(), **_jobs(), **_results()}


def _server() -> dict[str, PathItem]:
    pages = {"/": ("getLandingPage", "Where everything stands", "landingPage")}
    pages["/conformance"] = ("getConformance", "The conformance classes that hold", "confClasses")
    paths = {path: {"get": _page(*page, SERVER)} for path, page in pages.items()}
    definition = {
        "operationId": "getOpenAPI",
        "summary": "This document",
        "tags": [SERVER],
        "parameters": [parameter("f")],
        "responses": {
            "200": document("The API's definition.", {"type": "object"}, media_type=OPENAPI),
            **problems("Page", *ANY_PAGE),
        },
    }
    return {**paths, "/openapi": {"get": definition}}


def _processes() -> dict[str, PathItem]:
    listed = _page("listProcesses", "The processes on offer", "processList", PROCESSES, "limit", "offset")
    one = _page("getProcess", "The description of a process", "process", PROCESSES)
    one["parameters"].insert(0, parameter("processID"))
    one["responses"] |= problems("Page", 404)
    answer = Answer({"*/*": {}}, schema_of("results"), several=True)
    execute = execute_operation("executeProcess", "Run a process", schema_of("execute"), answer)
    execute["parameters"].insert(0, parameter("processID"))
    return {
        "/processes": {"get": listed},
        "/processes/{processID}": {"get": one},
        "/processes/{processID}/execution": {"post": {**execute, "tags": [PROCESSES]}},
    }


def _datasets() -> dict[str, PathItem]:
    listed = _page("listCollections", "The datasets", "collections", DATASETS, "limit", "offset")
    one = _page("getCollection", "A dataset, as far as it is told without opening its file", "collection", DATASETS)
    one["parameters"].insert(0, parameter("collectionId"))
    one["responses"] |= problems("Page", 404)
    paths = {"/collections": {"get": listed}, "/collections/{collectionId}": {"get": one}}
    return {**paths, **_items()}


def _items() -> dict[str, PathItem]:
    inputs = {"getItems": ("features", "offset", "bbox", "layer"), "getItem": ("layer",)}
    texts = {"getItems": "Features of a dataset, as a process gets them", "getItem": "One feature of a dataset"}
    schemas = {"getItems": "items", "getItem": "geojsonFeature"}
    get: dict[str, dict[str, Any]] = {}
    for name, query in inputs.items():
        get[name] = {
            "operationId": name,
            "summary": texts[name],
            "tags": [DATASETS],
            "parameters": [parameter(one) for one in ("collectionId", *query, "f")],
            "responses": {
                "200": document(f"{texts[name]}.", schema_of(schemas[name]), media_type=GEOJSON),
                **problems("Page", *ANY_PAGE, 404, 503),
            },
        }
    get["getItem"]["parameters"].insert(1, parameter("featureId"))
    items = "/collections/{collectionId}/items"
    return {items: {"get": get["getItems"]}, f"{items}/{{featureId}}": {"get": get["getItem"]}}


def _jobs() -> dict[str, PathItem]:
    filters = ("type", "jobProcess", "status", "datetime", "minDuration", "maxDuration", "limit", "offset", "after")
    listed = _page("listJobs", "Jobs, newest first", "jobList", JOBS, *filters)
    listed["responses"] |= problems("Page", 503)
    status = document("The status.", schema_of("statusInfo"), "ETag", "Preference-Applied", "Sunset")
    get = {
        "operationId": "getJobStatus",
        "summary": "The status of a job, held while nothing changes if the client wishes",
        "tags": [JOBS],
        "parameters": [parameter(name) for name in ("jobId", "f", "ifNoneMatch", "preferWait")],
        "responses": {
            "200": status,
            "304": empty("The client has the status as it is.", "ETag", "Preference-Applied", "Sunset", "Vary"),
            **problems("Page", *ANY_JOB),
        },
    }
    dismiss = {
        "operationId": "dismissJob",
        "summary": "End a job, or remove the results of one that has ended",
        "tags": [JOBS],
        "parameters": [parameter("jobId"), parameter("f")],
        "responses": {
            "200": document(
                "The status after it; the same for a job dismissed before.", schema_of("statusInfo"), "Sunset"
            ),
            **problems(""),
            **problems("Page", 410),
        },
    }
    log = {
        "operationId": "getJobLog",
        "summary": "What the job's process wrote while it ran",
        "tags": [JOBS],
        "parameters": [parameter(name) for name in ("jobId", "tail", "f")],
        "responses": {
            "200": document("The lines.", {"type": "string"}, "X-Content-Type-Options", media_type="text/plain"),
            **problems("Page", *ANY_JOB),
        },
    }
    one = {"get": get, "delete": dismiss}
    return {"/jobs": {"get": listed}, "/jobs/{jobId}": one, "/jobs/{jobId}/log": {"get": log}}


def _results() -> dict[str, PathItem]:
    answer = Answer({"*/*": {}}, schema_of("results"), several=True)
    refusals = problems("Page", *ANY_JOB)
    told = ("Preference-Applied", "Sunset", "Vary", "Content-Security-Policy", "Referrer-Policy")
    results = {
        "operationId": "getJobResults",
        "summary": "The results of a job, in the form that its execute request asked for",
        "tags": [JOBS],
        "parameters": [parameter(name) for name in ("jobId", "f", "preferMinimal")],
        "responses": {**answer.responses(told, page=True), **refusals},
    }
    output: dict[str, Any] = {
        "operationId": "getJobOutput",
        "summary": "One output of a job; of a feature collection or an array a page, if the client wishes",
        "tags": [JOBS],
        "parameters": [parameter(name) for name in ("jobId", "output", "f", "items", "firstItem", "range")],
        "responses": {
            "200": {
                "description": "The value itself with its media type, or a page of it.",
                "headers": headers("Accept-Ranges", "OGC-NumberMatched", "Sunset", *OF_VALUES),
                "content": {"*/*": {}},
            },
            "206": {
                "description": "The bytes that were asked for.",
                "headers": headers("Content-Range", "Sunset", *OF_VALUES),
                "content": {"*/*": {}},
            },
            **refusals,
            **problems("Page", 416),
        },
    }
    return {"/jobs/{jobId}/results": {"get": results}, "/jobs/{jobId}/results/{output}": {"get": output}}


def _page(operation_id: str, summary: str, component: str, tag: str, *query: str) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": [tag],
        "parameters": [parameter(name) for name in (*query, "f")],
        "responses": {
            "200": document(f"{summary}.", schema_of(component)),
            **problems("Page", *ANY_PAGE),
        },
    }
