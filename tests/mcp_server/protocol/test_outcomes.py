"""Every error of the bridge has one outcome that the caller can act on."""

import logging
from collections.abc import Iterator

import pytest
from mcp import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, TextContent

from mcp_server.errors import (
    ArgumentProblem,
    BridgeError,
    InvalidArgumentsError,
    NoSuchJobError,
    RemoteProblemError,
    ServerUnreachableError,
    UnknownResourceError,
    UnknownToolError,
)
from mcp_server.protocol import outcomes


def every_error(root: type[BridgeError] = BridgeError) -> Iterator[type[BridgeError]]:
    yield root
    for child in root.__subclasses__():
        yield from every_error(child)


def text_of(error: Exception) -> str:
    result = outcomes.of_tool(error, "some_tool")
    assert result.is_error
    assert result.structured_content is None
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


def test_the_table_is_whole() -> None:
    assert set(outcomes.OUTCOMES) == set(every_error())


def test_every_argument_problem_is_told_with_its_path_and_suggestion() -> None:
    error = InvalidArgumentsError(
        [
            ArgumentProblem("$.distance", "must be greater than 0"),
            ArgumentProblem("$.unit", "unknown", "did you mean x?"),
        ]
    )
    assert text_of(error).splitlines()[1:] == [
        "- $.distance: must be greater than 0",
        "- $.unit: unknown; did you mean x?",
    ]


def test_many_problems_are_counted_rather_than_listed() -> None:
    text = text_of(InvalidArgumentsError([ArgumentProblem(f"$.a{i}", "bad") for i in range(50)]))
    assert text.splitlines()[-1] == "- and 30 more"


def test_a_server_speaks_in_its_own_words() -> None:
    problem = ArgumentProblem("$.inputs.crs", "no such CRS")
    assert text_of(RemoteProblemError("Invalid inputs", status=400, problems=[problem])) == (
        "Invalid inputs\n- $.inputs.crs: no such CRS"
    )
    assert text_of(ServerUnreachableError("server 'x' does not answer")) == "server 'x' does not answer"


def test_a_refusal_is_told_once_though_the_server_joins_its_problems_to_its_message() -> None:
    problems = [ArgumentProblem("$.geometry", "is empty."), ArgumentProblem("$.units", "is unknown.")]
    error = RemoteProblemError("$.geometry is empty.; $.units is unknown.", status=400, problems=problems)
    assert text_of(error) == "The arguments were refused.\n- $.geometry: is empty.\n- $.units: is unknown."


def test_a_problem_is_listed_once_however_often_a_server_sends_it() -> None:
    problem = ArgumentProblem("$.a", "no")
    assert text_of(RemoteProblemError("Invalid", status=400, problems=[problem] * 30)) == "Invalid\n- $.a: no"


def test_joined_problems_are_one_sentence() -> None:
    error = InvalidArgumentsError([ArgumentProblem("$.a", "is wrong."), ArgumentProblem("$.b", "is wrong")])
    assert str(error) == "$.a: is wrong; $.b: is wrong"


def test_an_unknown_tool_is_a_protocol_error() -> None:
    with pytest.raises(MCPError) as caught:
        outcomes.of_tool(UnknownToolError("no tool 'a'; did you mean 'b'?"), "a")
    assert caught.value.error.code == INVALID_PARAMS
    assert "did you mean" in caught.value.error.message


def test_an_unexpected_error_is_logged_and_keeps_its_details_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        text = text_of(ZeroDivisionError("at /home/someone/secret"))
    assert "secret" not in text
    assert "some_tool failed unexpectedly" in text
    assert "secret" in caplog.text


@pytest.mark.parametrize(("version", "code"), [("2025-11-25", -32002), ("2026-07-28", INVALID_PARAMS)])
@pytest.mark.parametrize("error", [UnknownResourceError("no such process"), NoSuchJobError("no such job", status=404)])
def test_a_resource_that_is_not_there_has_the_code_of_its_revision(error: BridgeError, version: str, code: int) -> None:
    told = outcomes.of_resource(error, "ogc://local/processes/x", version).error
    assert (told.code, told.data) == (code, {"uri": "ogc://local/processes/x"})


def test_another_failure_to_read_a_resource_is_an_internal_error() -> None:
    told = outcomes.of_resource(ServerUnreachableError("server 'x' does not answer"), "ogc://x/jobs/1", "2026-07-28")
    assert (told.error.code, told.error.message) == (INTERNAL_ERROR, "server 'x' does not answer")
