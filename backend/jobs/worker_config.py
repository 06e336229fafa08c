"""What a server and its workers tell each other. Light: the server needs nothing of what the workers work with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from backend.geo.vector.datasets import Datasets
from backend.jobs.limits import JobLimits
from telemetry.logs import LogFormat


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
    log_format: LogFormat = "text"
    """How the worker's records are written."""
    jobs_url: str | None = None
    """The database of the job store; None is the file in the home folder."""
    jobs_folder: Path | None = None
    """Folder of large inputs and results; None is the home folder."""
    limits: JobLimits = field(default_factory=JobLimits)
    """What a job may use."""
    own_limits: Mapping[str, JobLimits] = field(default_factory=dict[str, JobLimits])
    """Process id → what a job of it may use."""
    max_jobs: int | None = None
    """Jobs after which a worker is replaced."""
    max_memory_bytes: int | None = None
    """Resident memory that a worker is replaced for when it ever had more."""
    datasets: Datasets = field(default_factory=Datasets)
    """Files that inputs may refer to."""

    def limits_of(self, process_id: str) -> JobLimits:
        """What a job of the process may use."""
        return self.own_limits.get(process_id, self.limits)


class Report(NamedTuple):
    """What a worker tells its server: that it is ready or, once a job has ended in the store, ready for the next.

    A tuple: it goes to another process, many times a second.
    """

    spent: bool = False
    """It is to be replaced."""
    failure: str = ""
    """Why the job's end could not be stored, if it could not."""
    complete: int | None = None
    """The attempt of which all results are stored, where the server is to end the job."""
