"""ogc-api-processes-client against our backend: each operation of the APIs that it is generated from, in each form."""

import inspect
import json
from collections.abc import Callable
from typing import Any

import ogc_api_processes_client
import pytest
from ogc_api_processes_client.api.execute_api import ExecuteApi
from ogc_api_processes_client.api.status_api import StatusApi
from ogc_api_processes_client.api_client import ApiClient
from ogc_api_processes_client.configuration import Configuration
from ogc_api_processes_client.models.execute import Execute

from tests.interop.own_backend import until

FORMS = ("", "_with_http_info", "_without_preload_content")
REQUEST = {"inputs": {"seconds": 0.05}, "response": "document"}

APIS = {
    name: kind for name, kind in inspect.getmembers(ogc_api_processes_client, inspect.isclass) if name[-3:] == "Api"
}
OPERATIONS = [
    (api, operation)
    for api, kind in APIS.items()
    for operation in vars(kind)
    if not operation.startswith("_") and not operation.endswith(FORMS[1:])
]


@pytest.fixture(scope="module")
def client(own_backend: str) -> ApiClient:
    return ApiClient(Configuration(host=own_backend))


@pytest.fixture
def job(client: ApiClient) -> str:
    """A job that has its results."""
    request = Execute.from_dict(REQUEST)
    accepted: Any = ExecuteApi(client).execute("slow-steps", request, _headers={"Prefer": "respond-async"})
    until(lambda: StatusApi(client).get_status(accepted.job_id).status, lambda now: now == "successful")
    return accepted.job_id


def arguments(operation: Callable[..., Any], job: str) -> dict[str, Any]:
    given = {"job_id": job, "process_id": "slow-steps", "execute": Execute.from_dict(REQUEST | {"response": "raw"})}
    return {name: given[name] for name in inspect.signature(operation).parameters if not name.startswith("_")}


CHECKS: dict[str, Callable[[Any, str], bool]] = {
    "get_landing_page": lambda told, _: bool(told["links"]),
    "get_conformance_classes": lambda told, _: bool(told["conformsTo"]),
    "get_processes": lambda told, _: "slow-steps" in {one["id"] for one in told["processes"]},
    "get_process_description": lambda told, _: told["id"] == "slow-steps",
    "execute": lambda told, _: told["steps"] == 5,
    "get_jobs": lambda told, job: job in {one["jobID"] for one in told["jobs"]},
    "get_status": lambda told, job: (told["jobID"], told["status"]) == (job, "successful"),
    "get_result": lambda told, _: set(told) == {"done"},
    "dismiss": lambda told, job: (told["jobID"], told["status"]) == (job, "dismissed"),
}


def test_there_is_no_operation_but_these() -> None:
    assert {operation for _, operation in OPERATIONS} == CHECKS.keys()
    assert all(hasattr(APIS[api], operation + form) for api, operation in OPERATIONS for form in FORMS)
    public = [name for kind in APIS.values() for name in vars(kind) if not name.startswith("_")]
    assert len(public) == len(OPERATIONS) * len(FORMS)


@pytest.mark.parametrize("form", FORMS, ids=["model", "with HTTP", "as it comes"])
@pytest.mark.parametrize(("api", "operation"), OPERATIONS)
def test_each_operation_in_each_form(client: ApiClient, job: str, api: str, operation: str, form: str) -> None:
    call = getattr(APIS[api](client), operation + form)
    answer = call(**arguments(call, job))
    if form == "_with_http_info":
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
    found = answer.data if form else answer
    told = json.loads(found) if isinstance(found, bytes) else as_json(found)
    assert CHECKS[operation](told, job), told


def as_json(model: Any) -> Any:
    """A model as the JSON object that it was made of; results are left as models, which do not write all they read."""
    if isinstance(model, dict):
        return model
    held = getattr(model, "actual_instance", None)
    return model.to_dict() if held is None else held
