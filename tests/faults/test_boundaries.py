"""A process dies between any two steps of a job: nothing is successful without its complete, checksummed results."""

import signal
import sys
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from backend.jobs.fork_server import worker_context
from backend.jobs.states import JobStatus
from tests.faults.crashing_program import run_until_crash
from tests.faults.injection import OpenService, expect_whole, until_files

pytestmark = [
    pytest.mark.long(20),
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="the program kills itself by a signal that Windows lacks"),
]

FAILED = (JobStatus.FAILED, "The server that ran the job died.")
DONE = (JobStatus.SUCCESSFUL, "The process has finished.")


@pytest.mark.parametrize(
    ("step", "when", "end"),
    [
        ("insert", "before", None),
        ("insert", "after", DONE),
        ("start", "before", DONE),
        ("start", "after", FAILED),
        ("rename", "before", FAILED),
        ("rename", "after", FAILED),
        ("commit", "before", FAILED),
        ("commit", "after", DONE),
        ("confirm", "before", DONE),
        ("confirm", "after", DONE),
    ],
)
async def test_a_job_that_is_cut_off_ends_with_all_or_nothing(
    open_service: OpenService, home: Path, step: str, when: str, end: tuple[JobStatus, str] | None
) -> None:
    # Made as workers are: it has imported all that it needs.
    crashing = worker_context().Process(target=run_until_crash, args=(home, step, when))
    crashing.start()
    await anyio.to_thread.run_sync(crashing.join, 60)
    assert crashing.exitcode == -signal.SIGKILL
    crashing.close()
    service = open_service()
    jobs = service.store.list(limit=9, offset=0)[0]
    assert len(jobs) == (0 if end is None else 1)
    for job in jobs:
        # The first worker of all has everything to import, and a busy machine takes its time for that.
        with anyio.fail_after(60):
            ended = await service.engine.wait(job.id, timeout=60)
        assert (ended.status, ended.message) == end
        expect_whole(service, [ended])
        await until_files(home / "results", 3 if ended.status is JobStatus.SUCCESSFUL else 0)
        await until_files(home / "inputs", 0)
