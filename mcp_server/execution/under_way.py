"""Executions under way: the same call made meanwhile finds the one that was started before, and they share its job."""

from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio

from mcp_server.errors import BridgeError
from mcp_server.execution.records import Execution
from mcp_server.ogc.models import StatusInfo
from mcp_server.references import JobReference

_MOST = 1000


@dataclass(slots=True, eq=False)
class Run:
    """One execution, from its submission on, that equal calls share."""

    call: str
    answered: anyio.Event = field(default_factory=anyio.Event)
    """Set once the submission has ended, in whatever way."""
    outcome: StatusInfo | Execution | BridgeError | None = None
    """What the submission ended with: a job, results, an error; None where it was given up."""
    job: JobReference | None = None
    waiting: int = 0
    """How many calls wait for it."""
    promised: bool = False
    """A call was answered with the job's URI, and may come back for it."""

    def accepted(self, server: str, status: StatusInfo) -> None:
        """The server made a job of it."""
        self.job, self.outcome = JobReference(server, status.job_id), status

    @contextmanager
    def awaited(self) -> Generator[None]:
        """A call waits for this execution."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    @property
    def abandoned(self) -> bool:
        """Whether nobody would miss the job if the call that asks stopped waiting for it."""
        return self.waiting <= 1 and not self.promised


class UnderWay:
    """The newest executions by call. Those that a call waits for are never dropped."""

    def __init__(self, most: int = _MOST) -> None:
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._most = most

    def of_call(self, call: str) -> Run | None:
        """The execution, if the call has one that is being submitted, or ran when last heard of."""
        return self._runs.get(call)

    def begin(self, call: str) -> Run:
        """A new execution of a call, about to be submitted."""
        run = self._runs[call] = Run(call)
        self._runs.move_to_end(call)
        self._drop_oldest()
        return run

    @contextmanager
    def submitting(self, run: Run) -> Generator[None]:
        """Submit an execution. At the end whoever waits for the answer is told of it, or of the error."""
        try:
            yield
        except BridgeError as error:
            run.outcome = error
            raise
        finally:
            if run.job is None:
                self.forget(run)
            run.answered.set()

    def forget(self, run: Run) -> None:
        """The execution has ended. A newer one of the same call stays."""
        if self._runs.get(run.call) is run:
            del self._runs[run.call]

    def of_job(self, job: JobReference) -> Run | None:
        """The execution that this job is, if one of the newest."""
        return next((run for run in self._runs.values() if run.job == job), None)

    def _drop_oldest(self) -> None:
        if len(self._runs) > self._most:
            idle = next((run for run in self._runs.values() if run.job is not None and not run.waiting), None)
            if idle is not None:
                self.forget(idle)
