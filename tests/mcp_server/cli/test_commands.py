"""Each command as a user runs it."""

import json
from pathlib import Path

import pytest

from tests.mcp_server.cli.command_lines import Run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--server", "local=http://a", "tools"], "servers (OGC_PROCESSES_SERVERS): server name 'local': "),
        (["--server", "nourl", "tools"], "servers (OGC_PROCESSES_SERVERS): 'nourl': write NAME=URL"),
        (["--config", "no.yml", "tools"], "no.yml: there is no such file"),
        (["--processes", "nofolder", "tools"], "nofolder: there is no such folder"),
        (["nocommand"], "No such command 'nocommand'"),
        (["call"], "Missing argument 'tool'"),
        (["serve", "--port", "0"], "Invalid value for '--port'"),
        (["serve", "--transport", "tcp"], "Invalid value for '--transport': 'tcp' is not one of 'stdio', 'http'"),
        (["backend", "--server", "a=http://a"], "--server, --settings, --results and --no-embedded do not apply"),
        (["backend", "--public-url", "here"], "--public-url here: not an http or https URL"),
        (["install", "emacs"], "'emacs' is no client known here"),
        (["journey", "no.yaml"], "no.yaml: No such file"),
        (["demo", "--at", "nan,0"], "--at nan,0: "),
        (["demo", "--at", "here"], "--at here: "),
        (["demo", "--distance", "-1"], "--distance -1"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_code_2(run: Run, arguments: list[str], message: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("ogc-processes-mcp: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["WAIT_SECONDS", "WORKERS"])
def test_a_wrong_setting_of_either_half_is_named_as_in_the_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"OGC_PROCESSES_{name}", "0")
    code, out, err = run("tools")
    assert (code, out) == (2, "")
    assert err.startswith(f"ogc-processes-mcp: {name.lower()} (OGC_PROCESSES_{name}): Input should be greater than")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["tools", "backend"])
def test_a_configuration_that_cannot_be_used_is_one_line_and_exit_code_2(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture, command: str
) -> None:
    config = tmp_path / "own.yml"
    config.write_text("resources: [not, a, mapping]\n", encoding="utf-8")
    code, out, err = run(command, "--config", str(config))
    assert (code, out) == (2, "")
    assert "`resources` must be a mapping" in err
    assert err.startswith("ogc-processes-mcp: ")
    assert err.count("\n") == 1
    assert caplog.text == ""


def test_a_file_that_is_no_journey_is_one_line(run: Run, tmp_path: Path) -> None:
    for name, text in (("list.md", "# A list\n- *one*: two: three\n"), ("text.md", "Only words.\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        code, out, err = run("journey", str(tmp_path / name))
        assert (code, out) == (2, "")
        assert "journey" in err
        assert "scan" not in err
        assert err.count("\n") == 1


def test_version_is_the_distributions(run: Run) -> None:
    code, out, err = run("--version")
    assert (code, err) == (0, "")
    assert out.startswith("ogc-processes-mcp 0.")


def test_help_lists_commands_and_server_options(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    for word in (
        "serve",
        "backend",
        "tools",
        "call",
        "journey",
        "demo",
        "install",
        "--home",
        "--server",
        "--processes",
    ):
        assert word in out


def test_tools_lists_names_and_inputs(run: Run) -> None:
    code, out, err = run("tools")
    assert (code, err) == (0, "")
    line = next(line for line in out.splitlines() if line.startswith("geometry_buffer"))
    assert "geometry, distance, [units]" in line


def test_tools_as_json_are_what_a_client_sees(run: Run) -> None:
    code, out, err = run("tools", "--json")
    assert (code, err) == (0, "")
    listed = {tool["name"]: tool for tool in json.loads(out)}
    assert {"geometry_buffer", "geometry_measure", "get_job", "dismiss_job"} <= set(listed)
    assert listed["geometry_buffer"]["inputSchema"]["type"] == "object"


def test_call_prints_the_result_on_stdout(run: Run) -> None:
    code, out, _ = run("call", "geometry_buffer", "geometry=POINT (2.35 48.86)", "distance=500")
    answer = json.loads(out)
    assert code == 0
    assert answer["status"] == "successful"
    assert answer["outputs"]["buffer"]["uri"].startswith("ogc://local/jobs/")


def test_call_tells_progress_on_stderr_only(run: Run) -> None:
    for _ in range(5):  # what is told while a machine stands still is overtaken by what comes next
        code, out, err = run("call", "slow_steps", "seconds=2", "steps=4", "--demo-tools")
        assert code == 0
        assert json.loads(out)["status"] == "successful"
        if " 75 % " in err:
            break
    assert " 75 % " in err
    assert all(line.startswith("slow_steps ") for line in err.splitlines())


def test_call_of_a_result_by_its_uri_in_a_later_process(run: Run) -> None:
    _, out, _ = run("call", "geometry_buffer", "geometry=POINT (2.35 48.86)", "distance=500")
    uri = json.loads(out)["outputs"]["buffer"]["uri"]
    code, out, err = run("call", "geometry_measure", f"geometry={uri}")
    assert code == 0, err
    assert json.loads(out)["status"] == "successful"


def test_a_tool_error_is_told_on_stderr_with_exit_code_1(run: Run) -> None:
    code, out, err = run("call", "geometry_buffer", "geometry=POINT (2.35 48.86)", "distanse=500")
    assert (code, out) == (1, "")
    assert "distance" in err
    assert "Traceback" not in err


def test_an_unknown_tool_is_told_with_the_nearest_one(run: Run) -> None:
    code, out, err = run("call", "geometry_bufer")
    assert (code, out) == (1, "")
    assert err == "ogc-processes-mcp: there is no tool 'geometry_bufer'; did you mean 'geometry_buffer'?\n"


@pytest.mark.parametrize(("given", "meant"), [("echo", "echo"), ("slow_step", "slow_steps")])
def test_a_demonstration_is_told_as_what_it_is(run: Run, given: str, meant: str) -> None:
    code, out, err = run("call", given)
    assert (code, out) == (1, "")
    assert err == (
        f"ogc-processes-mcp: there is no tool {given!r}; "
        f"{meant!r} is a demonstration: --demo-tools makes a tool of it\n"
    )


@pytest.mark.parametrize("levels", [300, 100_000])
def test_arguments_that_are_nested_too_deeply_are_one_line_and_exit_code_2(
    run: Run, tmp_path: Path, levels: int
) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text('{"a":' * levels + "1" + "}" * levels, encoding="utf-8")
    code, out, err = run("call", "geometry_measure", "--json", f"@{deep}")
    assert (code, out) == (2, "")
    assert err.startswith("ogc-processes-mcp: --json is nested ")
    assert err.count("\n") == 1


def test_a_journey_is_reported_step_by_step(run: Run) -> None:
    file = Path(__file__).parents[2] / "journeys" / "buffer-and-measure.yaml"
    code, out, err = run("journey", str(file))
    assert (code, err) == (0, "")
    assert out.startswith("buffer-and-measure.yaml: ")
    assert "✓ buffer  geometry_buffer" in out


def test_a_failed_journey_ends_with_exit_code_1(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "request: Measure a point.\n"
        "steps:\n"
        "  - {id: measure, tool: geometry_measure, arguments: {geometry: POINT (1 2)},\n"
        "     expect: [{path: status, equals: failed}]}\n",
        encoding="utf-8",
    )
    code, out, _ = run("journey", str(file))
    assert code == 1
    assert "✗ measure" in out
    assert "status: expected equals 'failed', got successful" in out


def test_a_journey_that_failed_is_told_by_the_exit_code_whatever_follows_it(run: Run, tmp_path: Path) -> None:
    expected = "expect: [{{path: status, equals: {}}}]"
    step = "request: x\nsteps: [{{id: a, tool: hello_world, arguments: {{name: x}}, " + expected + "}}]"
    for name, status in (("bad.yaml", "failed"), ("good.yaml", "successful")):
        (tmp_path / name).write_text(step.format(status), encoding="utf-8")
    code, out, _ = run("journey", str(tmp_path / "bad.yaml"), str(tmp_path / "good.yaml"))
    assert code == 1
    assert "0 of 1 steps passed" in out
    assert "1 of 1 steps passed" in out
