"""Other people's servers as programs: modules of this folder that serve on a free loopback port, print their URL, and
end with their stdin.
"""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_STOP_SECONDS = 30


@contextmanager
def program(module: str, folder: Path) -> Generator[str]:
    """A module of this folder in a process of its own, working and logging in `folder`; gives its URL."""
    with (
        (folder / "log.txt").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", f"tests.interop.{module}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), (folder / "log.txt").read_text(encoding="utf-8")
        yield url
        process.stdin.close()
        process.wait(timeout=_STOP_SECONDS)
