"""What is seen on standard error of a process that raises an error of its own."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from mcp_server.cli import main
from tests.mcp_server.cli.command_lines import OWN, Command

JOURNEY = """
request: Divide by nothing.
steps:
  - {id: warn, tool: warn, arguments: {}}
  - {id: divide, tool: divide, arguments: {by: 0}, error: division by zero}
"""
ERROR = "ZeroDivisionError: float division by zero"

type Execute = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def execute(home: Path, capfd: pytest.CaptureFixture[str]) -> Execute:
    """Run one command: exit code, standard output, and standard error without the progress of a slow machine."""

    def run_command(*arguments: str) -> tuple[int, str, list[str]]:
        code = main([*OWN, *arguments, "--home", str(home)])
        out, err = capfd.readouterr()
        return code, out, [line for line in err.splitlines() if not line.startswith("divide ")]

    return run_command


def test_a_call_tells_the_error_in_one_line(execute: Execute) -> None:
    assert execute("call", "divide", "by=0") == (1, "", [ERROR])


def test_a_call_shows_the_traceback_and_the_log_of_the_process_at_debug(
    execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGC_PROCESSES_WORKER_LOG_LEVEL", "debug")
    code, out, err = execute("call", "divide", "by=0")
    assert (code, out, err[-1]) == (1, "", ERROR)
    assert_traced("\n".join(err))
    assert any(line.startswith("DEBUG failing [worker ") and line.endswith("]: dividing by 0") for line in err)


def test_a_journey_tells_what_a_process_warns_of_and_no_traceback(execute: Execute, tmp_path: Path) -> None:
    file = tmp_path / "divide.yaml"
    file.write_text(JOURNEY, encoding="utf-8")
    code, out, (warning,) = execute("journey", str(file))
    assert (code, "2 of 2 steps passed" in out) == (0, True), out
    assert warning.startswith("WARNING failing [worker ")
    assert warning.endswith("]: the input is old")


def test_the_backend_logs_the_traceback_for_its_operator(backend_command: Command) -> None:
    failed = httpx.post(f"{backend_command.url}/processes/divide/execution", json={"inputs": {"by": 0}}, timeout=60)
    assert failed.json()["detail"] == ERROR
    deadline = time.monotonic() + 60
    while "return 1 / by" not in (log := backend_command.log.read_text(encoding="utf-8")):  # a thread writes it
        assert time.monotonic() < deadline, log
        time.sleep(0.01)
    assert_traced(log)


def assert_traced(log: str) -> None:
    """The log says which process failed, and where in its author's file."""
    assert "]: process divide failed\nTraceback (most recent call last):\n" in log
    assert 'failing.py", line 12, in divide\n    return 1 / by' in log
