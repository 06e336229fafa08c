"""Who is told of what an engine does, without a part in it."""

from typing import Protocol

from backend.jobs.records import Job


class JobObserver(Protocol):
    """Counts, or traces. It is called from any thread, and holds up the engine as long as it takes."""

    def accepted(self, job: Job) -> None:
        """A job is in the store, and has not begun; within the request that asked for it. It must not raise."""
        ...

    def ended(self, job: Job) -> None:
        """The run of a job has ended on this engine, and the job with it: not of one that is to be run again."""
        ...
