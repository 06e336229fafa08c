"""The command line: its options, its arguments, and each command as a user runs it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client

from mcp_server.cli import main
from mcp_server.cli.arguments import tool_arguments
from mcp_server.cli.options import Options, split_options
from mcp_server.cli.serving import url_of
from mcp_server.errors import ConfigurationError

SCHEMA = {
    "properties": {
        "geometry": {"anyOf": [{"type": "object"}, {"type": "string"}]},
        "distance": {"type": "number"},
        "count": {"type": "integer"},
        "name": {"type": "string"},
        "flag": {"type": "boolean"},
        "bands": {"type": "array", "items": {"type": "integer"}},
        "level": {"type": ["integer", "string"]},
        "anything": {},
    }
}

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command line on a fresh home: exit code, stdout, stderr."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--home", str(home)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_command


def test_server_options_stand_before_or_after_a_command(tmp_path: Path) -> None:
    wanted = Options(home=tmp_path, servers=("a=http://a", "b=http://b"), embedded=False)
    options, rest = split_options(
        [
            "--home",
            str(tmp_path),
            "call",
            "--server=a=http://a",
            "tool",
            "--no-embedded",
            "x=1",
            "--server",
            "b=http://b",
        ]
    )
    assert options == wanted
    assert rest == ("call", "tool", "x=1")


def test_nothing_behind_two_dashes_is_an_option() -> None:
    assert split_options(["call", "tool", "--", "--home"]) == (Options(), ("call", "tool", "--", "--home"))


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options, _ = split_options(["--home", "state", "--processes", "mine", "--config", "own.yml"])
    assert options.arguments() == (
        *("--home", str(tmp_path / "state")),
        *("--config", str(tmp_path / "own.yml")),
        *("--processes", str(tmp_path / "mine")),
    )


def test_options_survive_the_way_through_arguments(tmp_path: Path) -> None:
    options = Options(tmp_path, ("a=http://a",), embedded=False, config=tmp_path / "c", processes=(tmp_path / "p",))
    assert split_options(options.arguments()) == (options, ())


@pytest.mark.parametrize(
    "arguments", [["--home"], ["--home="], ["--server", "--no-embedded"], ["--home", "a", "--home", "b"]]
)
def test_an_option_without_one_value_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"^--(home|server) (needs a value|is given twice)$"):
        split_options(arguments)


def test_the_command_line_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGC_PROCESSES_HOME", str(tmp_path / "environment"))
    monkeypatch.setenv("OGC_PROCESSES_SERVERS", "a=http://a")
    assert Options(home=tmp_path / "given").settings().home == tmp_path / "given"
    assert Options().settings().home == tmp_path / "environment"
    assert Options().settings().servers == {"a": "http://a"}
    assert Options(servers=("b=http://b/",)).settings().servers == {"b": "http://b"}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("distance=5", 5),
        ("distance=1e3", 1000.0),
        ("distance=far", "far"),
        ("distance=NaN", "NaN"),
        ("count=5", 5),
        ("name=5", "5"),
        ("name=a=b", "a=b"),
        ("name=", ""),
        ("flag=true", True),
        ("geometry=POINT (1 2)", "POINT (1 2)"),
        ('geometry={"type": "Point"}', {"type": "Point"}),
        ("geometry=5", "5"),
        ("bands=[1, 2]", [1, 2]),
        ("level=3", 3),
        ("level=true", "true"),
        ("anything=null", None),
        ("unknown=[1]", [1]),
        ("unknown=text", "text"),
    ],
)
def test_a_value_is_json_where_the_input_takes_it(word: str, value: Any) -> None:
    arguments = tool_arguments([word], None, SCHEMA)
    assert arguments == {word.partition("=")[0]: value}
    assert type(next(iter(arguments.values()))) is type(value)


def test_an_input_given_several_times_is_an_array() -> None:
    assert tool_arguments(["bands=1", "bands=2"], None, SCHEMA) == {"bands": [1, 2]}


def test_a_value_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "point.geojson").write_text('{"type": "Point", "coordinates": [1, 2]}', encoding="utf-8")
    (tmp_path / "point.wkt").write_text("POINT (1 2)\n", encoding="utf-8")
    assert tool_arguments([f"geometry=@{tmp_path / 'point.geojson'}"], None, SCHEMA)["geometry"]["type"] == "Point"
    assert tool_arguments([f"geometry=@{tmp_path / 'point.wkt'}"], None, SCHEMA) == {"geometry": "POINT (1 2)"}


def test_named_values_go_over_those_of_the_json_object(tmp_path: Path) -> None:
    (tmp_path / "arguments.json").write_text('{"name": "a", "count": 1}', encoding="utf-8")
    assert tool_arguments(["count=2"], '{"name": "a", "count": 1}', SCHEMA) == {"name": "a", "count": 2}
    assert tool_arguments([], f"@{tmp_path / 'arguments.json'}", SCHEMA) == {"name": "a", "count": 1}


@pytest.mark.parametrize(
    ("words", "base", "message"),
    [
        (["distance"], None, "'distance': write arguments as name=value"),
        (["=5"], None, "'=5': write arguments as name=value"),
        (["geometry=@nowhere/at.all"], None, "geometry: nowhere/at.all: No such file or directory"),
        ([], "{", "--json: not JSON"),
        ([], '{"a": NaN}', "--json: not JSON: NaN is not JSON"),
        ([], "[]", "--json: the arguments are a JSON object"),
    ],
)
def test_arguments_that_cannot_be_read_are_refused(words: list[str], base: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{message}"):
        tool_arguments(words, base, SCHEMA)


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
        (["backend", "--server", "a=http://a"], "--server and --no-embedded do not apply"),
        (["backend", "--public-url", "here"], "--public-url here: not an http or https URL"),
        (["install", "emacs"], "'emacs' is no client known here"),
        (["journey", "no.yaml"], "no.yaml: No such file"),
        (["demo", "--at", "200,0"], "--at 200,0: "),
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
    code, out, err = run("call", "slow_steps", "seconds=2", "steps=4")
    assert code == 0
    assert json.loads(out)["status"] == "successful"
    assert " 25 % " in err
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


def test_a_journey_is_reported_step_by_step(run: Run) -> None:
    file = Path(__file__).parent.parent / "journeys" / "buffer-and-measure.yaml"
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


def test_stdio_answers_on_a_pure_stdout(home: Path) -> None:
    request = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mcp_server", "--home", str(home)],
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["result"]["serverInfo"]["name"]
    assert done.returncode == 0, done.stderr


def test_the_stdio_server_starts_without_the_parser_of_commands() -> None:
    code = "import sys, mcp_server.cli; print({'typer', 'rich', 'pydantic', 'mcp'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "set()\n"


def test_a_module_that_worker_processes_import_again_runs_nothing() -> None:
    code = "import runpy; runpy.run_module('mcp_server', run_name='__mp_main__'); print('nothing ran')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("nothing ran\n", "")


def test_output_is_utf8_whatever_the_shell_uses() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mcp_server", "tools", "--config", "wrong—name"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "wrong—name" in done.stderr.decode("utf-8")


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command in a process of its own, which ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def start_command(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mcp_server", "--home", str(home), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start_command
    for process in started:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.anyio
async def test_backend_serves_the_ogc_api_alone_with_links_that_lead_back(port: int, start: Callable[..., Any]) -> None:
    url = f"http://127.0.0.1:{port}"
    announcement = start("backend", "--port", str(port)).stderr.readline()
    assert announcement == f"OGC API – Processes at {url}\n"
    async with httpx.AsyncClient(timeout=30) as http:
        landing = (await http.get(url)).json()
        done = await http.post(f"{url}/processes/slow-steps/execution", json={"inputs": {"seconds": 0.1, "steps": 1}})
    assert {link["href"] for link in landing["links"] if link["rel"] == "self"} == {f"{url}/"}
    assert done.status_code == 200
    assert done.json()["steps"] == 1


@pytest.mark.anyio
async def test_serve_offers_the_tools_over_http(port: int, start: Callable[..., Any]) -> None:
    url = f"http://127.0.0.1:{port}/mcp"
    announcement = start("serve", "--transport", "http", "--port", str(port)).stderr.readline()
    assert announcement == f"MCP at {url}\n"
    with anyio.fail_after(30):
        async with Client(url) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
    assert {"slow_steps", "get_job"} <= names


def test_a_port_that_is_taken_is_one_line_and_exit_code_1(start: Callable[..., subprocess.Popen[str]]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start("serve", "--transport", "http", "--port", str(taken.getsockname()[1]))
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert "attempting to bind" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("::", "http://localhost:80"), ("::1", "http://[::1]:80")],
)
def test_the_url_of_a_server_is_one_that_this_machine_reaches(host: str, url: str) -> None:
    assert url_of(host, 80) == url


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one process's interrupt key")
def test_the_interrupt_key_dismisses_the_job_of_a_call(run: Run, start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start("call", "slow_steps", "seconds=60", "steps=600")
    assert process.stderr is not None
    assert any(" step " in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "KeyboardInterrupt" not in err
    _, jobs, _ = run("call", "list_jobs")
    assert [job["status"] for job in json.loads(jobs)["jobs"]] == ["dismissed"]
