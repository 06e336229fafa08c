"""What is seen on standard error of a process that raises an error of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

FAULTY = '''
import logging

from backend.processes.base import Output, process


@process(id="divide", title="Divide", output=Output(id="quotient"), example={"by": 2})
def divide(by: float) -> float:
    """One divided by a number."""
    logging.getLogger(__name__).debug("dividing by %g", by)
    return 1 / by


@process(id="warn", title="Warn", output=Output(id="said"), example={})
def warn() -> bool:
    """Warn in the log, as the author of a process may."""
    logging.getLogger(__name__).warning("the input is old")
    return True
'''
CONFIG = """
resources:
  divide: {type: process, processor: {name: faulty.divide}}
  warn: {type: process, processor: {name: faulty.warn}}
"""
JOURNEY = """
request: Divide by nothing.
steps:
  - {id: warn, tool: warn, arguments: {}}
  - {id: divide, tool: divide, arguments: {by: 0}, error: division by zero}
"""
ERROR = "ZeroDivisionError: float division by zero"

type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def own(tmp_path: Path) -> list[str]:
    """The options that add two processes of a user's own."""
    folder = tmp_path / "processes"
    folder.mkdir()
    (folder / "faulty.py").write_text(FAULTY, encoding="utf-8")
    (tmp_path / "own.yml").write_text(CONFIG, encoding="utf-8")
    return ["--processes", str(folder), "--config", str(tmp_path / "own.yml")]


def ended(process: subprocess.Popen[str]) -> tuple[int, str, list[str]]:
    """Exit code, standard output, and standard error without the progress that a slow machine has time to tell."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, [line for line in err.splitlines() if not line.startswith("divide ")]


def test_a_call_tells_the_error_in_one_line(start: Start, own: list[str]) -> None:
    assert ended(start(*own, "call", "divide", "by=0")) == (1, "", [ERROR])


def test_a_call_shows_the_traceback_and_the_log_of_the_process_at_debug(
    start: Start, own: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGC_PROCESSES_WORKER_LOG_LEVEL", "debug")
    code, out, err = ended(start(*own, "call", "divide", "by=0"))
    assert (code, out, err[-1]) == (1, "", ERROR)
    assert_traced("\n".join(err))
    assert any(line.startswith("DEBUG faulty [worker ") and line.endswith("]: dividing by 0") for line in err)


def test_a_journey_tells_what_a_process_warns_of_and_no_traceback(start: Start, own: list[str], tmp_path: Path) -> None:
    file = tmp_path / "divide.yaml"
    file.write_text(JOURNEY, encoding="utf-8")
    code, out, (warning,) = ended(start(*own, "journey", str(file)))
    assert (code, "2 of 2 steps passed" in out) == (0, True), out
    assert warning.startswith("WARNING faulty [worker ")
    assert warning.endswith("]: the input is old")


@pytest.mark.anyio
async def test_the_backend_logs_the_traceback_for_its_operator(start: Start, own: list[str], port: int) -> None:
    server = start(*own, "backend", "--port", str(port))
    assert server.stderr is not None
    assert server.stderr.readline().startswith("OGC API")
    async with httpx.AsyncClient(timeout=30) as http:
        url = f"http://127.0.0.1:{port}/processes/divide/execution"
        failed = await http.post(url, json={"inputs": {"by": 0}})
    assert failed.json()["detail"] == ERROR
    server.terminate()
    assert_traced(server.communicate(timeout=30)[1])


@pytest.mark.anyio
async def test_the_stdio_server_logs_the_traceback_for_its_operator(own: list[str], home: Path, tmp_path: Path) -> None:
    log = tmp_path / "stderr.log"
    command = StdioServerParameters(command=sys.executable, args=["-m", "mcp_server", "--home", str(home), *own])
    with anyio.fail_after(60), log.open("w", encoding="utf-8") as errors:
        async with Client(stdio_client(command, errlog=errors)) as client:
            answer: Any = await client.call_tool("divide", {"by": 0})
    assert answer.is_error
    assert_traced(log.read_text(encoding="utf-8"))


def assert_traced(log: str) -> None:
    """The log says which process failed, and where in its author's file."""
    assert "]: process divide failed\nTraceback (most recent call last):\n" in log
    assert 'faulty.py", line 11, in divide\n    return 1 / by' in log
