"""The table from errors to problem documents."""

import inspect
import json

import pytest
from starlette.exceptions import HTTPException

from backend import errors
from backend.api.problems import KINDS, http_problem, internal_problem, kind_of, problem_response

ERRORS = [
    member for member in vars(errors).values() if inspect.isclass(member) and issubclass(member, errors.BackendError)
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_its_own_entry_in_the_table(error: type[errors.BackendError]) -> None:
    assert error in KINDS
    assert 400 <= KINDS[error].status < 600
    assert KINDS[error].type.startswith(
        ("about:blank", "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/", "urn:ogc-processes-mcp:")
    )


def test_an_error_defined_elsewhere_is_told_as_its_nearest_ancestor() -> None:
    class PickyError(errors.ReferenceRefusedError): ...

    assert kind_of(PickyError("no")) is KINDS[errors.ReferenceRefusedError]


def test_a_problem_document_has_all_members_and_every_input_problem() -> None:
    faults = [errors.InputProblem("$.inputs.a", "x"), errors.InputProblem("$.inputs.b", "y")]
    error = errors.InvalidRequestError("two faults", faults)
    response = problem_response(error)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.body) == {
        "type": "about:blank",
        "title": "The request is not valid",
        "status": 400,
        "detail": "two faults",
        "errors": [{"path": "$.inputs.a", "message": "x"}, {"path": "$.inputs.b", "message": "y"}],
    }


@pytest.mark.parametrize(
    ("error", "exception"),
    [
        (errors.NoSuchProcessError("x"), "no-such-process"),
        (errors.NoSuchJobError("x"), "no-such-job"),
        (errors.ResultNotReadyError("x"), "result-not-ready"),
    ],
)
def test_the_standards_exceptions_have_their_uris(error: errors.BackendError, exception: str) -> None:
    response = problem_response(error)
    assert response.status_code == 404
    document = json.loads(response.body)
    assert document["type"] == f"http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/{exception}"


def test_a_refusal_of_the_process_names_the_input_at_fault() -> None:
    document = json.loads(problem_response(errors.ProcessRefusedError("too wide", path="$.inputs.distance")).body)
    assert document["errors"] == [{"path": "$.inputs.distance", "message": "too wide"}]


def test_an_unforeseen_error_tells_the_log_and_not_the_client(caplog: pytest.LogCaptureFixture) -> None:
    response = internal_problem(ValueError("/etc/secret")).response()
    assert response.status_code == 500
    assert b"secret" not in response.body
    assert "/etc/secret" in caplog.text


def test_routing_errors_keep_their_headers() -> None:
    response = http_problem(HTTPException(405, headers={"Allow": "GET"})).response()
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert json.loads(response.body)["title"] == "Method Not Allowed"


def test_a_busy_server_says_when_to_try_again() -> None:
    response = problem_response(errors.ServerBusyError("All workers are taken."))
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
