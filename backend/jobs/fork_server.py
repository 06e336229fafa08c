"""How worker processes are made: of one that has imported what all of them need, where the system can fork."""

import multiprocessing
import sys
from multiprocessing import forkserver
from typing import Any


def worker_context() -> Any:
    """The context of `multiprocessing` that workers are started in."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["backend.jobs.preloaded"])
    return context


def start_fork_server() -> None:
    """Start importing, unless that is done or the system has no such process. Does not wait for the end of it.

    It takes longer than all else of a server's start: whoever knows early that there will be jobs calls this early.
    """
    if sys.platform == "linux":
        worker_context()
        forkserver.ensure_running()
