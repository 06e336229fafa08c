"""What the engine asks of whoever runs its jobs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol


class Assignment(NamedTuple):
    """A job that is to be run. A tuple: it goes to another process, many times a second."""

    job_id: str
    process_id: str
    engine: str
    """The engine that has claimed the job: the worker begins only what is still that engine's."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the run of a job came to its end. It is told once nothing works on the job any more."""

    kind: Literal["finished", "complete", "killed", "exceeded", "died", "broken"]
    """`finished`: the worker itself wrote the end into the store, or found that the job was not to be run.
    `complete`: it stored all results of the attempt, and the job is to be ended once they are on the disk.
    `killed`: on our demand. `exceeded`: it reached a limit, and was ended. `died`: on its own. `broken`: it lives, but
    could not bring the job to an end."""
    reason: str = ""
    """A sentence for people."""
    attempt: int = 0
    """The attempt that is complete."""


type Ended = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class WorkerCounts:
    """The worker processes of one executor on this machine."""

    alive: int
    busy: int
    """Of these, those that run a job."""
    ended: int
    """That there were before, whatever ended them."""


class Executor(Protocol):
    """Runs claimed jobs; the only thing that knows how and where."""

    @property
    def process_ids(self) -> frozenset[str]:
        """The processes that it can run: other servers on the same store may have others."""
        ...

    def start(self) -> None:
        """Get ready; returns before all is."""
        ...

    def run(self, assignment: Assignment, ended: Ended) -> None:
        """Run a job that the engine has claimed. Does not block; `ended` is called once, from any thread."""
        ...

    def kill(self, job_id: str) -> None:
        """End the run of a job; its `ended` follows when that is confirmed. Does not block."""
        ...

    def stop(self) -> None:
        """End everything and wait for it; no `ended` is called any more."""
        ...
