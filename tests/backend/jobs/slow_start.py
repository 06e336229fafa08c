"""A server that stops while its worker is being started. The worker goes on when it is told to end, not before."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import job_server

from backend.jobs.local import LocalExecutor


def pause(begun: str) -> str:
    """Tell through a named pipe that the worker reads what it was sent, and wait until it is told to end."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    Path(begun).write_bytes(b"x")
    signal.sigwait({signal.SIGTERM})
    return begun


class Pause:
    """Pauses who unpickles it."""

    def __init__(self, begun: Path) -> None:
        self._begun = begun

    def __reduce__(self) -> tuple[Any, ...]:
        return pause, (str(self._begun),)


def main() -> None:
    """Start a worker, and stop as soon as it has begun to read what it was sent."""
    home = Path(sys.argv[1])
    begun = home / "begun"
    os.mkfifo(begun)
    processes = {"paused": {"name": "jobs_under_test.Echo", "pause": Pause(begun)}}
    executor = LocalExecutor(
        replace(job_server.config(home), processes=processes), workers=1, warm=True, append_log=print
    )
    executor.start()
    begun.read_bytes()
    executor.stop()


if __name__ == "__main__":
    main()
