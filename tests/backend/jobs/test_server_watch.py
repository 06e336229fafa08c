"""A worker ends with its server, and so does what it started, also where the kernel does not see to it."""

import multiprocessing
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

import psutil
import pytest

from backend.jobs.liveness import lead_group
from backend.jobs.server_watch import die_with_server

ENDLESS = [sys.executable, "-c", "import time; time.sleep(600)"]


def work(control: Connection, alive: Connection, platform: str) -> None:
    """Runs in a process of its own, as a worker with two children does, one of them in a session of its own."""
    sys.platform = platform
    lead_group()
    children = [subprocess.Popen(ENDLESS, start_new_session=apart).pid for apart in (False, True)]
    die_with_server(alive)
    control.send(children)
    time.sleep(600)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_a_worker_and_its_children_end_with_their_server_where_a_thread_watches_it(platform: str) -> None:
    context: Any = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    read, write = context.Pipe(duplex=False)
    worker = context.Process(target=work, args=(theirs, read, platform))
    worker.start()
    for end in (theirs, read):
        end.close()
    assert ours.poll(60)
    family = [psutil.Process(worker.pid), *map(psutil.Process, ours.recv())]
    try:
        write.close()  # as the server's death closes it
        worker.join(60)
        _, alive = psutil.wait_procs(family, 60)
        assert alive == []
    finally:
        for process in family:
            if process.is_running():
                process.kill()
        ours.close()
        worker.close()
