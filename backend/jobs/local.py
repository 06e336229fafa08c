"""Runs jobs in worker processes of this machine."""

import atexit
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, cast

from backend.jobs.captured import AppendLog, JobLogs
from backend.jobs.executor import Assignment, Ended, Outcome, WorkerCounts
from backend.jobs.fork_server import start_fork_server, worker_context
from backend.jobs.readable import Readable, Source
from backend.jobs.scratch import sweep_scratch
from backend.jobs.worker_config import Report, WorkerConfig
from backend.jobs.worker_process import WorkerProcess, exit_text

_NO_WORKERS = "The worker processes of this server do not start."

_MAX_FAILED_STARTS = 3
"""When so many workers in a row have ended before they were ready, the jobs that wait for one are told so."""

_RETRY_SECONDS = 0.2
"""Pause before another worker is started after one that did not get ready."""

_TICK_SECONDS = 0.25
"""How late it may be noticed that a job's time is over."""

_IDLE_SECONDS = 10.0
"""How long a worker beyond the usual number is kept."""

_STOP_SECONDS = 5.0

type _Pipe = tuple[Connection, Connection]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Run:
    assignment: Assignment
    ended: Ended
    worker: WorkerProcess | None = None
    deadline: float | None = None
    verdict: Outcome | None = None
    """What it was ended for, once it was."""


class LocalExecutor:
    """Worker processes, started with the jobs that need them or, when `warm`, with the engine.

    One thread starts them, hears them and ends them. A job goes to an idle worker from whichever thread brings it.
    Once started, `workers` of them are kept. While more jobs run at once there are more, which end when idle.
    """

    def __init__(self, config: WorkerConfig, *, workers: int, warm: bool, append_log: AppendLog) -> None:
        self._config = config
        self._process_ids = frozenset(config.processes)
        self._usual = workers
        self._ready_made = workers if warm else 0
        """Workers that are there before a job needs them."""
        self._wanted = warm
        """Whether these may be started: not after failed starts, until the next job."""
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._workers: list[WorkerProcess] = []
        self._buried = 0
        """Workers that have ended."""
        self._stopped = threading.Event()
        self._failed_starts = 0
        """Since a worker last got ready."""
        self._start_after = 0.0
        self._logs = JobLogs(append_log)
        self._readable = Readable()
        self._context: Any = worker_context()
        # Nobody ever writes: the workers see the pipe close when this process is gone.
        self._alive: _Pipe = cast("_Pipe", self._context.Pipe(duplex=False))
        self._bell: _Pipe = cast("_Pipe", self._context.Pipe(duplex=False))
        self._thread = threading.Thread(target=self._work, name="local-executor", daemon=True)

    @property
    def process_ids(self) -> frozenset[str]:
        """The processes that it can run."""
        return self._process_ids

    def start(self) -> None:
        """Start the workers in the background, if they are to be warm."""
        sweep_scratch(self._config.home)  # of servers that were killed
        if self._wanted:
            start_fork_server()
        # The interpreter's end would wait for workers that nobody has ended.
        atexit.register(self.stop)
        self._logs.start()
        self._thread.start()

    def run(self, assignment: Assignment, ended: Ended) -> None:
        """Run a job that the engine has claimed."""
        run = _Run(assignment, ended)
        with self._lock:
            self._runs[assignment.job_id] = run
            self._wanted = True
            self._give(run)
        if run.worker is None:
            self._ring()

    def kill(self, job_id: str) -> None:
        """Kill the worker that runs a job, and all that it started."""
        with self._lock:
            run = self._runs.get(job_id)
            if run is None or run.verdict is not None:
                return
            run.verdict = Outcome("killed")
        self._ring()

    def counts(self) -> WorkerCounts:
        """How many workers there are, and were."""
        with self._lock:
            busy = sum(worker.job_id is not None for worker in self._workers)
            return WorkerCounts(len(self._workers), busy, self._buried)

    def stop(self) -> None:
        """Kill all workers."""
        self._stopped.set()
        self._ring()
        if self._thread.ident is not None:
            self._thread.join()
        atexit.unregister(self.stop)
        self._logs.stop()
        for connection in (*self._alive, *self._bell):
            connection.close()
        sweep_scratch(self._config.home)

    def _ring(self) -> None:
        """Let the thread look at what there is to do."""
        with self._lock:
            if not self._bell[1].closed and not self._bell[0].poll():
                # Not empty: on Windows to look for an empty message takes it away, and nobody hears it.
                self._bell[1].send_bytes(b"!")

    def _work(self) -> None:
        while not self._stopped.is_set():
            try:
                self._turn()
            except Exception:
                _log.exception("the worker processes could not be looked after")
                self._stopped.wait(_TICK_SECONDS)
        self._end_all()

    def _turn(self) -> None:
        started = self._start_one()
        by_source = self._sources()
        ready = set(self._readable.of(by_source, 0 if started else _TICK_SECONDS))
        for source, attend in by_source.items():
            if source in ready:
                attend()
        self._enforce()

    def _sources(self) -> dict[Source, Callable[[], None]]:
        """What is to be done when something becomes readable. What a worker wrote comes first, its death last."""
        workers = tuple(self._workers)
        sources: dict[Source, Callable[[], None]] = {self._bell[0]: self._hush}
        sources |= {one.output: partial(self._relay, one) for one in workers if one.output and not one.quiet}
        sources |= {one.control: partial(self._hear, one) for one in workers if not one.deaf}
        sources |= {one.sentinel: partial(self._bury, one) for one in workers}
        return sources

    def _hush(self) -> None:
        while self._bell[0].poll():
            self._bell[0].recv_bytes()

    def _relay(self, worker: WorkerProcess) -> None:
        data = worker.written()
        if data:
            self._logs.feed(worker.job_id, data)

    def _hear(self, worker: WorkerProcess) -> None:
        """Take a worker's report, and give it what waits."""
        report = worker.report()
        if report is None:
            worker.kill()
            return
        self._relay(worker)
        self._failed_starts = 0
        with self._lock:
            run = None if worker.job_id is None else self._runs.pop(worker.job_id, None)
            worker.job_id, worker.ready, worker.idle_since = None, True, time.monotonic()
            worker.doomed = worker.doomed or report.spent
            for waiting in self._waiting():
                self._give(waiting)
        if report.spent:
            worker.kill()
        if run is not None:
            self._tell(run, _reported(report))

    def _bury(self, worker: WorkerProcess) -> None:
        """A worker has ended."""
        while not worker.deaf and worker.reports():
            self._hear(worker)  # it may have brought its job to an end before
        code = worker.bury()
        while data := worker.written():
            self._logs.feed(worker.job_id, data)
        with self._lock:
            self._workers.remove(worker)
            self._buried += 1
            run = None if worker.job_id is None else self._runs.pop(worker.job_id, None)
        worker.close()
        if not worker.ready:
            self._note_failed_start()
        if run is not None:
            sweep_scratch(self._config.home)
            self._tell(run, run.verdict or self._death(run, code))

    def _death(self, run: _Run, code: int) -> Outcome:
        limits = self._config.limits_of(run.assignment.process_id)
        if sys.platform != "win32" and code == -signal.SIGXCPU:
            return Outcome("exceeded", f"The job took more processor time than the {limits.cpu_seconds} s it may.")
        return Outcome("died", f"The worker process that ran the job died ({exit_text(code)}).")

    def _enforce(self) -> None:
        """End the runs that are to end: on demand, or because their time is over."""
        now = time.monotonic()
        unbegun: list[_Run] = []
        with self._lock:
            for run in tuple(self._runs.values()):
                if run.verdict is None and run.deadline is not None and now >= run.deadline:
                    seconds = self._config.limits_of(run.assignment.process_id).seconds
                    run.verdict = Outcome("exceeded", f"The job took longer than the {seconds:g} s that it may.")
                if run.verdict is not None and run.worker is None:
                    del self._runs[run.assignment.job_id]
                    unbegun.append(run)
            doomed = [run.worker for run in self._runs.values() if run.verdict and run.worker]
            staying = self._staying()
            idle = [one for one in staying if one.ready and one.job_id is None]
            surplus = len(staying) - max(self._usual, len(self._runs))
            doomed += [one for one in idle if now - one.idle_since > _IDLE_SECONDS][: max(0, surplus)]
            condemned = [one for one in doomed if not one.doomed]
            for worker in condemned:
                worker.doomed = True
        for worker in condemned:
            worker.kill()
        for run in unbegun:
            self._tell(run, cast("Outcome", run.verdict))

    def _staying(self) -> list[WorkerProcess]:
        """The workers that are not about to end. The lock is held."""
        return [one for one in self._workers if not one.doomed]

    def _waiting(self) -> list[_Run]:
        """The runs without a worker, the oldest first. The lock is held."""
        return [run for run in self._runs.values() if run.worker is None and run.verdict is None]

    def _give(self, run: _Run) -> None:
        """Hand a run to an idle worker, if there is one. The lock is held."""
        for worker in self._workers:
            if worker.ready and worker.job_id is None and not worker.doomed:
                if not worker.assign(run.assignment):
                    worker.doomed = True
                    continue
                worker.job_id, run.worker = run.assignment.job_id, worker
                seconds = self._config.limits_of(run.assignment.process_id).seconds
                run.deadline = None if seconds is None else time.monotonic() + seconds
                return

    def _start_one(self) -> bool:
        """Start a worker if there should be more; tells whether it did."""
        with self._lock:
            wanted = max(self._ready_made if self._wanted else 0, len(self._runs))
            staying = len(self._staying())
        if staying >= wanted or time.monotonic() < self._start_after:
            return False
        try:
            worker = WorkerProcess(self._context, self._config, self._alive[0])
        except (OSError, EOFError):
            _log.exception("a worker process could not be started")
            self._note_failed_start()
            return False
        with self._lock:
            self._workers.append(worker)
        return True

    def _note_failed_start(self) -> None:
        self._failed_starts += 1
        self._start_after = time.monotonic() + _RETRY_SECONDS
        if self._failed_starts < _MAX_FAILED_STARTS:
            return
        with self._lock:
            unable = self._waiting()
            for run in unable:
                del self._runs[run.assignment.job_id]
            self._wanted = False  # until the next job
        self._failed_starts = 0
        for run in unable:
            self._tell(run, Outcome("broken", _NO_WORKERS))

    def _tell(self, run: _Run, outcome: Outcome) -> None:
        self._logs.finish(run.assignment.job_id, partial(self._ended, run, outcome))

    def _ended(self, run: _Run, outcome: Outcome) -> None:
        if self._stopped.is_set():
            return
        try:
            run.ended(outcome)
        except Exception:
            _log.exception("the end of job %s could not be told", run.assignment.job_id)

    def _end_all(self) -> None:
        for worker in self._workers:
            worker.kill()
        deadline = time.monotonic() + _STOP_SECONDS
        while self._workers and time.monotonic() < deadline:
            ended = self._readable.of([worker.sentinel for worker in self._workers], _TICK_SECONDS)
            for worker in [one for one in self._workers if one.sentinel in ended]:
                worker.bury()
                worker.close()
                self._workers.remove(worker)


def _reported(report: Report) -> Outcome:
    if report.failure:
        return Outcome("broken", report.failure)
    return Outcome("finished") if report.complete is None else Outcome("complete", attempt=report.complete)
