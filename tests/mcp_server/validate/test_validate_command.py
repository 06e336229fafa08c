"""The command: what it prints, what it writes, and its exit code."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer
from typer.testing import CliRunner

from mcp_server.cli.validating import validate
from mcp_server.errors import ConfigurationError
from tests.interop.broken_server import create
from tests.serving import served

type Run = Callable[..., Any]


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., str]]:
    """Starts a small server with some faults; gives its URL."""
    with ExitStack() as servers:
        yield lambda *faults: servers.enter_context(served(lambda _: create(*faults)))


@pytest.fixture
def run() -> Run:
    app = typer.Typer()
    app.command()(validate)

    def invoke(*arguments: str) -> Any:
        return CliRunner().invoke(app, list(arguments), standalone_mode=False, catch_exceptions=False)

    return invoke


@pytest.fixture(scope="module")
def good(serve: Callable[..., str]) -> str:
    return serve()


@pytest.fixture(scope="module")
def bad(serve: Callable[..., str]) -> str:
    return serve("no link to processes")


def test_a_server_that_keeps_the_standard_ends_with_0(run: Run, good: str) -> None:
    done = run(good)
    assert done.return_value == 0
    assert done.stdout.startswith("passed  core/landingpage-op")
    assert done.stdout.rstrip().splitlines()[-1].startswith(f"broken at {good}: every applicable test passed")
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_a_server_that_does_not_ends_with_1(run: Run, bad: str) -> None:
    done = run(bad, "--class", "core", "--class", "json")
    assert done.return_value == 1
    assert "FAILED  core/landingpage-success" in done.stdout
    assert "[/req/core/landingpage-success]" in done.stdout
    assert "dismiss" not in done.stdout


def test_what_cannot_be_judged_ends_with_2_and_one_line(run: Run) -> None:
    done = run("http://127.0.0.1:1")
    assert (done.return_value, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_class_of_which_nothing_can_be_judged_ends_with_2(run: Run, serve: Callable[..., str]) -> None:
    done = run(serve("dismiss not declared"), "--class", "dismiss", "--json")
    assert (done.return_value, json.loads(done.stdout)["passed"]) == (2, False)


def test_a_process_that_there_is_not_is_told_in_one_line(run: Run, good: str) -> None:
    with pytest.raises(ConfigurationError, match="--process ecoh: the server has no such process"):
        run(good, "--process", "ecoh")


def test_json_is_all_that_is_printed(run: Run, bad: str) -> None:
    document = json.loads(run(bad, "--json", "--class", "core").stdout)
    assert not document["passed"]
    assert {test["class"] for test in document["tests"]} == {"core"}


def test_junit_is_written_beside_the_text(run: Run, bad: str, tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    done = run(bad, "--class", "core", "--junit", str(file))
    assert "core/landingpage-op" in done.stdout
    root = ElementTree.parse(file).getroot()  # noqa: S314 - our own
    assert root.get("failures") == "1"


def test_a_junit_file_that_cannot_be_written_is_told_in_one_line(run: Run, good: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--junit"):
        run(good, "--class", "json", "--junit", str(tmp_path / "missing" / "report.xml"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--class", "cure"), "there are core, "),
        (("--input", "text=hello"), "the value is no JSON"),
        (("--input", "text"), "write NAME=VALUE"),
        (("--header", "=x"), "write NAME=VALUE"),
        (("--junit", "missing/report.xml"), "--junit missing/report.xml: there is no folder missing"),
        (("--junit", "."), "--junit .: a folder"),
    ],
)
def test_a_wrong_option_is_told_in_one_line_before_anything_is_asked(
    run: Run, arguments: tuple[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        run("http://127.0.0.1:1", *arguments)
