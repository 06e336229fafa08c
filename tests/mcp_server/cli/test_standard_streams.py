"""Commands whose standard streams are closed, or whose reader leaves before they have written all."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_server.cli import main

pytestmark = [
    pytest.mark.long(15),
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shell that closes a stream"),
]


def in_shell(home: Path, line: str, closed: str = "") -> subprocess.CompletedProcess[str]:
    """One command line by a shell: what closes streams stands behind it, or a reader does."""
    command = f'"{sys.executable}" -m mcp_server --home "{home}" {line} {closed}'
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_a_job_is_done_though_the_standard_streams_of_its_server_are_closed(
    home: Path, closed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = in_shell(home, 'call geometry_buffer geometry="POINT (1 2)" distance=5', closed)
    assert done.returncode == 0, done.stderr
    assert main(["--home", str(home), "jobs", "list", "--json"]) == 0
    assert [job["status"] for job in json.loads(capsys.readouterr().out)] == ["successful"]


def test_what_is_wrong_is_told_by_the_exit_code_where_nobody_could_read_it(home: Path) -> None:
    assert in_shell(home, "--config missing.yml tools", "2>&-").returncode == 2


@pytest.mark.parametrize("command", ["demo", "journey tests/journeys/buffer-and-measure.yaml", "tools", "jobs list"])
def test_a_reader_that_leaves_early_ends_the_command_without_a_word(home: Path, command: str) -> None:
    done = in_shell(home, command, "| true")
    assert done.stderr == ""
