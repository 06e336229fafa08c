"""ogc-api-processes-client against our backend: each operation of its wrapper, the models checked by itself.

Its models are stricter than the standard: they hold no text as an input and no results document as the answer to a
synchronous execution (each of these matches two of their alternatives), with any server. Such requests go through its
untyped `execute_simple`.
"""

import json
from typing import Any

import pytest
from ogc_api_processes_client.api.result_api import ResultApi
from ogc_api_processes_client.api_client_wrapper import ApiClientWrapper
from ogc_api_processes_client.configuration import Configuration
from ogc_api_processes_client.exceptions import BadRequestException, NotFoundException
from ogc_api_processes_client.models.execute import Execute
from ogc_api_processes_client.models.status_info import StatusInfo
from pystac import ItemCollection

from tests.interop.own_backend import until

ASYNC = {"Prefer": "respond-async"}
ITEMS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": "lake",
            "geometry": {"type": "Point", "coordinates": [7.6, 51.9]},
            "bbox": [7.6, 51.9, 7.6, 51.9],
            "properties": {"datetime": "2026-01-01T00:00:00Z"},
            "links": [],
            "assets": {},
        }
    ],
}


@pytest.fixture
def client(own_backend: str) -> ApiClientWrapper:
    return ApiClientWrapper(Configuration(host=own_backend))


def submit(client: ApiClientWrapper, process: str, **inputs: Any) -> StatusInfo:
    # It gives its caller's headers on as they are, and changes them: a copy each time.
    return client.execute_simple(process, {"inputs": inputs, "response": "document"}, _headers={**ASYNC})


def ended(client: ApiClientWrapper, job: StatusInfo) -> StatusInfo:
    return until(lambda: client.get_status(job.job_id), lambda now: now.status not in ("accepted", "running"))


def test_it_reads_the_landing_page_and_the_conformance_declaration(client: ApiClientWrapper) -> None:
    assert {"self", "service-desc"} <= {link.rel for link in client.get_landing_page().links}
    assert (
        "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in client.get_conformance_classes().conforms_to
    )


def test_it_lists_and_describes_each_process(client: ApiClientWrapper) -> None:
    listed = client.get_processes().processes
    assert {"geometry-buffer", "hello-world"} <= {process.id for process in listed}
    for summary in listed:
        described = client.get_process_description(summary.id)
        assert (described.id, described.version) == (summary.id, summary.version)
        assert described.outputs


def test_it_executes_synchronously_through_its_models(client: ApiClientWrapper) -> None:
    answer = client.execute("slow-steps", Execute.from_dict({"inputs": {"seconds": 0.05}, "response": "raw"}))
    told = answer.actual_instance
    assert (told["steps"], 0.05 <= told["seconds"] < 10) == (5, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", 5.5),
        ("boolean", True),
        ("repeated", ["one", "two"]),
        ("bbox", {"bbox": [5.9, 47.3, 15.0, 55.1], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}),
    ],
)
def test_inputs_of_each_kind_that_its_models_hold_come_back(client: ApiClientWrapper, name: str, value: Any) -> None:
    request = Execute.from_dict({"inputs": {name: value}, "outputs": {name: {}}, "response": "document"})
    job = client.execute("echo", request, _headers={**ASYNC})
    assert ended(client, job).status == "successful"
    # As they come: its models lose nested values when they are written again.
    results = ResultApi(client.api_client).get_result_without_preload_content(job.job_id)
    assert json.loads(results.data)[name] in (value, {"mediaType": "application/json", "value": value})


def test_it_executes_asynchronously_through_its_models(client: ApiClientWrapper) -> None:
    request = Execute.from_dict({"inputs": {"seconds": 0.05}, "response": "document"})
    job = client.execute("slow-steps", request, _headers={**ASYNC})
    assert isinstance(job, StatusInfo)
    assert ended(client, job).status == "successful"


def test_it_follows_a_job_to_its_result(client: ApiClientWrapper) -> None:
    job = submit(client, "hello-world", name="Ada")
    done = ended(client, job)
    assert (done.process_id, done.status, done.progress) == ("hello-world", "successful", 100)
    assert done.created <= done.started <= done.finished
    for read in (client.get_result, client.get_result_simple):
        echo = read(job.job_id)["echo"].actual_instance
        assert echo.media_type == "application/json"
        assert echo.value.oneof_schema_2_validator == {"id": "echo", "value": "Hello Ada!"}


def echoed(client: ApiClientWrapper, document: dict[str, Any], response: str) -> str:
    """The job that gives a document back as its only output."""
    request = {"inputs": {"document": document}, "outputs": {"document": {}}, "response": response}
    return ended(client, client.execute_simple("echo", request, _headers={**ASYNC})).job_id


def test_stac_items_in_a_results_document_are_a_qualified_value(client: ApiClientWrapper) -> None:
    value = client.get_result_simple(echoed(client, ITEMS, "document"))["document"].actual_instance.value
    assert value.oneof_schema_2_validator == ITEMS


def test_stac_items_that_its_models_do_not_hold_become_a_collection(client: ApiClientWrapper) -> None:
    found = client.get_result_simple(echoed(client, {"items": ITEMS}, "raw"))
    assert isinstance(found, ItemCollection)
    assert [item.id for item in found] == ["lake"]


def test_what_it_can_read_in_no_way_it_takes_for_stac_items(client: ApiClientWrapper) -> None:
    # Of a raw result it takes the first member for the items: here "FeatureCollection".
    with pytest.raises(AttributeError):
        client.get_result_simple(echoed(client, ITEMS, "raw"))


def test_it_submits_nothing_that_is_answered_at_once(client: ApiClientWrapper) -> None:
    # A list, as a raw result, is one of the few answers that its models hold.
    request = {"inputs": {"boolean": True}, "outputs": {"boolean": {}}}
    with pytest.raises(ValueError, match="Failed to submit job"):
        client.execute_simple("echo", request)


def test_it_lists_the_jobs(client: ApiClientWrapper) -> None:
    job = submit(client, "hello-world", name="Ada")
    assert job.job_id in [listed.job_id for listed in client.get_jobs().jobs]


def test_it_dismisses_a_running_job(client: ApiClientWrapper) -> None:
    job = submit(client, "slow-steps", seconds=60)
    dismissed = client.dismiss(job.job_id)
    assert (dismissed.job_id, dismissed.status) == (job.job_id, "dismissed")
    assert client.get_status(job.job_id).status == "dismissed"


def test_its_errors_are_our_problems(client: ApiClientWrapper) -> None:
    with pytest.raises(NotFoundException, match="no-such-process"):
        client.get_process_description("nowhere")
    for unknown in (client.get_status, client.get_result, client.dismiss):
        with pytest.raises(NotFoundException, match="no-such-job"):
            unknown("nowhere")
    with pytest.raises(BadRequestException, match="Did you mean `seconds`"):
        client.execute("slow-steps", Execute.from_dict({"inputs": {"second": 0.05}}))
