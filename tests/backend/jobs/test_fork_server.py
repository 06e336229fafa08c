"""What worker processes are born with."""

import gc
import sys
from multiprocessing.connection import Connection

import pytest

from backend.jobs.fork_server import worker_context


def tell(pipe: Connection) -> None:
    """Runs in a process of its own: what it finds there that nobody has imported in it."""
    pipe.send(({"backend.jobs.worker", "backend.processes.inputs"} <= set(sys.modules), gc.isenabled()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a fork server here")
def test_a_worker_is_born_with_what_all_jobs_need_and_collects_its_own_garbage() -> None:
    context = worker_context()
    ours, theirs = context.Pipe()
    process = context.Process(target=tell, args=(theirs,))
    process.start()
    assert ours.poll(60)
    assert ours.recv() == (True, True)
    process.join(60)
    process.close()
    for end in (ours, theirs):
        end.close()
