"""Runs jobs in worker processes of this machine: a pebble pool."""

import logging
import multiprocessing
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import RLock
from typing import Any, cast

from pebble import ProcessExpired, ProcessFuture, ProcessPool
from pebble.common.types import CONSTS

from backend.jobs.executor import Outcome
from backend.jobs.scratch import sweep_scratch
from backend.jobs.worker import WorkerConfig, run_job, start_worker

_POLL_SECONDS = 0.02
"""How often the pool looks for runs to be killed and workers that died. Its own default of 0.1 s shows."""

_PRELOAD = ("backend.jobs.worker", "sqlalchemy.dialects.sqlite", "shapely", "pyproj")
"""Imported once by the fork server, for all workers to share: most of their memory and start."""

_DIED = "The worker processes of this server died."
_NO_WORKERS = "The worker processes of this server do not start."

_MAX_BROKEN = 3
"""Pools that may break one after the other, without a job that ends, before jobs are told so."""

type _Pipe = tuple[Connection, Connection]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Run:
    job_id: str
    engine: str
    ended: Callable[[Outcome], None]
    future: ProcessFuture[None] | None = None
    killed: bool = False


class LocalExecutor:
    """Worker processes, started with the first job or, when `warm`, with the engine."""

    def __init__(self, config: WorkerConfig, *, workers: int, warm: bool) -> None:
        self._config = config
        self._workers = workers
        self._warm = warm
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._waiting: deque[_Run] = deque()
        self._pool: ProcessPool | None = None
        self._starter: threading.Thread | None = None
        self._stopped = threading.Event()
        self._broken = 0
        # Nobody ever writes: the workers see the pipe close when this process is gone.
        self._alive: _Pipe | None = None

    @property
    def slots(self) -> int:
        """Jobs that may run at once."""
        return self._workers

    @property
    def process_ids(self) -> frozenset[str]:
        """The processes that it can run."""
        return frozenset(self._config.processes)

    def start(self) -> None:
        """Start the workers in the background, if they are to be warm."""
        sweep_scratch(self._config.home)  # of servers that were killed
        if self._warm:
            with self._lock:
                self._ensure_pool()

    def run(self, job_id: str, engine: str, ended: Callable[[Outcome], None]) -> None:
        """Run a job that the engine has claimed."""
        run = _Run(job_id, engine, ended)
        with self._lock:
            self._runs[job_id] = run
            self._waiting.append(run)
            self._ensure_pool()
        self._schedule()

    def kill(self, job_id: str) -> None:
        """Kill the worker that runs a job."""
        with self._lock:
            run = self._runs.get(job_id)
            if run is None or run.killed:
                return
            run.killed = True
        threading.Thread(target=self._kill, args=(run,), name=f"kill-{job_id}", daemon=True).start()

    def stop(self) -> None:
        """Kill all workers."""
        with self._lock:
            self._stopped.set()
            starter = self._starter
            self._runs.clear()
            self._waiting.clear()
        if starter is not None:
            starter.join()
        with self._lock:
            pool, self._pool = self._pool, None
            alive, self._alive = self._alive, None
        if pool is not None:
            pool.stop()
            pool.join()
        for connection in alive or ():
            connection.close()
        sweep_scratch(self._config.home)

    def _ensure_pool(self) -> None:
        """Start a pool in the background unless one works. The lock is held."""
        if self._stopped.is_set() or self._starter is not None or (self._pool is not None and self._pool.active):
            return
        self._starter = threading.Thread(target=self._start_pool, name="worker-pool-start", daemon=True)
        self._starter.start()

    def _start_pool(self) -> None:
        broken, self._pool = self._pool, None
        try:
            if broken is not None:
                # An idle worker that dies breaks pebble's pool.
                _log.warning("the worker pool broke and is started again")
                broken.join()
            pool = self._new_pool()
            if pool.active:
                self._pool = pool
        except Exception:
            _log.exception("worker processes could not be started")
        with self._lock:
            self._starter = None
            unable = [] if self._pool is not None else list(self._waiting)
            self._waiting.clear() if unable else None
        for run in unable:
            self._tell(run, Outcome("broken", _NO_WORKERS))
        self._schedule()

    def _new_pool(self) -> ProcessPool:
        # Consumed by pebble's loops at every turn; there is no argument for it.
        CONSTS.sleep_unit = _POLL_SECONDS
        context = _WorkerContext("forkserver" if sys.platform == "linux" else "spawn")
        if sys.platform == "linux":
            multiprocessing.set_forkserver_preload([*_PRELOAD, *_own_modules(self._config)])
        self._alive = self._alive or cast("_Pipe", context.Pipe(duplex=False))
        alive, _ours = self._alive
        return ProcessPool(
            max_workers=self._workers,
            initializer=start_worker,
            initargs=(self._config, alive),
            context=context,
        )

    def _schedule(self) -> None:
        """Hand what waits to the pool. It takes no more at once than it has idle workers."""
        while True:
            with self._lock:
                pool = self._pool
                if pool is None or self._starter is not None or not self._waiting:
                    return
                run = self._waiting.popleft()
                if run.killed:
                    continue
                try:
                    run.future = pool.schedule(run_job, args=(run.job_id, run.engine))
                except RuntimeError:
                    self._waiting.appendleft(run)
                    self._ensure_pool()
                    return
            run.future.add_done_callback(lambda _future, run=run: self._ended(run))

    def _ended(self, run: _Run) -> None:
        if not run.killed and run.future is not None:
            self._tell(run, self._outcome(run.future))

    def _kill(self, run: _Run) -> None:
        """Cancel, and wait until pebble has confirmed the worker's death: `cancelled()` is true long before."""
        future = run.future
        if future is None:
            self._tell(run, Outcome("killed"))
            return
        future.cancel()
        while wait([future], timeout=1).not_done:
            if self._stopped.is_set():
                return
        self._tell(run, Outcome("killed") if future.cancelled() else self._outcome(future))

    def _tell(self, run: _Run, outcome: Outcome) -> None:
        with self._lock:
            # A late report of an earlier run must not end the one that has begun since.
            if self._runs.get(run.job_id) is not run:
                return
            del self._runs[run.job_id]
        if outcome.kind != "finished":
            sweep_scratch(self._config.home)
        run.ended(outcome)

    def _outcome(self, future: ProcessFuture[None]) -> Outcome:
        try:
            future.result(timeout=0)
        except CancelledError:
            return Outcome("killed")
        except ProcessExpired as error:
            return Outcome("died", f"The worker process that ran the job died ({_exit(error.exitcode)}).")
        except BrokenProcessPool:
            self._broken += 1
            return Outcome("broken", _NO_WORKERS) if self._broken > _MAX_BROKEN else Outcome("died", _DIED)
        except Exception as error:
            _log.error("a worker could not bring a job to its end", exc_info=error)
            return Outcome("broken", f"The end of the job could not be stored ({type(error).__name__}).")
        self._broken = 0
        return Outcome("finished")


class _WorkerContext:
    """What pebble makes processes, pipes and locks with; the locks last as long as this does, and so as the pool.

    A lock is known to a worker by its name. pebble drops the locks of a pool before it ends the workers, and one that
    was being started would tell, with a traceback, that it finds no lock of that name.
    """

    def __init__(self, method: str) -> None:
        context: Any = multiprocessing.get_context(method)
        self._make_lock: Callable[[], RLock] = context.RLock
        self._locks: list[RLock] = []
        self.Pipe: Any = context.Pipe
        self.Process: Any = context.Process
        self.get_start_method: Any = context.get_start_method

    def RLock(self) -> RLock:  # noqa: N802 - multiprocessing's name
        lock = self._make_lock()
        self._locks.append(lock)
        return lock


def _own_modules(config: WorkerConfig) -> list[str]:
    """Modules of the processes that are ours: a user's own might not even let itself be imported."""
    names = {str(definition["name"]).rpartition(".")[0] for definition in config.processes.values()}
    return sorted(name for name in names if name.startswith("backend.processes."))


def _exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
