"""What runs in a worker process: one job after the other, each from its row to its row."""

import faulthandler
import gc
import logging
import pickle
import signal
import sys
import tempfile
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection

from backend.errors import (
    BackendError,
    LimitExceededError,
    ProcessFailedError,
    ProcessRefusedError,
    StoreUnavailableError,
)
from backend.jobs.child_process import belong_to_server
from backend.jobs.executor import Assignment
from backend.jobs.limits import JobLimits, OutputRoom, breach
from backend.jobs.liveness import ProcessIdentity, has_children
from backend.jobs.progress import ThrottledProgress
from backend.jobs.records import Failure, NewResult, StartedJob
from backend.jobs.references import resolve_references
from backend.jobs.rlimits import held_to, peak_memory, prevent_core_dumps
from backend.jobs.scratch import WorkerScratch
from backend.jobs.store import JobStore
from backend.jobs.worker_config import Report, WorkerConfig
from backend.processes.base import Processor
from backend.processes.running import OutputValue, load_processor, run_processor
from summaries import summarise
from telemetry.logs import JsonLines, LogFormat, about
from telemetry.trace_context import within_trace

_log = logging.getLogger(__name__)

_STORE_RETRY_SECONDS = 0.5
_QUICK_SYNC_SECONDS = 0.003
"""For a disk that syncs faster than this the worker waits itself; for a slower one its server does."""
_JOBS_PER_LOOK = 16
"""One in so many jobs is ended by the worker in any case: that measures again how fast the disk is."""


class Worker:
    """Runs jobs in this process. Processors are loaded once."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._store = JobStore.open(
            config.home, lease_seconds=config.lease_seconds, url=config.jobs_url, files=config.jobs_folder
        )
        self._identity = ProcessIdentity.current()
        self._scratch = WorkerScratch(config.home)
        self._processors: dict[str, Processor] = {}
        self._jobs = 0

    def work(self, assignment: Assignment) -> Report:
        """Run a job that the engine has claimed; tells how that went, whatever happens."""
        failure = ""
        complete: int | None = None
        with about(job_id=assignment.job_id, process_id=assignment.process_id):
            try:
                complete = self._run(assignment)
            except Exception as error:
                _log.exception("the end of job %s could not be stored", assignment.job_id)
                failure = f"The end of the job could not be stored ({type(error).__name__})."
        self._jobs += 1
        return Report(self._is_spent(), failure, complete)

    def _is_spent(self) -> bool:
        config = self._config
        many = config.max_jobs is not None and self._jobs >= config.max_jobs
        large = config.max_memory_bytes is not None and peak_memory() > config.max_memory_bytes
        return many or large or has_children()  # what the job left behind ends with this process

    def _run(self, assignment: Assignment) -> int | None:
        """Run a job and end it in the store; one that was dismissed is left alone.

        Returns the attempt where all results are stored and the end is left to the server.
        """
        job = self._store.start(assignment.job_id, assignment.engine, self._identity)
        if job is None:
            return None
        progress = ThrottledProgress(partial(self._store.progress, job))
        try:
            outcome = self._outcome(job, progress)
        finally:
            progress.close()
        _flush_streams()
        if isinstance(outcome, Failure):
            self._store.fail(job, outcome)
            return None
        handed_in = self._store.hand_in(job, outcome)
        if handed_in != "complete":
            return None
        if not self._waits_for_disk():
            return job.attempt
        self._store.confirm([(job.id, job.attempt)])
        return None

    def _waits_for_disk(self) -> bool:
        """Whether to end a complete job here, which is the shorter way where the disk syncs at once.

        Else its server ends it, many jobs with one sync, while this process runs the next one.
        """
        return self._store.sync_seconds < _QUICK_SYNC_SECONDS or self._jobs % _JOBS_PER_LOOK == 0

    def _outcome(self, job: StartedJob, progress: ThrottledProgress) -> list[NewResult] | Failure:
        limits = self._config.limits_of(job.process_id)
        try:
            with within_trace(job.trace), held_to(limits, store=self._config.home / "jobs.sqlite"):
                return self._results(job, limits, progress)
        except ProcessRefusedError as error:
            return Failure("refused", str(error), error.path)
        except LimitExceededError as error:
            return Failure("exceeded", str(error))
        except Exception as error:
            exceeded = breach(error, limits)
            if exceeded is not None:
                return Failure("exceeded", exceeded)
            if isinstance(error, BackendError):
                return Failure("failed", str(error))
            _log.exception("job %s could not be run to its end", job.id)
            return Failure("failed", f"Its inputs or results could not be handled ({type(error).__name__}).")

    def _results(self, job: StartedJob, limits: JobLimits, progress: ThrottledProgress) -> list[NewResult]:
        outputs = self._outputs(job, progress)
        room = OutputRoom(limits)
        inline = self._config.inline_result_bytes
        kept = self._store.keep(job, (room.counted(output.parts()) for output in outputs), inline_bytes=inline)
        # Between `keep` and `hand_in` nothing may raise, or the files would be nobody's: `summarise` never does.
        return [
            NewResult(output.id, output.media_type, data, summarise(output.value, output.media_type))
            for output, data in zip(outputs, kept, strict=True)
        ]

    def _outputs(self, job: StartedJob, progress: ThrottledProgress) -> tuple[OutputValue, ...]:
        """What the process answers. What its references were resolved to is released with the return."""
        limit = self._config.max_reference_bytes
        inputs = resolve_references(
            job.inputs, self._config.base_url, self._store.read, max_bytes=limit, datasets=self._config.datasets
        )
        processor = self._processor(job.process_id)
        with self._scratch.folder() as folder:
            tempfile.tempdir, usual = str(folder), tempfile.tempdir
            try:
                return run_processor(processor, inputs, job.outputs, progress)
            finally:
                tempfile.tempdir = usual

    def _processor(self, process_id: str) -> Processor:
        processor = self._processors.get(process_id)
        if processor is None:
            definition = self._config.processes.get(process_id)
            if definition is None:
                # Another server on this store has processes of its own.
                raise ProcessFailedError(f"This server has no process '{process_id}'.")
            processor = self._processors[process_id] = load_processor(definition)
        return processor


def serve(config: WorkerConfig, control: Connection, output: Connection | None, alive: Connection) -> None:
    """What a worker process does: it runs what comes through the pipe `control`, until that closes.

    output: where its standard streams go; None leaves them the server's standard error.
    alive: the pipe by which it learns of its server's death.
    """
    _prepare(config, output, alive)
    report = Report()
    # Its server may have ended.
    with suppress(EOFError, OSError):
        worker = _with_store(config, control)
        while True:
            # `send` and `recv` would make a pickler of their own each time.
            control.send_bytes(pickle.dumps(report))
            report = worker.work(pickle.loads(control.recv_bytes()))  # noqa: S301 - of our own server


def _with_store(config: WorkerConfig, control: Connection) -> Worker:
    """The worker, once the job store answers: a job must not fail because its database is restarted just now."""
    while True:
        try:
            return Worker(config)
        except StoreUnavailableError as error:
            _log.warning("%s It is asked again in %g s.", error, _STORE_RETRY_SECONDS)
        if control.poll(_STORE_RETRY_SECONDS):
            # Nothing is sent to a worker that is not ready: its server closed the pipe.
            raise EOFError


def _prepare(config: WorkerConfig, output: Connection | None, alive: Connection) -> None:
    belong_to_server(alive, output)
    # Whoever started us may ignore it; what a job starts must not.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # A full collection would write to every object inherited from the fork server, and so copy all its memory.
    gc.freeze()
    _start_logging(config.log_level, config.log_format)
    prevent_core_dumps()
    faulthandler.enable()  # a crash of native code tells its place in the job's log
    sys.path[:0] = [path for path in config.import_paths if path not in sys.path]


def _flush_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()


def _start_logging(level: str, form: LogFormat) -> None:
    """Log to standard error, the worker's own records from `level` on.

    Those of processes and libraries are for their authors: none of their warnings is left out.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(
        level=min(least, logging.WARNING), format="%(levelname)s %(name)s [worker %(process)d]: %(message)s"
    )
    logging.getLogger("backend").setLevel(least)
    if form == "json":
        logging.getLogger().handlers[0].setFormatter(JsonLines())
