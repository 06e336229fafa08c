"""The flow that Prefect's workers run: one job of one process. Loaded by Prefect, never by a server."""

import logging
import time
from typing import Any
from uuid import UUID

from prefect import flow, get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed

from backend.errors import BackendError, NoSuchJobError
from backend.jobs.prefect.carrier import Carrier, carrying
from backend.jobs.prefect.deployments import Deployment, JobOrder
from backend.jobs.states import JobStatus

_ASK_SECONDS = 5.0
"""Time between two questions to Prefect whether the run has been cancelled there."""

_TIMEOUT_SECONDS = 5.0

_log = logging.getLogger(__name__)


@flow(name="ogc-process", validate_parameters=False, persist_result=False, log_prints=False)
def run_job(
    process: dict[str, Any], inputs: dict[str, Any] | None = None, job: dict[str, Any] | None = None
) -> State[Any]:
    """Run the job that is named or, where a person or a schedule has started the run, make one of the inputs."""
    order = None if job is None else JobOrder.of(job)
    try:
        with carrying(Deployment.of(process), order and order.base_url) as carrier:
            if order is None:
                job_id = carrier.accept(inputs or {})
                get_run_logger().info("The run is the job %s.", job_id)
            elif carrier.take(order):
                job_id = order.job_id
            else:
                return Completed(name="NotNeeded", message="The job does not wait for this run any more.")
            return _carry(carrier, job_id)
    except NoSuchJobError:
        return Failed(message="This worker has another job store than the server: its settings must name the same.")
    except BackendError as error:
        return Failed(message=str(error))


def _carry(carrier: Carrier, job_id: str) -> State[Any]:
    ask_at = time.monotonic() + _ASK_SECONDS
    try:
        while carrier.works_on(job_id):
            if time.monotonic() >= ask_at:
                ask_at = time.monotonic() + _ASK_SECONDS
                if _is_cancelled():
                    carrier.dismiss(job_id)
    except BaseException:
        # Prefect ends us by a signal, which it makes an exception: because the run was cancelled, or its worker ends.
        if _is_cancelled():
            carrier.dismiss(job_id)
        raise
    return _end_of(carrier, job_id)


def _end_of(carrier: Carrier, job_id: str) -> State[Any]:
    job = carrier.job(job_id)
    match job.status:
        case JobStatus.SUCCESSFUL:
            return Completed(message=job.message)
        case JobStatus.DISMISSED:
            return Cancelled(message=job.message)
        case _:
            return Failed(message=job.message)


def _is_cancelled() -> bool:
    """Whether somebody has cancelled this run in Prefect, as far as that can be told now."""
    try:
        with get_client(httpx_settings={"timeout": _TIMEOUT_SECONDS}, sync_client=True) as client:
            state = client.read_flow_run(UUID(flow_run.get_id())).state
    except Exception:
        _log.warning("Prefect does not tell whether this run was cancelled", exc_info=True)
        return False
    return state is not None and (state.is_cancelling() or state.is_cancelled())
