"""A job that takes too much ends as failed, with its own reason, and all that it started with it."""

import os
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

from backend.errors import LimitExceededError
from backend.jobs.contents import stored_bytes
from backend.jobs.records import Job, JobRequest
from backend.jobs.service import JobService
from backend.jobs.states import JobStatus
from tests.faults.injection import OpenService, Within, request_for

pytestmark = [pytest.mark.long(15), pytest.mark.anyio]

MEBIBYTE = 2**20


async def finish(service: JobService, request: JobRequest) -> Job:
    with anyio.fail_after(60):
        return await service.engine.wait(service.engine.submit(request, durable=False).id, timeout=60)


async def until_log_ends(service: JobService, job: Job, *lines: str) -> None:
    """What a process wrote last is stored a moment after its end."""
    with anyio.fail_after(60):
        while service.store.log(job.id, tail=len(lines)) != list(lines):
            await anyio.sleep(0.01)


async def pids_in(file: Path) -> list[int]:
    marker = anyio.Path(file)
    with anyio.fail_after(60):
        while not await marker.exists() or len((await marker.read_text()).split()) < 3:
            await anyio.sleep(0.01)
    return [int(pid) for pid in (await marker.read_text()).split()]


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def expect_gone(pids: list[int], longest: float) -> None:
    with anyio.fail_after(longest):
        while any(runs(pid) for pid in pids):
            await anyio.sleep(0.01)


async def test_what_ignores_every_signal_is_gone_with_its_children_when_its_time_is_over(
    open_service: OpenService, tmp_path: Path, within: Within
) -> None:
    for seconds in (1.5, 6, 24):  # where the machine stands still, its time may be over before it has any children
        service = open_service({"ignore": {"limits": {"seconds": seconds}}})
        job = service.engine.submit(request_for("ignore", marker=str(tmp_path / "pids")), durable=False)
        ended = await service.engine.wait(job.id, timeout=60)
        if (tmp_path / "pids").exists():
            break
        service.close()
    pids = await pids_in(tmp_path / "pids")
    assert ended.status is JobStatus.FAILED
    assert ended.message == f"The job took longer than the {seconds:g} s that it may."
    await expect_gone(pids, within(1))
    assert ended.finished is not None
    assert ended.started is not None
    assert (ended.finished - ended.started).total_seconds() < within(seconds + 1)
    with pytest.raises(LimitExceededError):
        service.store.results(job.id)


async def test_what_ignores_every_signal_is_dismissed_with_its_children(
    open_service: OpenService, tmp_path: Path, within: Within
) -> None:
    service = open_service()
    job = service.engine.submit(request_for("ignore", marker=str(tmp_path / "pids")), durable=False)
    pids = await pids_in(tmp_path / "pids")
    with anyio.fail_after(60):
        assert (await service.engine.dismiss(job.id)).status is JobStatus.DISMISSED
    await expect_gone(pids, within(0.5))


async def test_a_child_that_a_job_leaves_behind_ends_with_its_worker(open_service: OpenService, within: Within) -> None:
    service = open_service()
    job = await finish(service, request_for("leave"))
    pid = int(stored_bytes(service.store.read(job.id, "value")[1]))
    await expect_gone([pid], within(2))


@pytest.mark.parametrize(
    ("process", "inputs", "limits", "reason"),
    [
        pytest.param("spin", {}, {"cpu_seconds": 1}, "more processor time than the 1 s", id="processor"),
        pytest.param("hog", {}, {"memory_bytes": 256 * MEBIBYTE}, "more than the 256 MiB of memory", id="memory"),
        pytest.param("scribble", {"megabytes": 99}, {"file_bytes": 70 * MEBIBYTE}, "a file of more than", id="file"),
        pytest.param("chatter", {"length": 5000}, {"output_bytes": 4096}, "more than the 4 KiB", id="results"),
        pytest.param("chatter", {"length": 10**8}, {"file_bytes": 70 * MEBIBYTE}, "a file of more", id="result"),
    ],
)
async def test_each_limit_is_told_by_its_own_sentence_and_harms_no_neighbour(
    open_service: OpenService, process: str, inputs: dict[str, Any], limits: dict[str, Any], reason: str
) -> None:
    service = open_service({process: {"limits": limits}})
    neighbour = service.engine.submit(request_for("rest", seconds=1.5), durable=False)
    job = await finish(service, request_for(process, **inputs))
    assert job.failure is not None
    assert (job.status, job.failure.kind) == (JobStatus.FAILED, "exceeded")
    assert reason in job.message
    with anyio.fail_after(60):
        assert (await service.engine.wait(neighbour.id, timeout=60)).status is JobStatus.SUCCESSFUL
    assert (await finish(service, request_for("quick"))).status is JobStatus.SUCCESSFUL


async def test_what_stays_below_a_limit_succeeds_again_and_again_in_one_worker(open_service: OpenService) -> None:
    limits = {"cpu_seconds": 1, "memory_bytes": 512 * MEBIBYTE, "file_bytes": 80 * MEBIBYTE}
    service = open_service({"once": {"limits": limits}}, workers=1)
    for _ in range(3):
        assert (await finish(service, request_for("once", seconds=0.4))).status is JobStatus.SUCCESSFUL


async def test_a_crash_of_native_code_is_told_and_its_last_word_kept(open_service: OpenService) -> None:
    service = open_service()
    neighbour = service.engine.submit(request_for("once", seconds=0.5), durable=False)
    job = await finish(service, request_for("crash"))
    assert job.message == "The worker process that ran the job died (SIGSEGV)."
    assert "the last word" in service.store.log(job.id)
    assert any("Segmentation fault" in line for line in service.store.log(job.id))
    with anyio.fail_after(60):
        assert (await service.engine.wait(neighbour.id, timeout=60)).status is JobStatus.SUCCESSFUL


@pytest.mark.parametrize(
    ("limit", "shared"),
    [({"worker_jobs": 2}, [2, 2, 1]), ({"worker_memory_bytes": 2**20}, [1] * 5), ({}, [5])],
    ids=["after two jobs", "after much memory", "never"],
)
async def test_a_worker_is_replaced_after_its_jobs_and_after_much_memory(
    open_service: OpenService, limit: dict[str, int], shared: list[int]
) -> None:
    service = open_service(workers=1, **limit)
    workers: list[int] = []
    for _ in range(5):
        job = service.engine.submit(request_for("once", seconds=0), durable=False)
        while (observed := service.store.leases.observe([job.id])[0]).worker is None:
            await anyio.sleep(0.001)
        workers.append(observed.worker.pid)
        await service.engine.wait(job.id, timeout=60)
    assert [workers.count(pid) for pid in dict.fromkeys(workers)] == shared
    assert os.getpid() not in workers


async def test_a_log_has_what_python_and_native_code_wrote(open_service: OpenService) -> None:
    service = open_service()
    job = await finish(service, request_for("chatter"))
    await until_log_ends(service, job, "native line")
    assert list(service.store.log(job.id)) == ["line 0", "line 1", "line 2", "native line"]
    following = await finish(service, request_for("quick"))
    assert list(service.store.log(following.id)) == []


async def test_a_log_without_end_is_bounded_and_keeps_its_end(open_service: OpenService) -> None:
    service = open_service()
    job = await finish(service, request_for("chatter", lines=20_000))
    await until_log_ends(service, job, "line 19999", "native line")
    assert len(service.store.log(job.id)) < 10_000
