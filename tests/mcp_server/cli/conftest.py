"""Running command lines: in this process, and in processes of their own."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from mcp_server.cli import main
from tests.interop.own_backend import until
from tests.mcp_server.cli.command_lines import OWN, Command, Run


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command line on a fresh home: exit code, stdout, stderr."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--home", str(home)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_command


def started(home: Path, *arguments: str, errors: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "mcp_server", "--home", str(home), *arguments],
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture
def start(home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command in a process of its own, which ends with the test."""
    processes: list[subprocess.Popen[str]] = []

    def start_command(*arguments: str) -> subprocess.Popen[str]:
        processes.append(started(home, *arguments))
        return processes[-1]

    yield start_command
    for process in processes:
        process.terminate()
        process.communicate(timeout=120)


@pytest.fixture(scope="session")
def backend_command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """`backend` in a process of its own, for all tests that leave it running."""
    port, folder = free_port(), tmp_path_factory.mktemp("backend")
    log = folder / "stderr.log"
    with log.open("w", encoding="utf-8") as errors:
        process = started(folder / "home", *OWN, "backend", "--port", str(port), errors=errors)
    announcement = until(lambda: log.read_text(encoding="utf-8"), lambda text: text.endswith("\n"), seconds=150)
    yield Command(f"http://127.0.0.1:{port}", announcement, log)
    process.terminate()
    process.communicate(timeout=120)


@pytest.fixture
def port() -> int:
    """A port of loopback where nothing listens."""
    return free_port()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
