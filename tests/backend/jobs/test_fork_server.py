"""What worker processes are born with."""

import gc
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import psutil
import pytest

from backend.jobs.fork_server import worker_context
from backend.jobs.library_threads import one_thread_each

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a fork server here")


def tell_of_birth(pipe: Connection) -> None:
    """Runs in a process of its own: what it finds there that nobody has imported in it."""
    pipe.send(({"backend.jobs.worker", "backend.processes.inputs"} <= set(sys.modules), gc.isenabled()))


def tell_of_threads(pipe: Connection) -> None:
    """Runs in a process of its own: how many threads it has after a product that OpenBLAS would share out."""
    import numpy as np  # which the tests' own process has set up otherwise

    square = np.ones((600, 600))
    pipe.send((float((square @ square)[0, 0]), psutil.Process().num_threads()))


def told(what: Callable[[Connection], None]) -> Any:
    context = worker_context()
    ours, theirs = context.Pipe()
    process = context.Process(target=what, args=(theirs,))
    process.start()
    assert ours.poll(60)
    answer = ours.recv()
    process.join(60)
    process.close()
    for end in (ours, theirs):
        end.close()
    return answer


def test_a_worker_is_born_with_what_all_jobs_need_and_collects_its_own_garbage() -> None:
    assert told(tell_of_birth) == (True, True)


def test_linear_algebra_starts_no_threads_in_a_worker() -> None:
    assert told(tell_of_threads) == (600.0, 1)


def test_a_number_of_threads_in_the_environment_counts_more(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"OPENBLAS_NUM_THREADS": "4"}
    monkeypatch.setattr(os, "environ", environment)

    one_thread_each()

    assert (environment["OPENBLAS_NUM_THREADS"], environment["OMP_NUM_THREADS"]) == ("4", "1")
