"""The command: what it prints, and its exit code."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.mcp_server.cli.command_lines import Run
from tests.mcp_server.doctor.examined_site import DEMO, GOOD, REPAIRED, UNREADABLE, create
from tests.serving import served


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[..., str]]:
    with ExitStack() as servers:
        yield lambda *described, **options: servers.enter_context(served(lambda _: create(*described, **options)))


@pytest.fixture(scope="module")
def good(serve: Callable[..., str]) -> str:
    return serve(GOOD, REPAIRED, {**GOOD, "id": "a" * 60})


@pytest.fixture(scope="module")
def bad(serve: Callable[..., str]) -> str:
    return serve(GOOD, REPAIRED, DEMO, unreadable=UNREADABLE)


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_a_usable_server_ends_with_0(run: Run, good: str) -> None:
    code, out, err = run("doctor", good)
    assert (code, err) == (0, "")
    assert out.startswith(f"City services at {good}\n")
    assert "3 of 3 processes become tools; 1 with fixes; 2 of 12 inputs take any value" in out


def test_a_row_for_each_tool_fits_a_narrow_terminal(run: Run, good: str) -> None:
    lines = run("doctor", good)[1].splitlines()
    assert max(map(len, lines)) <= 80
    (buffer,) = [line.split() for line in lines if line.startswith("buffer ")]
    assert buffer[2:] == ["4", "(2)", "sync/async", "accepted"]
    assert any(line.startswith("a" * 33 + "_") and line.rstrip().endswith("accepted") for line in lines)


def test_a_process_that_becomes_no_tool_ends_with_1_and_its_reason(run: Run, bad: str) -> None:
    code, out, _ = run("doctor", bad)
    assert code == 1
    assert "no tool: fault: no such table" in out
    assert "zonal_stats: $.inputs.count default does not fit the schema" in out
    assert "echo: a demonstration: --demo-tools makes a tool of it" in out
    assert "zonal_stats: any value is taken by raster, hohe" in out
    assert "buffer: any value" not in out


def test_one_process_is_shown_in_detail(run: Run, good: str) -> None:
    code, out, _ = run("doctor", good, "--process", "Zonal Stats")
    assert code == 0
    assert out.startswith("Zonal Stats → tool zonal_stats, ")
    assert "hohe (for höhe)" in out
    assert "the author's example: refused" in out
    assert "buffer" not in out


def test_one_process_that_becomes_no_tool_is_shown_with_its_reason(run: Run, bad: str) -> None:
    code, out, _ = run("doctor", bad, "--process", "fault")
    assert code == 1
    assert out.startswith("fault: no such table")


def test_a_process_without_outputs_is_shown_to_have_none(run: Run, good: str) -> None:
    assert "outputs: none\n" in run("doctor", good, "--process", "Zonal Stats")[1]


def test_a_server_that_declares_nothing_is_shown_to_declare_nothing(
    run: Run, good: str, serve: Callable[..., str]
) -> None:
    assert "conformance: none declared and 1 of other standards\n" in run("doctor", serve(GOOD, classes=[]))[1]
    assert "conformance: core, dismiss, html, job-list, json and 1 of other standards\n" in run("doctor", good)[1]


def test_json_has_all_of_it(run: Run, bad: str) -> None:
    code, out, err = run("doctor", bad, "--json")
    document = json.loads(out)
    assert (code, err, document["usable"]) == (1, "", False)
    assert list(document) == ["server", "usable", "counts", "processes", "failures", "seconds"]
    assert list(document["server"]) == ["name", "url", "title", "dialect", "conformance", "features"]
    assert document["counts"] == {
        "processes": 7,
        "tools": 3,
        "failures": 4,
        "excluded": 0,
        "faulty": 0,
        "repaired": 1,
        "repairs": 3,
        "inputs": 8,
        "any_value": 2,
        "examples": 2,
        "examples_refused": 1,
        "demonstrations": 1,
        "bytes": sum(one["bytes"] for one in document["processes"]),
    }
    assert document["processes"][1]["inputs"][3] == {
        "id": "höhe",
        "argument": "hohe",
        "type": "any value",
        "required": True,
        "by_reference": True,
        "any_value": True,
    }
    assert document["failures"][2] == {"id": "fault", "reason": "no such table"}


def test_a_configured_server_is_examined_by_its_name_and_with_its_credentials(
    run: Run, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(GOOD, bearer="opensesame")
    assert run("doctor", url)[0] == 2
    monkeypatch.setenv("OGC_PROCESSES_SERVER_CITY_BEARER", "opensesame")
    for target in ("city", url, f"{url}/"):
        code, out, err = run("doctor", target, "--json", "--server", f"city={url}")
        assert (code, err) == (0, "")
        assert json.loads(out)["server"]["name"] == "city"
        assert "opensesame" not in out


def test_more_tools_than_are_listed_are_told_to_be_found(run: Run, good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_MAX_TOOLS", "2")
    assert "More than 2 (max_tools)" in run("doctor", good)[1].replace("\n  ", " ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("http://127.0.0.1:1",), "cannot be reached"),
        (("nowhere",), "the name of a configured server (none)"),
        (("nowhere", "--server", "city=http://127.0.0.1:1"), "the name of a configured server (city)"),
        (("ftp://a.example",), "the URL of the server: not an http or https URL"),
        (("http://u:secret@a.example?x=1",), "query"),
        ((), "Missing argument"),
    ],
)
def test_what_cannot_be_examined_ends_with_2_and_one_line(run: Run, arguments: tuple[str, ...], words: str) -> None:
    code, out, err = run("doctor", *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert words in err
    assert "secret" not in err


def test_a_process_that_there_is_not_ends_with_2(run: Run, good: str) -> None:
    code, out, err = run("doctor", good, "--process", "bufer")
    assert (code, out) == (2, "")
    assert "it has buffer, Zonal Stats" in err


def test_a_terminal_counts_what_has_been_read_on_standard_error(
    run: Run, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    _, out, err = run("doctor", bad, "--json")
    assert "7/7" in err
    assert json.loads(out)["counts"]["processes"] == 7
