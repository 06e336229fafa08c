"""Servers and calls in processes of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from starlette.types import Receive, Scope, Send

from mcp_server.cli.serving import listen, url_of
from mcp_server.embedded import create_backend_app
from tests.interop.own_backend import until
from tests.mcp_server.cli.command_lines import Command, Run
from tests.serving import served
from tests.standard.clients import conforming, conforming_async

pytestmark = pytest.mark.long(25)


def test_the_stdio_server_starts_without_the_parser_of_commands() -> None:
    code = "import sys, mcp_server.cli; print({'typer', 'rich', 'pydantic', 'mcp'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "set()\n"


def test_a_module_that_worker_processes_import_again_runs_nothing() -> None:
    code = "import runpy; runpy.run_module('mcp_server', run_name='__mp_main__'); print('nothing ran')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert (done.stdout, done.stderr) == ("nothing ran\n", "")


def test_output_is_utf8_whatever_the_shell_uses() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mcp_server", "tools", "--config", "wrong—name"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "wrong—name" in done.stderr.decode("utf-8")


@pytest.mark.anyio
async def test_backend_serves_the_ogc_api_alone_with_links_that_lead_back(backend_command: Command) -> None:
    url = backend_command.url
    assert backend_command.announcement == f"OGC API – Processes at {url}\n"
    async with httpx.AsyncClient(timeout=30, event_hooks=conforming_async()) as http:
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
    with anyio.fail_after(150):
        # Who asks before the backend has loaded is told the tools of the bridge itself.
        async with Client(url, cache=None) as client:
            names = set[str]()
            while "hello_world" not in names:
                names = {tool.name for tool in (await client.list_tools()).tools}
                await anyio.sleep(0.1)
    assert "get_job" in names


@pytest.mark.parametrize("command", [("serve", "--transport", "http"), ("backend",)], ids=["serve", "backend"])
def test_a_port_that_is_taken_is_one_line_and_exit_code_2(run: Run, command: tuple[str, ...]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        code, out, err = run(*command, "--port", str(number))
    assert (code, out) == (2, "")
    assert err == f"ogc-processes-mcp: port {number} of 127.0.0.1 is taken: choose another with --port\n"


def test_an_address_that_is_not_this_machines_is_one_line(run: Run) -> None:
    code, out, err = run("serve", "--transport", "http", "--host", "192.0.2.1", "--port", "8123")
    assert (code, out) == (2, "")
    assert err.startswith("ogc-processes-mcp: cannot listen at 192.0.2.1, port 8123: ")
    assert err.count("\n") == 1


def test_the_public_url_and_the_root_path_of_the_environment_are_in_every_link(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGC_PROCESSES_PUBLIC_URL", "http://localhost:9999")
    monkeypatch.setenv("OGC_PROCESSES_ROOT_PATH", "/ogc")
    # What the command serves, and where it says that it does.
    application, url = create_backend_app(reached_at="http://127.0.0.1:5001", home=home)
    assert url == "http://localhost:9999/ogc"
    with served(lambda _: application) as address, httpx.Client(timeout=30, event_hooks=conforming()) as http:
        landing = http.get(address).json()
    assert all(link["href"].startswith("http://localhost:9999/ogc") for link in landing["links"])


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("::", "http://localhost:80"), ("::1", "http://[::1]:80")],
)
def test_the_url_of_a_server_is_one_that_this_machine_reaches(host: str, url: str) -> None:
    assert url_of(host, 80) == url


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one process's interrupt key")
def test_the_interrupt_key_dismisses_the_job_of_a_call(run: Run, start: Callable[..., subprocess.Popen[str]]) -> None:
    process = start("--demo-tools", "call", "slow_steps", "seconds=60", "steps=600")
    assert process.stderr is not None
    assert any(" step " in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert "KeyboardInterrupt" not in err
    _, jobs, _ = run("call", "list_jobs")
    assert [job["status"] for job in json.loads(jobs)["jobs"]] == ["dismissed"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one process's interrupt key")
def test_a_request_that_is_under_way_when_the_backend_is_stopped_is_told_so(
    start: Callable[..., subprocess.Popen[str]], port: int
) -> None:
    server = start("backend", "--port", str(port))
    assert server.stderr is not None
    assert server.stderr.readline().startswith("OGC API")
    url = f"http://127.0.0.1:{port}/processes/slow-steps/execution"
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(httpx.post, url, json={"inputs": {"seconds": 60, "steps": 600}}, timeout=120)
        until(lambda: httpx.get(f"http://127.0.0.1:{port}/jobs?status=running").json()["numberMatched"], bool)
        server.send_signal(signal.SIGINT)
        response = answer.result(timeout=120)
    _, errors = server.communicate(timeout=120)
    assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json")
    assert response.json()["detail"].startswith("The server is being stopped")
    assert "retry-after" in response.headers
    assert "Traceback" not in errors


UNUSABLE = {"home": ("", "File exists"), "store": ("jobs.sqlite", "file is not a database")}


@pytest.mark.parametrize("unusable", UNUSABLE)
def test_a_home_that_cannot_be_used_is_told_in_a_line(
    run: Run, start: Callable[..., subprocess.Popen[str]], port: int, home: Path, unusable: str
) -> None:
    name, reason = UNUSABLE[unusable]
    file = home / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"x" * 5000)
    told = f"The job store {home / 'jobs.sqlite'} cannot be used: "
    server = start("backend", "--port", str(port))
    _, errors = server.communicate(timeout=120)
    assert server.returncode == 1
    assert errors.startswith(f"ogc-processes-mcp: {told}")
    assert errors.count("\n") == 1
    code, _, error = run("jobs", "list")
    assert (code, error.startswith(f"ogc-processes-mcp: {told}")) == (2, True)
    assert reason in errors
    assert reason in error


def test_why_a_server_could_not_start_is_a_plain_line_where_its_log_is_json(
    start: Callable[..., subprocess.Popen[str]], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGC_PROCESSES_LOG_FORMAT", "json")
    monkeypatch.setenv("OGC_PROCESSES_JOBS_URL", "mysql://127.0.0.1/jobs")
    server = start("backend", "--port", str(port))
    _, errors = server.communicate(timeout=120)
    reason = "OGC_PROCESSES_JOBS_URL: a job store cannot be kept in 'mysql': PostgreSQL or no URL at all."
    assert (server.returncode, errors) == (1, f"ogc-processes-mcp: {reason}\n")


def test_an_application_that_fails_at_its_start_ends_with_1_and_says_why(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def failing(_: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "it has no legs"})

    assert listen(failing, "127.0.0.1", port, "never told", json_log=True) == 1
    assert "it has no legs" in caplog.text
