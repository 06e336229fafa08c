"""Executions under way: the same call made meanwhile finds the one that was started before, and they share its job."""

from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import anyio

from mcp_server.errors import BridgeError
from mcp_server.execution.job_records import JobRecord
from mcp_server.execution.records import Execution
from mcp_server.ogc.models import StatusInfo
from mcp_server.references import JobReference

_MOST = 1000
"""Executions that are remembered: beyond that, jobs that no call waits for are forgotten, the oldest first."""


@dataclass(slots=True, eq=False)
class Run:
    """One execution, from its submission on, that equal calls share."""

    call: str
    began: float = field(default_factory=anyio.current_time)
    """In the event loop's time."""
    answered: anyio.Event = field(default_factory=anyio.Event)
    """Set once the submission has ended, in whatever way."""
    outcome: StatusInfo | Execution | Exception | None = None
    """What the submission ended with: a job, results, an error; None where it was given up."""
    job: JobReference | None = None
    """The server's job, or the bridge's while the server has named none."""
    record: JobRecord | None = None
    """What is kept of it once it is a job of the bridge."""
    waiting: int = 0
    """How many calls wait for it."""
    promised: bool = False
    """A call was answered with the job's URI, and may come back for it."""
    queued: bool = False
    """It is not sent yet, because too many others are."""
    sent: bool = False
    server_dismisses: bool = False
    """Its server dismisses by itself what its client no longer waits for."""
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    """Of the task that submits it."""

    def accepted(self, server: str, status: StatusInfo) -> None:
        """The server made a job of it."""
        self.job, self.outcome = JobReference(server, status.job_id), status

    def cut(self, outcome: BridgeError | None = None) -> None:
        """Give the submission up; `outcome` is what those are told who still wait."""
        self.outcome = outcome
        self.scope.cancel()

    @contextmanager
    def awaited(self) -> Generator[None]:
        """A call waits for this execution."""
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    @property
    def unmissed(self) -> bool:
        """Whether nobody would miss the execution if the call that asks stopped waiting for it."""
        return self.waiting <= 1 and not self.promised


class UnderWay:
    """The newest executions by call. Those that a call waits for are never dropped."""

    def __init__(self, most: int = _MOST) -> None:
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._most = most

    def of_call(self, call: str) -> Run | None:
        """The execution of an equal call that is being submitted, or was running when it was last heard of."""
        return self._runs.get(call)

    def begin(self, call: str) -> Run:
        """A new execution of a call, about to be submitted."""
        run = self._runs[call] = Run(call)
        self._runs.move_to_end(call)
        self._drop_oldest()
        return run

    def answered(self, run: Run) -> None:
        """The submission of an execution has ended: whoever waits is told. Only a job of a server goes on."""
        if not isinstance(run.outcome, StatusInfo):
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
