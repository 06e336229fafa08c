"""The pool of workers is stopped at any moment, and nothing is told of it."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither named pipes of this kind nor named locks")
def test_a_worker_that_is_being_started_ends_without_a_word(tmp_path: Path) -> None:
    program = Path(__file__).parent / "slow_start.py"
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
