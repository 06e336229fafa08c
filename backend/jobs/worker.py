"""What runs in a worker process: one job after the other, each from its row to its row."""

import gc
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from backend.errors import BackendError, ProcessFailedError, ProcessRefusedError
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.progress import ThrottledProgress
from backend.jobs.records import Failure, NewResult, StartedJob
from backend.jobs.references import resolve_references
from backend.jobs.scratch import WorkerScratch
from backend.jobs.server_watch import die_with_server
from backend.jobs.store import JobStore
from backend.processes.base import Processor
from backend.processes.running import load_processor, run_processor
from summaries import summarise

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """All that a worker needs to know; sent to it when it starts."""

    home: Path
    lease_seconds: float
    inline_result_bytes: int
    """Larger results go to files."""
    max_reference_bytes: int
    """The most that the results to which a job's inputs refer may be in all."""
    import_paths: tuple[str, ...]
    """Folders with a user's own processes, put before the import path."""
    processes: Mapping[str, Mapping[str, Any]]
    """Process id → pygeoapi's processor definition."""
    base_url: str
    """Root of this server's URLs, without a trailing slash: inputs below it refer to own results."""
    log_level: str
    """Name of the least level of the worker's own records that are logged."""


class Worker:
    """Runs jobs in this process. Processors are loaded once."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._store = JobStore.open(config.home, lease_seconds=config.lease_seconds)
        self._identity = ProcessIdentity.current()
        self._scratch = WorkerScratch(config.home)
        self._processors: dict[str, Processor] = {}

    def run(self, job_id: str, engine: str) -> None:
        """Run a job that the engine has claimed, and end it in the store; a job that was dismissed is left alone."""
        job = self._store.start(job_id, engine, self._identity)
        if job is None:
            return
        progress = ThrottledProgress(partial(self._store.progress, job))
        try:
            results = self._results(job, progress)
        except ProcessRefusedError as error:
            outcome: list[NewResult] | Failure = Failure("refused", str(error), error.path)
        except BackendError as error:
            outcome = Failure("failed", str(error))
        except Exception as error:
            _log.exception("job %s could not be run to its end", job.id)
            outcome = Failure("failed", f"Its inputs or results could not be handled ({type(error).__name__}).")
        else:
            outcome = results
        finally:
            progress.close()
        if isinstance(outcome, Failure):
            self._store.fail(job, outcome)
        else:
            self._store.succeed(job, outcome, inline_bytes=self._config.inline_result_bytes)

    def _results(self, job: StartedJob, progress: ThrottledProgress) -> list[NewResult]:
        limit = self._config.max_reference_bytes
        inputs = resolve_references(job.inputs, self._config.base_url, self._store.read, max_bytes=limit)
        processor = self._processor(job.process_id)
        with self._scratch.folder() as folder:
            tempfile.tempdir, usual = str(folder), tempfile.tempdir
            try:
                outputs = run_processor(processor, inputs, job.outputs, progress)
            finally:
                tempfile.tempdir = usual
        return [
            NewResult(output.id, output.media_type, output.encode(), summarise(output.value, output.media_type))
            for output in outputs
        ]

    def _processor(self, process_id: str) -> Processor:
        processor = self._processors.get(process_id)
        if processor is None:
            definition = self._config.processes.get(process_id)
            if definition is None:
                # Another server on this store has processes of its own.
                raise ProcessFailedError(f"This server has no process '{process_id}'.")
            processor = self._processors[process_id] = load_processor(definition)
        return processor


_WORKER: ContextVar[Worker] = ContextVar("worker")
"""The worker of this process: the pool hands a task nothing that its initialiser made."""


def start_worker(config: WorkerConfig, alive: Connection) -> None:
    """Prepare a worker process. `alive` is the pipe by which it learns of its server's death."""
    # A full collection would write to every object inherited from the fork server, and so copy all its memory.
    gc.freeze()
    # Standard output may be a protocol's stream: whatever a process prints goes where logs go.
    with suppress(OSError):
        os.dup2(2, 1)
    _start_logging(config.log_level)
    # The pool's own handler is Python code, and would wait for C code that holds the interpreter's lock.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C in a terminal reaches every process; ending the workers is the server's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_server(alive)
    sys.path[:0] = [path for path in config.import_paths if path not in sys.path]
    _WORKER.set(Worker(config))


def _start_logging(level: str) -> None:
    """Log to standard error, the worker's own records from `level` on.

    Those of processes and libraries are for their authors: none of their warnings is left out.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(
        level=min(least, logging.WARNING), format="%(levelname)s %(name)s [worker %(process)d]: %(message)s"
    )
    logging.getLogger("backend").setLevel(least)


def run_job(job_id: str, engine: str) -> None:
    """Run one job in this worker process."""
    _WORKER.get().run(job_id, engine)
