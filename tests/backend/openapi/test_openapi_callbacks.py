"""The document of a server that makes callbacks."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from backend.openapi.document import Server, openapi_document
from backend.openapi.process_paths import Process

SERVER = Server("Maps", "Processes of maps.", "1.2.3", "https://maps.example/ogc")
PROCESS = Process({"id": "buffer", "version": "1", "inputs": {}, "outputs": {}}, {})
EXECUTIONS = ("/processes/{processID}/execution", "/processes/buffer/execution")


def document(*, callbacks: bool) -> dict[str, Any]:
    return json.loads(json.dumps(openapi_document(SERVER, [PROCESS], callbacks=callbacks)))


@pytest.fixture(scope="module")
def calling() -> dict[str, Any]:
    return document(callbacks=True)


def test_it_is_valid(calling: dict[str, Any]) -> None:
    OpenAPIV30SpecValidator(calling).validate()


def test_every_execution_has_the_callbacks_of_the_standard(calling: dict[str, Any]) -> None:
    told = {
        expression: item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for callback in calling["components"]["callbacks"].values()
        for expression, item in callback.items()
    }
    assert told == {
        "{$request.body#/subscriber/successUri}": "results",
        "{$request.body#/subscriber/failedUri}": "statusInfo",
        "{$request.body#/subscriber/inProgressUri}": "statusInfo",
    }
    for path in EXECUTIONS:
        references = {one["$ref"].rpartition("/")[2] for one in calling["paths"][path]["post"]["callbacks"].values()}
        assert references == set(calling["components"]["callbacks"])


@pytest.mark.parametrize("component", ["execute", "execute.buffer"])
def test_every_request_may_have_a_subscriber(calling: dict[str, Any], component: str) -> None:
    schema = calling["components"]["schemas"][component]["properties"]["subscriber"]
    assert schema == {"$ref": "#/components/schemas/subscriber"}
    members = calling["components"]["schemas"]["subscriber"]["properties"]
    assert set(members) == {"successUri", "failedUri", "inProgressUri"}


def test_a_server_that_makes_none_tells_of_none() -> None:
    assert "allback" not in json.dumps(document(callbacks=False))
    assert "subscriber" not in json.dumps(document(callbacks=False))
