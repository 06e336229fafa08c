"""A job as a worker of Prefect's runs it: with the store, the limits and the log that any job has."""

import time
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import pytest
from job_server import BASE_URL, request
from standing_in import StandIn, deployment

from backend.errors import NoSuchJobError
from backend.jobs.engine import Engine
from backend.jobs.prefect.carrier import Carrier, carrying
from backend.jobs.prefect.deployments import JobOrder
from backend.jobs.records import Job
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("settings")]


class Ends:
    """An observer that counts."""

    def __init__(self) -> None:
        self.ended_jobs: list[str] = []

    def accepted(self, job: Job) -> None: ...

    def ended(self, job: Job) -> None:
        self.ended_jobs.append(job.id)


def until_ended(carrier: Carrier, job_id: str) -> None:
    deadline = time.monotonic() + 60
    while carrier.works_on(job_id):
        assert time.monotonic() < deadline


def carry(order: JobOrder, process_id: str, **then: Callable[[], Any]) -> bool:
    """Do what a run does; `begun` is called once the job has begun."""
    with carrying(deployment(process_id), order.base_url) as carrier:
        if not carrier.take(order):
            return False
        if "begun" in then:
            while carrier.job(order.job_id).status is JobStatus.ACCEPTED:
                assert carrier.works_on(order.job_id)
            then["begun"]()
        until_ended(carrier, order.job_id)
        return True


async def test_an_ordered_job_comes_to_its_result_and_its_server_is_told_of_the_end(
    remote: Engine, prefect: StandIn, store: JobStore
) -> None:
    ends = Ends()
    remote.observers = (ends,)
    job = remote.submit(request("Noise"), durable=True)
    (order,) = prefect.until_ordered(1)
    assert await anyio.to_thread.run_sync(carry, order, "Noise")
    with anyio.fail_after(60):
        assert (await remote.wait(job.id, timeout=60)).status is JobStatus.SUCCESSFUL
    with anyio.fail_after(60):
        while not ends.ended_jobs:
            await anyio.sleep(0.01)
    assert ends.ended_jobs == [job.id]
    assert store.read(job.id, "value")[1] == b'"quiet"'
    assert list(store.log(job.id)) == ["noise of print", "noise of native code"]


async def test_a_dismiss_by_the_server_ends_the_process_at_the_worker(
    remote: Engine, prefect: StandIn, store: JobStore
) -> None:
    job = remote.submit(request("Burn"), durable=True)
    (order,) = prefect.until_ordered(1)
    begun = anyio.Event()
    async with anyio.create_task_group() as tasks:

        def run() -> None:
            carry(order, "Burn", begun=lambda: anyio.from_thread.run_sync(begun.set))

        tasks.start_soon(anyio.to_thread.run_sync, run)
        with anyio.fail_after(60):
            await begun.wait()
            (observed,) = store.leases.observe([job.id])
            assert (await remote.dismiss(job.id)).status is JobStatus.DISMISSED
    assert observed.worker is not None
    assert not observed.worker.alive()


async def test_the_end_of_the_server_that_ordered_a_run_ends_no_job(
    remote: Engine, prefect: StandIn, store: JobStore
) -> None:
    job = remote.submit(request("tell", seconds=0.5), durable=True)
    (order,) = prefect.until_ordered(1)
    assert await anyio.to_thread.run_sync(lambda: carry(order, "tell", begun=remote.stop))
    assert store.get(job.id).status is JobStatus.SUCCESSFUL


async def test_a_run_that_ends_early_gives_back_a_job_that_may_run_again_and_it_is_ordered_anew(
    remote: Engine, prefect: StandIn, store: JobStore
) -> None:
    job = remote.submit(request("tell"), durable=True)
    (order,) = prefect.until_ordered(1)

    def end_early() -> None:
        with carrying(deployment("tell"), BASE_URL) as carrier:
            assert carrier.take(order)
            while carrier.job(job.id).progress < 50:
                assert carrier.works_on(job.id)

    await anyio.to_thread.run_sync(end_early)
    again = (await anyio.to_thread.run_sync(prefect.until_ordered, 2))[-1]
    assert (again.job_id, again.attempts) == (job.id, 1)
    assert not await anyio.to_thread.run_sync(carry, order, "tell")


async def test_inputs_that_a_person_gives_a_run_become_a_job(store: JobStore) -> None:
    def start_by_hand() -> str:
        with carrying(deployment("Echo"), None) as carrier:
            job_id = carrier.accept({"text": "by hand"})
            until_ended(carrier, job_id)
            return job_id

    job = store.get(await anyio.to_thread.run_sync(start_by_hand))
    assert (job.process_id, job.status) == ("Echo", JobStatus.SUCCESSFUL)
    assert b"by hand" in bytes(store.read(job.id, "value")[1])  # pyright: ignore[reportArgumentType] - it is small


async def test_a_run_that_is_cancelled_dismisses_its_job_and_none_that_has_ended(store: JobStore) -> None:
    def cancel(process_id: str, **inputs: Any) -> str:
        with carrying(deployment(process_id), None) as carrier:
            job_id = carrier.accept(inputs)
            if process_id == "Echo":
                until_ended(carrier, job_id)
            carrier.dismiss(job_id)
            return job_id

    cancelled = await anyio.to_thread.run_sync(lambda: cancel("tell"))
    assert store.get(cancelled).status is JobStatus.DISMISSED
    assert store.get(await anyio.to_thread.run_sync(cancel, "Echo")).status is JobStatus.SUCCESSFUL


async def test_a_job_that_another_engine_has_or_that_is_gone_is_worked_on_here_no_more(store: JobStore) -> None:
    other = store.insert(request("Echo"), owner="another-engine", durable=False)

    def look() -> list[bool]:
        with carrying(deployment("Echo"), None) as carrier:
            return [carrier.works_on(job_id) for job_id in (other.id, "0" * 32)]

    assert await anyio.to_thread.run_sync(look) == [False, False]


async def test_a_worker_with_another_job_store_says_that_it_knows_no_such_job(store: JobStore) -> None:
    with pytest.raises(NoSuchJobError):
        await anyio.to_thread.run_sync(carry, JobOrder("0" * 32, 0, 0, BASE_URL), "Echo")
