"""Has jobs run by workers of Prefect's: orders a run of each, and follows it until the job has ended in the store."""

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from backend.jobs.complaints import Complaints
from backend.jobs.executor import Assignment, Ended, Outcome
from backend.jobs.leases import Observed
from backend.jobs.prefect.deployments import Deployment, JobOrder, RunState, UnavailableError
from backend.jobs.states import FINAL, JobStatus
from backend.jobs.store import JobStore

_TICK_SECONDS = 0.5
"""Longest time until an end that a worker wrote into the store is noticed."""

_ASK_SECONDS = 2.0
"""Time between two questions to Prefect how the runs stand that have not begun."""

_RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""Pauses between the attempts to reach Prefect."""

_LATE_SECONDS = 30.0
"""Time after which a job tells that no worker has taken it."""

_STUBBORN_SECONDS = 3.0
"""Time that a worker has for ending a dismissed job, until Prefect is asked to end that worker's process."""

_MAX_RUNS = 5
"""Runs that may end one after the other without having begun their job, until it fails for that."""

_STOP_SECONDS = 5.0

_UNKNOWN = RunState("over", "Prefect knows nothing of its run any more")

_log = logging.getLogger(__name__)


class Prefect(Protocol):
    """`Orchestrator`, which is loaded by the executor's thread: to import Prefect takes seconds."""

    def deploy(self, deployments: Sequence[Deployment]) -> Mapping[str, UUID]: ...

    def submit(self, deployment: UUID, order: JobOrder) -> UUID: ...

    def states(self, runs: Sequence[UUID]) -> Mapping[UUID, RunState]: ...

    def cancel(self, run: UUID) -> None: ...


type Connect = Callable[[], AbstractContextManager[Prefect]]


@dataclass(slots=True)
class _Order:
    """A job that is to be run by Prefect. Only the executor's thread touches what follows the first two."""

    assignment: Assignment
    ended: Ended
    attempts: int | None = None
    """Those that were made before; None until the store was asked."""
    begun: bool = False
    """A worker has it, or another server does."""
    earlier: UUID | None = None
    """The run of the attempt before, which has not brought the job to its end."""
    run: UUID | None = None
    order_at: float = 0.0
    """Not to be ordered before (monotonic clock)."""
    phase: str = ""
    since: float = 0.0
    """When Prefect first told the phase (monotonic clock)."""
    vain: list[UUID] = field(default_factory=list[UUID])
    """Runs that have not begun the job, and will hardly do so."""
    ended_vainly: int = 0
    explained: str = ""
    urge_at: float | None = None
    """When Prefect is to be asked to end the worker's process, if the job is being dismissed (monotonic clock)."""


class PrefectExecutor:
    """Prefect's word alone ends no job, but for one that was cancelled there: what is true stands in the store.

    A run claims its job in the store when it begins, for a lease of its own. So neither the death of this server nor
    that of Prefect's ends it, and a run that Prefect has lost begins no job that another one has begun since.
    """

    def __init__(
        self,
        store: JobStore,
        connect: Connect,
        deployments: Sequence[Deployment],
        *,
        base_url: str,
        start_seconds: float,
        ask_seconds: float = _ASK_SECONDS,
    ) -> None:
        """`start_seconds`: how long a run may say that it begins; `ask_seconds`: how often Prefect is asked of them."""
        self._store = store
        self._connect = connect
        self._deployments = tuple(deployments)
        self._process_ids = frozenset(one.process_id for one in self._deployments)
        self._base_url = base_url
        self._start_seconds = start_seconds
        self._ask_seconds = ask_seconds
        self._lock = threading.Lock()
        self._orders: dict[str, _Order] = {}
        self._unwanted: set[UUID] = set()
        """Runs that are to be cancelled."""
        self._link = ExitStack()
        self._prefect: Prefect | None = None
        self._deployed: Mapping[str, UUID] = {}
        self._failures = 0
        self._retry_at = self._ask_at = 0.0
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="prefect-executor", daemon=True)

    @property
    def process_ids(self) -> frozenset[str]:
        """The processes that it can run."""
        return self._process_ids

    def start(self) -> None:
        """Make the deployments, in the background."""
        self._thread.start()

    def run(self, assignment: Assignment, ended: Ended) -> None:
        """Order a run of a job that the engine has claimed; one that comes again was given back by its worker."""
        with self._lock:
            before = self._orders.get(assignment.job_id)
            self._orders[assignment.job_id] = _Order(assignment, ended, earlier=before and before.run)
        self._wake.set()

    def kill(self, job_id: str) -> None:  # noqa: ARG002 - the store says of each whether it is to be ended
        """Look into the store at once. Who runs a job that is to be dismissed sees it there, and ends it."""
        self._wake.set()

    def stop(self) -> None:
        """Follow the jobs no more. What Prefect has of them goes on."""
        self._stopped.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)

    def _work(self) -> None:
        complaints = Complaints(_log, "the jobs of Prefect could not be looked after")
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                self._look()
                if time.monotonic() >= self._retry_at:
                    self._converse()
                complaints.went_well()
            except Exception as error:
                complaints.failed(error)
            self._wake.wait(_TICK_SECONDS)
        self._link.close()

    def _current(self) -> dict[str, _Order]:
        with self._lock:
            return dict(self._orders)

    def _look(self) -> None:
        """Learn from the store how the jobs stand."""
        orders = self._current()
        found = {one.id: one for one in self._store.leases.observe(orders.keys())}
        for job_id, order in orders.items():
            job = found.get(job_id)
            if job is not None and job.status not in FINAL:
                self._note(order, job)
                continue
            self._unwanted |= set(order.vain)
            if order.run is not None and job is not None and job.status is JobStatus.DISMISSED and not order.begun:
                self._unwanted.add(order.run)
            self._end(order, Outcome("finished"))

    def _note(self, order: _Order, job: Observed) -> None:
        order.attempts = job.attempts
        order.begun = job.status is JobStatus.RUNNING or job.owner != order.assignment.engine
        if not job.dismiss_requested:
            return
        now = time.monotonic()
        if order.urge_at is None:
            order.urge_at = now + _STUBBORN_SECONDS
        elif now > order.urge_at and order.run is not None:
            order.urge_at = math.inf
            self._unwanted.add(order.run)

    def _end(self, order: _Order, outcome: Outcome) -> None:
        with self._lock:
            if self._orders.get(order.assignment.job_id) is not order:
                return  # it came again meanwhile
            del self._orders[order.assignment.job_id]
        order.ended(outcome)

    def _converse(self) -> None:
        """Order runs, and ask how those stand that have not begun their job."""
        waiting = [one for one in self._current().values() if one.attempts is not None and not one.begun]
        try:
            prefect = self._connected()
            for order in waiting:
                if order.run is None and time.monotonic() >= order.order_at:
                    self._submit(prefect, order)
            if time.monotonic() >= self._ask_at:
                self._ask(prefect, waiting)
                self._ask_at = time.monotonic() + self._ask_seconds
            for run in tuple(self._unwanted):
                prefect.cancel(run)
                self._unwanted.discard(run)
        except UnavailableError as error:
            self._break_off(str(error), waiting)
        except ImportError:
            self._break_off("the server lacks what `pip install 'ogc-processes-mcp[prefect]'` installs", waiting)

    def _connected(self) -> Prefect:
        if self._prefect is None:
            prefect = self._link.enter_context(self._connect())
            self._deployed = prefect.deploy(self._deployments)
            self._prefect = prefect
            self._failures = 0
            _log.info("Prefect has the deployments of %d processes", len(self._deployed))
        return self._prefect

    def _break_off(self, reason: str, waiting: Sequence[_Order]) -> None:
        """Nothing is lost by it: what was ordered goes on, and what was not stays in the store."""
        self._link.close()
        self._prefect = None
        self._retry_at = time.monotonic() + _RETRY_SECONDS[min(self._failures, len(_RETRY_SECONDS) - 1)]
        self._failures += 1
        if self._failures == 1:
            _log.warning("Prefect cannot be reached: %s. Its jobs wait.", reason)
        for order in waiting:
            if order.run is None:
                self._explain(order, f"The job waits, because Prefect cannot be reached: {reason}.")

    def _submit(self, prefect: Prefect, order: _Order) -> None:
        if order.earlier is not None:
            earlier = prefect.states([order.earlier]).get(order.earlier)
            if earlier is not None and earlier.phase == "cancelled":
                # Its process was killed too hard to tell us why.
                self._store.dismiss(order.assignment.job_id)
                return
        at = order.assignment
        order.run = prefect.submit(
            self._deployed[at.process_id],
            JobOrder(at.job_id, order.attempts or 0, len(order.vain), self._base_url),
        )
        self._explain(order, "")

    def _ask(self, prefect: Prefect, waiting: Sequence[_Order]) -> None:
        by_run = {order.run: order for order in waiting if order.run is not None}
        if by_run:
            states = prefect.states(tuple(by_run))
            for run, order in by_run.items():
                self._judge(order, run, states.get(run, _UNKNOWN))

    def _judge(self, order: _Order, run: UUID, state: RunState) -> None:
        """Act on how a run stands that, when the store was last asked, had not begun its job."""
        now = time.monotonic()
        if state.phase != order.phase:
            order.phase, order.since = state.phase, now
        match state.phase:
            case "waiting":
                if now - order.since > _LATE_SECONDS:
                    self._explain(order, "The job waits for a worker of Prefect's work pool.")
            case "beginning":
                if now - order.since > self._start_seconds * 2 ** len(order.vain):
                    # It may still begin: of two runs that do, one is given the job.
                    self._order_another(order, run, "its worker has not begun it")
            case "cancelled":
                self._store.dismiss(order.assignment.job_id)
            case "over":
                self._count_end(order, run, state.message)

    def _count_end(self, order: _Order, run: UUID, reason: str) -> None:
        order.ended_vainly += 1
        if order.ended_vainly < _MAX_RUNS:
            # What ends a run may be over soon.
            order.order_at = time.monotonic() + self._ask_seconds * 2**order.ended_vainly
            self._order_another(order, run, reason)
        else:
            self._end(order, Outcome("broken", f"Prefect could not run the job: {reason}."))

    def _order_another(self, order: _Order, run: UUID, reason: str) -> None:
        order.vain.append(run)
        order.run, order.phase = None, ""
        self._explain(order, f"Prefect has not run the job ({reason}). Another run is ordered.")

    def _explain(self, order: _Order, text: str) -> None:
        """Tell in the job's status why it waits."""
        if text != order.explained:
            order.explained = text
            self._store.leases.explain(order.assignment.engine, order.assignment.job_id, text)
