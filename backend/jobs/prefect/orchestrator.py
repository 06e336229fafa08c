"""What is asked of a Prefect server, in the words of jobs. Of what a server loads, only this imports Prefect."""

import hashlib
import json
import logging
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.sorting import DeploymentSort, FlowRunSort
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Cancelling

from backend.jobs.prefect.deployments import (
    ENTRYPOINT,
    PARAMETERS,
    Deployment,
    JobOrder,
    Phase,
    RunState,
    UnavailableError,
)

_log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 10.0
_PAGE = 200
"""What Prefect's API gives at most in one answer."""

_PHASES: Mapping[StateType, Phase] = {
    StateType.SCHEDULED: "waiting",
    StateType.PAUSED: "waiting",
    StateType.PENDING: "beginning",
    StateType.RUNNING: "beginning",
    StateType.CANCELLING: "cancelled",
    StateType.CANCELLED: "cancelled",
    StateType.COMPLETED: "over",
    StateType.FAILED: "over",
    StateType.CRASHED: "over",
}


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """A connection to Prefect's API, for one thread.

    Every method raises `UnavailableError` where the API does not answer as it should.
    """

    client: SyncPrefectClient
    pool: str
    """Name of the work pool; the flow of its deployments has the same."""

    def deploy(self, deployments: Iterable[Deployment]) -> Mapping[str, UUID]:
        """Make the work pool and the deployments that are missing or have changed: process id → deployment.

        What people have added to a deployment in Prefect, its schedules say, stays.
        """
        with _told():
            self._make_pool()
            flow = self.client.create_flow_from_name(self.pool)
            known = {one.name: one for one in self._deployed()}
            ids: dict[str, UUID] = {}
            for deployment in deployments:
                found = known.get(deployment.process_id)
                if found is None:
                    ids[deployment.process_id] = self._create(flow, deployment)
                    continue
                ids[deployment.process_id] = found.id
                if found.version != _version(deployment):
                    self.client.update_deployment(found.id, self._changed(deployment))
            return ids

    def submit(self, deployment: UUID, order: JobOrder) -> UUID:
        """Order a run; the one there is where that very attempt at the job was ordered before."""
        with _told():
            run = self.client.create_flow_run_from_deployment(
                deployment,
                parameters={"job": order.document()},
                name=order.job_id,
                idempotency_key=order.key,
            )
        return run.id

    def states(self, runs: Collection[UUID]) -> Mapping[UUID, RunState]:
        """How several runs stand; those that Prefect does not know any more are missing."""
        with _told():
            wanted, found = list(runs), dict[UUID, RunState]()
            for begin in range(0, len(wanted), _PAGE):
                chosen = FlowRunFilter(id=FlowRunFilterId(any_=wanted[begin : begin + _PAGE]))
                for run in self.client.read_flow_runs(flow_run_filter=chosen, sort=FlowRunSort.ID_DESC, limit=_PAGE):
                    if run.state is not None:
                        found[run.id] = _run_state(run.state)
            return found

    def cancel(self, run: UUID) -> None:
        """Ask that a run be ended, or not be begun. Prefect's worker ends its process in its own time."""
        with _told(), suppress(ObjectNotFound):
            self.client.set_flow_run_state(run, Cancelling(message="The job has been dismissed or given up."))

    def _make_pool(self) -> None:
        try:
            self.client.create_work_pool(WorkPoolCreate(name=self.pool, type="process"))
        except ObjectAlreadyExists:
            return

    def _deployed(self) -> Generator[Any]:
        offset = 0
        while True:
            named = FlowFilter(name=FlowFilterName(any_=[self.pool]))
            page = self.client.read_deployments(
                flow_filter=named, sort=DeploymentSort.NAME_ASC, limit=_PAGE, offset=offset
            )
            yield from page
            if len(page) < _PAGE:
                return
            offset += _PAGE

    def _create(self, flow: UUID, deployment: Deployment) -> UUID:
        return self.client.create_deployment(
            flow,
            deployment.process_id,
            version=_version(deployment),
            parameters=deployment.parameters(),
            description=deployment.description,
            work_pool_name=self.pool,
            entrypoint=ENTRYPOINT,
            parameter_openapi_schema=dict(PARAMETERS),
            enforce_parameter_schema=False,
        )

    def _changed(self, deployment: Deployment) -> DeploymentUpdate:
        return DeploymentUpdate(
            version=_version(deployment),
            parameters=deployment.parameters(),
            description=deployment.description,
            work_pool_name=self.pool,
            entrypoint=ENTRYPOINT,
        )


@contextmanager
def connected(pool: str) -> Generator[Orchestrator]:
    """A connection to the API that Prefect's own settings name.

    Raises:
        UnavailableError: they name none. A server of Prefect's own making is never started.
    """
    if not PREFECT_API_URL.value():
        raise UnavailableError("no setting of Prefect's (PREFECT_API_URL) says where its API is")
    # Its database may be locked for a moment. With as many retries as usual, one call may take minutes.
    with temporary_settings(updates={PREFECT_CLIENT_MAX_RETRIES: 1}):
        client = get_client(httpx_settings={"timeout": _TIMEOUT_SECONDS}, sync_client=True)
        with client:
            yield Orchestrator(client, pool)


@contextmanager
def _told() -> Generator[None]:
    """Whatever a client of Prefect's raises, nothing else can be done about it."""
    try:
        yield
    except Exception as error:
        raise UnavailableError(f"its API does not answer as it should ({type(error).__name__})") from error


def _run_state(state: State[Any]) -> RunState:
    if state.type is StateType.FAILED and state.message:
        return RunState("over", state.message)  # by the flow itself
    if _PHASES[state.type] == "over":
        _log.warning("a run ended in Prefect: %s", state.message)  # where its API is, say: nothing for clients
    return RunState(_PHASES[state.type], f"its run is {state.name} there")


def _version(deployment: Deployment) -> str:
    text = json.dumps([ENTRYPOINT, deployment.description, deployment.parameters()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
