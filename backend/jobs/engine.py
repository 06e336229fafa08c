"""Brings jobs to their end: claims them from the store, has them run, waits for them, dismisses them."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import anyio
import anyio.to_thread

from backend.jobs.admission import Bounds, Call
from backend.jobs.asking import asked
from backend.jobs.complaints import Complaints
from backend.jobs.executor import Executor, Outcome
from backend.jobs.gathering import Gathering
from backend.jobs.intake import Intake
from backend.jobs.lanes import Lane, Lanes
from backend.jobs.leases import Observed
from backend.jobs.observer import JobObserver
from backend.jobs.pace import Pace
from backend.jobs.records import CompleteAttempt, Failure, Job, JobRequest
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore
from backend.jobs.waiters import Waiters
from telemetry.logs import about

_TICK_SECONDS = 0.1
"""Longest time until a change made by another process, a worker's progress too, is noticed."""

_CLAIM_SECONDS = 2.0
"""Longest time that an engine being stopped waits for a job on its way into the store."""

_CLOSED = "The server that ran the job was closed."

_SUSPECT_SECONDS = 5.0
"""A job that looks lost for so long is settled: on a busy machine two steps of a sound one may be seconds apart."""

_UNNOTICED = "The worker process that ran the job died."

_log = logging.getLogger(__name__)


class Engine:
    """One per server process and store. Its threads and the event loop share it."""

    def __init__(
        self,
        store: JobStore,
        executor: Executor,
        bounds: Bounds,
        *,
        lease_seconds: float,
        dismiss_wait_seconds: float,
        others: Sequence[Lane] = (),
    ) -> None:
        """`others`: executors for processes of their own; `executor` runs all that none of them can."""
        self.id = uuid.uuid4().hex
        self._store = store
        self._lease_seconds = lease_seconds
        self._dismiss_wait_seconds = dismiss_wait_seconds
        self._waiters = Waiters()
        self._lanes = Lanes(self.id, store.leases, (Lane(executor, bounds), *others), self._ended)
        self._intake = Intake(self.id, store, self._lanes, max_queued=bounds.max_queued)
        self._confirmations = Gathering[CompleteAttempt]("job-confirmations", self._confirm)
        self._unsettled: dict[str, Outcome] = {}
        """Ends of runs that could not be stored."""
        self._suspects: dict[str, float] = {}
        """Jobs that look wrong, and since when (monotonic clock)."""
        self._sweep_soon = threading.Event()
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="job-engine", daemon=True)

    @property
    def observers(self) -> tuple[JobObserver, ...]:
        """Who is told of every job that is accepted or ends here; may be set at any time."""
        return self._intake.observers

    @observers.setter
    def observers(self, observers: tuple[JobObserver, ...]) -> None:
        self._intake.observers = observers

    def start(self) -> None:
        """Begin to work: on jobs that wait in the store too."""
        self._store.leases.register(self.id)
        self._confirmations.start()
        self._intake.start()
        self._lanes.start()
        self._keeper.start()

    def stop(self) -> None:
        """End the workers and give every unfinished job of this engine back to the store."""
        self._stopping.set()
        self._lanes.stop()
        self._intake.stop()
        self._sweep_soon.set()
        self._waiters.wake_all()
        if self._keeper.ident is not None:
            self._keeper.join()
        # What is claimed after the release would be nobody's until the lease is over.
        self._lanes.stop_executors(_CLAIM_SECONDS)
        self._confirmations.stop()
        self._store.leases.release(self.id, _CLOSED)
        self._waiters.wake_all()

    async def accept(self, request: JobRequest, *, durable: bool, large: bool = False, patience: float = 0) -> Job:
        """Accept a job and start it if it may begin; what would take long is done in other threads.

        `durable`: the job is on the disk before this returns. `large`: its inputs are. `patience`: seconds for which
        its end will be waited for.

        Raises:
            ServerBusyError: this engine is being stopped, or as many jobs wait as may.
        """
        return await self._intake.accept(request, durable=durable, large=large, patience=patience)

    def submit(self, request: JobRequest, *, durable: bool, patient: bool = True, patience: float = 0) -> Job:
        """Accept a job and start it if it may begin. Blocks for one write to the store.

        Raises:
            ServerBusyError: this engine is being stopped, or as many jobs wait as may.
            StoreLockedError: others write to the store, and we are not `patient`.
        """
        return self._intake.submit(request, durable=durable, patient=patient, patience=patience)

    def adopt(self, job_id: str, process_id: str, attempts: int) -> bool:
        """Run a job that waits, whichever engine has claimed it, if there were as many attempts at it before.

        Returns whether it did: another attempt may have begun since, or the job have ended.
        """
        dispatcher = self._lanes.of(process_id)
        with dispatcher.slot(Call(process_id)) as slot:
            if slot is None or not self._store.leases.adopt(self.id, job_id, attempts):
                return False
            dispatcher.begin(job_id, process_id, slot)
        return True

    async def wait(self, job_id: str, *, timeout: float, version: int | None = None) -> Job:  # noqa: ASYNC109
        """Wait at most `timeout` seconds until a job has ended or, with `version`, has another version than that.

        Returns the job as it then is, whichever server runs it.

        Raises:
            NoSuchJobError: there is none of that id.
        """
        deadline = time.monotonic() + timeout
        with self._waiters.waiting(job_id) as waiter:
            if version is None and job_id in self._lanes.own() and not self._stopping.is_set():
                # It runs here, and wakes us when it ends: until then there is no end of it in the store.
                with anyio.move_on_after(timeout):
                    await waiter.event.wait()
            while True:
                waiter.event.clear()
                job = await asked(self._store, partial(self._store.get, job_id))
                waiter.seen = job.version
                remaining = deadline - time.monotonic()
                if job.final or version not in {None, job.version} or remaining <= 0 or self._stopping.is_set():
                    return job
                with anyio.move_on_after(remaining):
                    await waiter.event.wait()

    async def dismiss(self, job_id: str) -> Job:
        """Dismiss a job of whichever server, and wait a bounded time until its process has ended.

        Returns the dismissed job or, if the end could not be confirmed in time, the job as it is: still running, with
        a message that says so.

        Raises:
            NoSuchJobError: there is none of that id.
        """
        job = await anyio.to_thread.run_sync(self._request_dismissal, job_id)
        if not job.final:
            job = await self.wait(job_id, timeout=self._dismiss_wait_seconds)
        if job.final and job.status is not JobStatus.DISMISSED:
            # It ended by itself while it was being asked to.
            job = await anyio.to_thread.run_sync(self._store.dismiss, job_id)
        return job

    def _request_dismissal(self, job_id: str) -> Job:
        job = self._store.dismiss(job_id)
        if job.final:
            self._waiters.wake(job_id)
        elif job_id in self._lanes.own():
            self._lanes.kill(job_id)
        else:
            self._sweep_soon.set()  # its server may be dead
        return job

    def _ended(self, job_id: str, outcome: Outcome) -> None:
        """Called once the run of a job has ended, from a thread of the executor's."""
        dispatcher = self._lanes.release(job_id)
        if dispatcher is None:
            return
        if outcome.kind == "complete":
            self._confirmations.add((job_id, outcome.attempt))  # not taken at a stop: `Leases.release` ends the job
        else:
            with about(job_id=job_id):
                self._store_end({job_id: outcome}, lambda: self._settle(job_id, outcome))
        dispatcher.fill()

    def _confirm(self, complete: Sequence[CompleteAttempt]) -> None:
        """End jobs of which all results are stored."""
        outcomes = {job_id: Outcome("complete", _UNNOTICED, attempt) for job_id, attempt in complete}
        self._store_end(outcomes, lambda: self._store.confirm(complete))

    def _store_end(self, outcomes: Mapping[str, Outcome], store: Callable[[], object]) -> None:
        """Have the ends of jobs stored, and tell whom they concern."""
        try:
            store()
        except Exception:
            _log.exception("the end of job %s could not be stored", ", ".join(outcomes))
            self._unsettled |= outcomes  # the keeper will try again
        for job_id in outcomes:
            self._tell(job_id)

    def _store_ends_again(self) -> None:
        """Try again to store ends; stop at the first that still cannot be stored, which is tried last the next time."""
        for job_id, outcome in tuple(self._unsettled.items()):
            del self._unsettled[job_id]
            self._store_end({job_id: outcome}, partial(self._settle, job_id, outcome))
            if job_id in self._unsettled:
                return

    def _tell(self, job_id: str) -> None:
        """Tell observers and waiters that the run of a job has ended."""
        self._tell_observers(job_id)
        self._waiters.wake(job_id)

    def _tell_observers(self, job_id: str) -> None:
        if not self.observers:
            return
        try:
            job = self._store.get(job_id)
            if job.final:
                for observer in self.observers:
                    observer.ended(job)
        except Exception:
            # Whoever counts jobs is no reason for one to fail.
            _log.exception("the end of job %s could not be observed", job_id)

    def _settle(self, job_id: str, outcome: Outcome) -> None:
        match outcome.kind:
            case "finished":
                return
            case "broken":
                self._store.leases.fail(job_id, self.id, Failure("failed", outcome.reason))
            case "exceeded":
                self._store.leases.fail(job_id, self.id, Failure("exceeded", outcome.reason))
            case "killed" | "died" | "complete":
                self._store.leases.settle(job_id, self.id, outcome.reason)
                self._lanes.expect()

    def _keep(self) -> None:
        """The engine's own thread: what has to be looked at again and again."""
        watch = self._store.watch()
        pace = Pace(self._lease_seconds)
        complaints = Complaints(_log, "the job engine could not look after its jobs")
        soon = False
        try:
            while not self._stopping.is_set():
                try:
                    pace.begin()
                    if pace.renewal_due():
                        self._store.leases.renew(self.id)
                    if watch.changed():
                        self._look()
                    self._lanes.fill()
                    if pace.sweep_due() or soon:
                        self._sweep()
                    complaints.went_well()
                except Exception as error:
                    complaints.failed(error)
                soon = self._sweep_soon.wait(_TICK_SECONDS)
                if soon:
                    self._sweep_soon.clear()
        finally:
            watch.close()

    def _look(self) -> None:
        """React to what others have changed in the store."""
        own = self._lanes.own()
        for job in self._store.leases.observe(own | self._waiters.job_ids()):
            if job.id in own and self._must_end(job):
                self._lanes.kill(job.id)
            self._waiters.wake(job.id, version=job.version)
        self._lanes.look()

    def _must_end(self, job: Observed) -> bool:
        return job.owner != self.id or (job.status is JobStatus.RUNNING and job.dismiss_requested)

    def _sweep(self) -> None:
        """Take over the jobs of dead engines, and settle own ones whose end nobody told."""
        self._store_ends_again()
        self._store.leases.take_over(self.id)
        own = self._lanes.own()
        now = time.monotonic()
        self._suspects = {
            job_id: self._suspects.get(job_id, now)
            for job_id, worker in self._store.leases.jobs_of(self.id)
            if job_id not in own or (worker is not None and not worker.alive())
        }
        for job_id, since in self._suspects.items():
            if now - since < _SUSPECT_SECONDS:
                continue
            if job_id in own:
                self._ended(job_id, Outcome("died", _UNNOTICED))
            else:
                self._store.leases.settle(job_id, self.id, _UNNOTICED)
