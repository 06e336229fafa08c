"""Other people's servers, run as they are."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def stock_pygeoapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a stock pygeoapi in a process of its own."""
    folder = tmp_path_factory.mktemp("stock")
    with (
        (folder / "log.txt").open("wb") as log,
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("stock_pygeoapi.py")), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), (folder / "log.txt").read_text(encoding="utf-8")
        yield url
        process.stdin.close()
        process.wait(timeout=10)
