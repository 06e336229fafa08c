"""The queue has an end, no process takes it all, and a call that is waited for does not stand behind long jobs."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from backend.errors import QueueFullError
from backend.jobs.states import JobStatus
from tests.faults.injection import OpenService, client_of, request_for

pytestmark = [pytest.mark.long(10), pytest.mark.anyio]

ASYNC = {"Prefer": "respond-async"}


async def until_running(service: Any, *job_ids: str) -> None:
    with anyio.fail_after(60):
        for job_id in job_ids:
            while service.store.get(job_id).status is JobStatus.ACCEPTED:
                await anyio.sleep(0.01)


async def test_a_full_queue_refuses_and_stores_nothing(serve_here: Callable[..., str]) -> None:
    async with client_of(serve_here(workers=1, max_queued=2)) as client:
        jobs = [
            (await client.post("/processes/rest/execution", json={"inputs": {}}, headers=ASYNC)).json()["jobID"]
            for _ in range(3)
        ]
        refused = await client.post("/processes/rest/execution", json={"inputs": {}}, headers=ASYNC)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json()["title"] == "The queue is full"
        assert (await client.get("/jobs")).json()["numberMatched"] == 3
        assert (await client.delete(f"/jobs/{jobs[1]}")).status_code == 200
        again = await client.post("/processes/quick/execution", json={"inputs": {}}, headers=ASYNC)
        assert again.status_code == 201


async def test_no_process_takes_more_workers_than_it_may(open_service: OpenService) -> None:
    service = open_service({"rest": {"concurrency": 1}}, workers=3)
    first, second, third = (service.engine.submit(request_for("rest"), durable=True) for _ in range(3))
    await until_running(service, first.id)
    following = [service.engine.submit(request_for("quick", number=one), durable=True) for one in range(20)]
    with anyio.fail_after(60):
        for job in following:
            assert (await service.engine.wait(job.id, timeout=60)).status is JobStatus.SUCCESSFUL
        assert [service.store.get(job.id).status for job in (second, third)] == [JobStatus.ACCEPTED] * 2
        await service.engine.dismiss(first.id)
        await until_running(service, second.id)
        assert service.store.get(third.id).status is JobStatus.ACCEPTED


async def test_a_call_that_is_waited_for_goes_before_long_jobs(open_service: OpenService) -> None:
    service = open_service(workers=2)
    long = [service.engine.submit(request_for("rest"), durable=True) for _ in range(6)]
    await until_running(service, long[0].id, long[1].id)
    for number in range(10):
        job = service.engine.submit(request_for("quick", number=number), durable=False, patience=60)
        with anyio.fail_after(60):
            assert (await service.engine.wait(job.id, timeout=60)).status is JobStatus.SUCCESSFUL
    assert [service.store.get(job.id).status for job in long[:2]] == [JobStatus.RUNNING] * 2
    assert [service.store.get(job.id).status for job in long[2:]] == [JobStatus.ACCEPTED] * 4


async def test_calls_that_turn_out_to_be_long_leave_room_for_a_short_one_and_are_bounded(
    open_service: OpenService,
) -> None:
    service = open_service(workers=2)
    calls = [service.engine.submit(request_for("rest"), durable=False, patience=60) for _ in range(3)]
    await until_running(service, *(call.id for call in calls))
    short = service.engine.submit(request_for("quick"), durable=False, patience=60)
    with anyio.fail_after(60):
        assert (await service.engine.wait(short.id, timeout=60)).status is JobStatus.SUCCESSFUL
    fourth, fifth = (service.engine.submit(request_for("rest"), durable=False, patience=60) for _ in range(2))
    await until_running(service, fourth.id)
    assert (await service.engine.wait(fifth.id, timeout=1.5)).status is JobStatus.ACCEPTED


async def test_a_queue_that_was_full_takes_jobs_again_once_one_of_it_has_begun(open_service: OpenService) -> None:
    service = open_service(workers=1, max_queued=1)
    job = service.engine.submit(request_for("rest"), durable=True)
    await until_running(service, job.id)
    waiting = service.engine.submit(request_for("quick"), durable=True)
    with pytest.raises(QueueFullError):
        service.engine.submit(request_for("quick"), durable=True)
    assert service.store.list(limit=9, offset=0)[1] == 2
    with anyio.fail_after(60):
        await service.engine.dismiss(job.id)
        assert (await service.engine.wait(waiting.id, timeout=60)).status is JobStatus.SUCCESSFUL
        again = service.engine.submit(request_for("quick"), durable=True)
        assert (await service.engine.wait(again.id, timeout=60)).status is JobStatus.SUCCESSFUL
