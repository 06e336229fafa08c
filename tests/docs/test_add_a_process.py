"""The guide to adding a process, followed to the letter."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long(10)

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "add-a-process.md"
BLOCK = re.compile(r"^```(?P<language>\w+) (?P<role>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def followed(tmp_path: Path) -> dict[str, str]:
    """The guide's files written into a folder, and its other blocks by role."""
    blocks = {match["role"]: match["text"] for match in BLOCK.finditer(GUIDE.read_text(encoding="utf-8"))}
    for role in [role for role in blocks if role.startswith("file=")]:
        target = tmp_path / role.removeprefix("file=")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(blocks.pop(role), encoding="utf-8")
    return blocks


def test_a_reader_who_follows_the_guide_gets_the_answer_it_promises(
    followed: dict[str, str], tmp_path: Path, home: Path
) -> None:
    command = shlex.split(followed["run"].removeprefix("$ "))
    assert command[0] == "ogc-processes-mcp"
    done = subprocess.run(
        [sys.executable, "-m", "mcp_server", *command[1:]],
        cwd=tmp_path,
        env=os.environ | {"OGC_PROCESSES_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outputs"]["point"]["value"] == json.loads(followed["expect"])


def test_the_guides_process_takes_three_lines_of_configuration(followed: dict[str, str], tmp_path: Path) -> None:
    lines = (tmp_path / "my-processes.yml").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "resources:"
    assert len(lines[1:]) == 3
