"""What a server says, in the terms of whoever called the tool."""

from mcp_server.errors import ArgumentProblem, NoSuchJobError
from mcp_server.execution.wording import Wording

LOCAL = Wording("local", ("http://known.test/api", "http://asked.test"), {"with.dot": "with_dot", "with": "with_"})


def test_a_path_into_the_request_is_a_path_into_the_arguments() -> None:
    assert LOCAL.text("$.inputs.geometry is empty") == "$.geometry is empty"
    assert LOCAL.text("$.inputs.a: no.; $.inputs.b[0].c: no") == "$.a: no.; $.b[0].c: no"


def test_an_input_is_told_by_the_name_of_its_argument() -> None:
    assert LOCAL.text("$.inputs.with.dot[0].x, $.inputs.with.x, $.inputs.without") == (
        "$.with_dot[0].x, $.with_.x, $.without"
    )
    assert LOCAL.text('$.inputs["with.dot"][0]') == "$.with_dot[0]"


def test_the_member_inputs_itself_stays() -> None:
    assert LOCAL.text("$.inputs must be an object, $.inputs.") == "$.inputs must be an object, $.inputs."


def test_urls_of_jobs_and_results_are_their_references() -> None:
    told = (
        "see http://known.test/api/jobs/j1/results/out and http://asked.test/jobs/a%20b, not http://else.test/jobs/j1"
    )
    assert (
        LOCAL.text(told)
        == "see ogc://local/jobs/j1/results/out and ogc://local/jobs/a%20b, not http://else.test/jobs/j1"
    )


def test_an_error_keeps_its_kind_and_status() -> None:
    problem = ArgumentProblem("$.inputs.a", "reads http://asked.test/jobs/j", "write $.inputs.b")
    told = LOCAL.error(NoSuchJobError("$.inputs.a: no", status=404, type_uri="urn:x", problems=[problem]))
    assert isinstance(told, NoSuchJobError)
    assert (str(told), told.status, told.type_uri) == ("$.a: no", 404, "urn:x")
    assert told.problems == (ArgumentProblem("$.a", "reads ogc://local/jobs/j", "write $.inputs.b"),)
