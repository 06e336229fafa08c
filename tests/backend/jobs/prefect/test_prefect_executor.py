"""What becomes of jobs that Prefect is to run, whatever Prefect does with their runs."""

import time
from collections.abc import Callable

import anyio
import anyio.to_thread
import pytest
from job_server import request
from standing_in import BEGINNING, CANCELLED, StandIn

from backend.jobs.engine import Engine
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.prefect.deployments import RunState
from backend.jobs.records import Job
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore

pytestmark = [pytest.mark.long(10), pytest.mark.anyio]


def submit(engine: Engine, process_id: str = "Echo") -> Job:
    return engine.submit(request(process_id), durable=True)


def until_message(store: JobStore, job: Job, text: str) -> Job:
    deadline = time.monotonic() + 60
    while text not in (now := store.get(job.id)).message:
        assert time.monotonic() < deadline, now.message
        time.sleep(0.01)
    return now


async def ended(engine: Engine, job: Job) -> Job:
    with anyio.fail_after(60):
        return await engine.wait(job.id, timeout=60)


async def test_a_job_is_ordered_under_its_own_name_and_waits_until_a_worker_begins_it(
    remote: Engine, prefect: StandIn, store: JobStore
) -> None:
    job = submit(remote)
    (order,) = prefect.until_ordered(1)
    assert (order.job_id, order.attempts) == (job.id, 0)
    assert store.get(job.id).status is JobStatus.ACCEPTED


async def test_another_server_orders_no_second_run_of_what_a_closed_one_has_ordered(
    make_remote: Callable[[], Engine], prefect: StandIn, store: JobStore
) -> None:
    first = make_remote()
    job = submit(first)
    prefect.until_ordered(1)
    await anyio.to_thread.run_sync(first.stop)
    assert store.get(job.id).status is JobStatus.ACCEPTED
    second = make_remote()
    submit(second)
    assert len(prefect.until_ordered(2)) == 2
    assert [order.attempts for order in prefect.orders.values()] == [0, 0]


async def test_while_prefect_cannot_be_reached_a_job_waits_and_tells_why(
    remote: Engine, prefect: StandIn, store: JobStore
) -> None:
    prefect.down = True
    job = submit(remote)
    told = await anyio.to_thread.run_sync(until_message, store, job, "it is down")
    assert told.status is JobStatus.ACCEPTED
    assert not prefect.orders
    prefect.down = False
    await anyio.to_thread.run_sync(prefect.until_ordered, 1)
    assert (await remote.wait(job.id, timeout=60, version=told.version)).message == ""


async def test_prefects_absence_keeps_no_local_job_waiting(remote: Engine, prefect: StandIn) -> None:
    prefect.down = True
    waiting = [submit(remote) for _ in range(3)]
    assert (await ended(remote, submit(remote, "Picture"))).status is JobStatus.SUCCESSFUL
    assert not (await remote.wait(waiting[0].id, timeout=0)).final


async def test_a_run_that_is_cancelled_in_prefect_before_it_begins_dismisses_its_job(
    remote: Engine, prefect: StandIn
) -> None:
    job = submit(remote)
    (order,) = prefect.until_ordered(1)
    prefect.set(order.key, CANCELLED)
    assert (await ended(remote, job)).status is JobStatus.DISMISSED


async def test_a_job_whose_run_was_cancelled_and_killed_before_it_could_tell_so_is_not_run_again(
    remote: Engine, prefect: StandIn, make_remote: Callable[[], Engine]
) -> None:
    job = submit(remote)
    (order,) = prefect.until_ordered(1)
    worker = make_remote()
    assert worker.adopt(job.id, "Echo", order.attempts)
    prefect.set(order.key, CANCELLED)
    await anyio.to_thread.run_sync(worker.stop)
    assert (await ended(remote, job)).status is JobStatus.DISMISSED
    assert list(prefect.orders) == [order.key]


async def test_a_job_that_is_dismissed_before_it_begins_has_its_run_cancelled(remote: Engine, prefect: StandIn) -> None:
    job = submit(remote)
    (order,) = prefect.until_ordered(1)
    assert (await remote.dismiss(job.id)).status is JobStatus.DISMISSED
    await anyio.to_thread.run_sync(prefect.until_cancelled, order.key)
    submit(remote)
    await anyio.to_thread.run_sync(prefect.until_ordered, 2)
    submit(remote)
    await anyio.to_thread.run_sync(prefect.until_ordered, 3)
    assert prefect.cancelled == [order.key], "that was asked once"


async def test_after_runs_that_ended_without_having_begun_the_job_it_fails_and_says_so(
    remote: Engine, prefect: StandIn
) -> None:
    job = submit(remote)
    for number in range(5):
        order = (await anyio.to_thread.run_sync(prefect.until_ordered, number + 1))[-1]
        assert (order.attempts, order.vain) == (0, number)
        prefect.set(order.key, RunState("over", "no such image"))
    failed = await ended(remote, job)
    assert (failed.status, failed.message) == (JobStatus.FAILED, "Prefect could not run the job: no such image.")


async def test_of_two_runs_that_begin_a_job_after_all_one_is_given_it(
    remote: Engine, prefect: StandIn, make_remote: Callable[[], Engine], store: JobStore
) -> None:
    job = submit(remote)
    (slow,) = prefect.until_ordered(1)
    prefect.set(slow.key, BEGINNING)
    other = (await anyio.to_thread.run_sync(prefect.until_ordered, 2))[-1]
    assert (other.attempts, other.vain) == (0, 1)
    assert not prefect.cancelled
    workers = [make_remote(), make_remote()]
    assert workers[0].adopt(job.id, "Echo", slow.attempts)
    assert store.start(job.id, workers[0].id, ProcessIdentity.current()) is not None
    assert not workers[1].adopt(job.id, "Echo", other.attempts)


async def test_runs_that_never_began_a_job_are_cancelled_when_another_has_ended_it(
    remote: Engine, prefect: StandIn
) -> None:
    job = submit(remote)
    (lost,) = prefect.until_ordered(1)
    prefect.set(lost.key, BEGINNING)
    await anyio.to_thread.run_sync(prefect.until_ordered, 2)
    assert (await remote.dismiss(job.id)).status is JobStatus.DISMISSED
    await anyio.to_thread.run_sync(prefect.until_cancelled, lost.key)
