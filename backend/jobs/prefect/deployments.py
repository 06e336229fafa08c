"""What our server and Prefect's workers tell each other through Prefect: processes as deployments, jobs as runs. Pure.

A deployment has a parameter `process`, which says how the process is run. A run that was made for a job has `job`; one
that was made by hand or by a schedule has `inputs`, and becomes a job when it begins.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

ENTRYPOINT = "backend.jobs.prefect.flow.run_job"
"""Where a worker of Prefect's finds the flow: wherever this package is installed."""

PARAMETERS: Mapping[str, Any] = {
    "type": "object",
    "title": "Parameters",
    "properties": {
        "inputs": {"type": "object", "title": "Inputs", "description": "The inputs of the process by their ids."},
        "process": {"type": "object", "title": "Process", "description": "As deployed: leave it as it is."},
    },
}
"""JSON Schema of what a person fills in who starts a run by hand."""


type Phase = Literal["waiting", "beginning", "cancelled", "over"]
"""Of a run: waiting for a worker; with a worker, begun or about to be; ended or to be ended on demand; ended."""


class UnavailableError(Exception):
    """Prefect cannot be asked; the message says why and is for people."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A process as Prefect's workers run it."""

    process_id: str
    processor: Mapping[str, Any]
    """pygeoapi's processor definition."""
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Members of `JobLimits` that are other than the worker's settings say."""

    @property
    def description(self) -> str:
        """For the pages of Prefect."""
        return f"Jobs of the process `{self.process_id}` of an OGC API – Processes server."

    def parameters(self) -> dict[str, Any]:
        """What a run has by default."""
        process = {"id": self.process_id, "processor": dict(self.processor), "limits": dict(self.limits)}
        return {"process": process, "inputs": {}}

    @classmethod
    def of(cls, process: Mapping[str, Any]) -> "Deployment":
        """What the parameter `process` of a run says.

        Raises:
            KeyError: it is no such thing.
        """
        return cls(process["id"], process["processor"], process["limits"])


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A run that is to make an attempt at a job. Of several for one attempt, the first that begins makes it."""

    job_id: str
    attempts: int
    """Those that were made before."""
    vain: int
    """Runs that were ordered for this one, and have not begun it."""
    base_url: str
    """Root of the URLs of the server that accepted the job: inputs below it refer to results in the job store."""

    @property
    def key(self) -> str:
        """By this Prefect knows the run, whoever orders it and how often."""
        return f"{self.job_id}-{self.attempts}-{self.vain}"

    def document(self) -> dict[str, Any]:
        """As a parameter of a run."""
        return asdict(self)

    @classmethod
    def of(cls, job: Mapping[str, Any]) -> "JobOrder":
        """What the parameter `job` of a run says.

        Raises:
            KeyError: it is no such thing.
        """
        return cls(job["job_id"], job["attempts"], job["vain"], job["base_url"])


@dataclass(frozen=True, slots=True)
class RunState:
    """How a run stands in Prefect."""

    phase: Phase
    message: str
