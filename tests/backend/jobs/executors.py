"""An executor in the hands of a test."""

from backend.jobs.executor import Assignment, Ended


class ByHand:
    """An executor whose runs the test ends."""

    process_ids = frozenset({"buffer", "single"})

    def __init__(self) -> None:
        self.runs: dict[str, Ended] = {}
        self.killed: list[str] = []

    def start(self) -> None:
        """It is there."""

    def run(self, assignment: Assignment, ended: Ended) -> None:
        self.runs[assignment.job_id] = ended

    def kill(self, job_id: str) -> None:
        self.killed.append(job_id)

    def stop(self) -> None:
        """There is nothing to stop."""
