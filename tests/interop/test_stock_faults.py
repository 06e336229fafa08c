"""What docs/conformance.md says of a stock pygeoapi 0.24 is so: the same requests are kept right by our own tests."""

import json
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from babel import Locale
from pygeoapi.l10n import translate_struct  # pyright: ignore[reportUnknownVariableType]

from tests.interop.own_backend import until

HELLO = "/processes/hello-world/execution"
OBJECT = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def stock(stock_pygeoapi: str) -> Iterator[httpx.Client]:
    headers = {"Accept": "application/json"}
    with httpx.Client(base_url=stock_pygeoapi, timeout=30, headers=headers) as client:
        yield client


def execute(stock: httpx.Client, process: str, inputs: dict[str, Any], prefer: str = "", **more: Any) -> httpx.Response:
    headers = {"Prefer": prefer} if prefer else {}
    return stock.post(f"/processes/{process}/execution", json={"inputs": inputs, **more}, headers=headers)


def submitted(stock: httpx.Client, process: str, inputs: dict[str, Any]) -> str:
    answer = execute(stock, process, inputs, "respond-async")
    assert answer.status_code == 201
    return f"/jobs/{answer.json()['jobID']}"


def ended(stock: httpx.Client, job: str) -> dict[str, Any]:
    return until(lambda: stock.get(job).json(), lambda told: told["status"] in ("successful", "failed"))


@pytest.mark.parametrize(
    "body",
    [
        b"[1]",
        b'"text"',
        b'{"inputs": {"name": "\xff"}}',
        b'{"inputs": {"name": ' + b"[" * 10_000 + b"]" * 10_000 + b"}}",
        b'{"inputs": {"name": "x"}, "subscriber": "http://127.0.0.1/"}',
    ],
    ids=["array", "text", "not UTF-8", "nested", "subscriber"],
)
def test_a_body_that_is_no_execute_request_is_an_error_of_the_server(stock: httpx.Client, body: bytes) -> None:
    answer = stock.post(HELLO, content=body, headers=OBJECT)
    assert answer.status_code == 500
    assert "json" not in answer.headers["content-type"]


def test_nothing_is_not_enough_where_nothing_is_required(stock: httpx.Client) -> None:
    assert stock.get("/processes/stumble").json()["inputs"] == {}
    assert "missing request data" in stock.post("/processes/stumble/execution", headers=OBJECT).text


def test_inputs_are_not_held_against_their_description(stock: httpx.Client) -> None:
    assert execute(stock, "hello-world", {"name": {"a": 1}, "unknown": 1}).status_code == 200
    answer = stock.post(HELLO, content=b'{"inputs": {"name": NaN}}', headers=OBJECT)
    assert (answer.status_code, answer.json()["value"]) == (200, "Hello nan!")


def test_a_body_may_be_of_any_size(stock: httpx.Client) -> None:
    assert execute(stock, "hello-world", {"name": "x" * 5_000_000}).status_code == 200


def test_only_one_form_of_the_preference_is_known(stock: httpx.Client) -> None:
    assert execute(stock, "hello-world", {"name": "x"}, "respond-async, wait=5").status_code == 200
    assert execute(stock, "hello-world", {"name": "x"}, "respond-async").status_code == 201


def test_what_is_asked_of_the_outputs_is_ignored(stock: httpx.Client) -> None:
    unknown = execute(stock, "hello-world", {"name": "x"}, outputs={"nothing": {}})
    assert (unknown.status_code, unknown.json()) == (200, {})
    by_reference = {"echo": {"transmissionMode": "reference"}}
    answer = execute(stock, "hello-world", {"name": "x"}, outputs=by_reference)
    assert (answer.status_code, answer.json()) == (200, {"id": "echo", "value": "Hello x!"})


def test_a_results_document_has_a_form_of_its_own(stock: httpx.Client) -> None:
    answer = execute(stock, "hello-world", {"name": "x"}, response="document")
    assert answer.json() == {"outputs": [{"id": "echo", "value": "Hello x!"}]}


def test_any_failure_is_told_as_a_wrong_parameter_in_the_words_of_python(stock: httpx.Client) -> None:
    answer = execute(stock, "nap", {"seconds": "soon"})
    assert (answer.status_code, answer.json()["type"]) == (400, "InvalidParameterValue")
    assert "'str' object cannot be interpreted" in answer.json()["description"]


def test_the_job_list_is_not_filtered_not_counted_and_its_first_page_is_of_the_oldest(stock: httpx.Client) -> None:
    *_, newest = [submitted(stock, "hello-world", {"name": "x"}) for _ in range(12)]
    ended(stock, newest)
    document = stock.get("/jobs").json()
    listed = [f"/jobs/{job['jobID']}" for job in document["jobs"]]
    assert len(listed) == 10
    assert newest not in listed
    assert "numberMatched" not in document
    of_nobody = {"status": "failed", "type": "none", "processID": "nap", "minDuration": "100"}
    for filtered in (*of_nobody.items(), ("datetime", "2000-01-01T00:00:00Z/2000-01-02T00:00:00Z")):
        assert len(stock.get("/jobs", params=[filtered]).json()["jobs"]) == 10, filtered


def test_a_job_has_null_for_the_time_of_its_end_and_starts_when_it_was_made(stock: httpx.Client) -> None:
    job = submitted(stock, "nap", {"seconds": 30})
    told = stock.get(job).json()
    assert told["finished"] is None
    created, started = (datetime.fromisoformat(told[name]) for name in ("created", "started"))
    assert abs((started - created).total_seconds()) < 15


def test_results_are_a_page_unless_json_is_asked_for(stock: httpx.Client) -> None:
    job = submitted(stock, "hello-world", {"name": "x"})
    ended(stock, job)
    assert stock.get(f"{job}/results", headers={"Accept": "*/*"}).headers["content-type"] == "text/html"


def test_the_results_of_a_failed_job_do_not_say_why(stock: httpx.Client) -> None:
    job = submitted(stock, "stumble", {"a": 1})
    assert "the ground was uneven" in ended(stock, job)["message"]
    assert stock.get(f"{job}/results").json()["description"] == "job failed"


def test_a_dismissed_job_is_unknown(stock: httpx.Client) -> None:
    job = submitted(stock, "nap", {"seconds": 30})
    assert stock.delete(job).json()["status"] == "dismissed"
    assert stock.delete(job).status_code == 404


def test_the_id_of_a_job_is_a_time_and_an_address(stock: httpx.Client) -> None:
    assert uuid.UUID(submitted(stock, "hello-world", {"name": "x"}).rsplit("/", 1)[1]).version == 1


def test_errors_are_no_problem_documents(stock: httpx.Client) -> None:
    unknown = stock.get("/processes/none")
    assert unknown.headers["content-type"] == "application/json"
    assert unknown.json()["type"] == unknown.json()["code"] == "NoSuchProcess"
    for answer in (stock.get("/nowhere"), stock.put("/processes")):
        assert "json" not in answer.headers["content-type"]


def test_lists_hold_ten_processes_unless_more_are_asked_for(stock: httpx.Client) -> None:
    assert len(stock.get("/processes").json()["processes"]) == 10


def test_classes_that_are_served_are_not_declared(stock: httpx.Client) -> None:
    declared = {uri.rsplit("/", 1)[-1] for uri in stock.get("/conformance").json()["conformsTo"] if "processes" in uri}
    assert declared == {"core", "ogc-process-description", "json", "oas30", "callback"}


def test_the_definition_and_the_pages_lead_to_other_hosts(stock: httpx.Client) -> None:
    definition = json.dumps(stock.get("/openapi").json())
    assert '"$ref": "https://schemas.opengis.net/' in definition
    page = stock.get("/processes/hello-world", headers={"Accept": "text/html"}).text
    assert re.search(r'<(script|link)[^>]+(src|href)="https://unpkg\.com/', page)


@pytest.mark.parametrize("value", [{"id": "a"}, {"br": "a"}, {"as": "a"}], ids=str)
def test_an_object_whose_keys_look_like_languages_is_lost(value: dict[str, str]) -> None:
    described = {"schema": {"type": "object", "default": value}}
    assert translate_struct(described, Locale("en")) == {"schema": {"type": "object", "default": "a"}}
