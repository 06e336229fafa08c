"""URIs of jobs, results, datasets and processes: parse and build. Pure.

`ogc://{server}/jobs/{id}`, `ogc://{server}/jobs/{id}/results/{output}`, `ogc://{server}/collections/{id}`, with
`#{layer}` for one layer of it, `ogc://{server}/processes/{id}` and, for what the bridge keeps itself,
`ogc://bridge/jobs/{id}` and `ogc://bridge/results/{id}/{output}`.
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from mcp_server.errors import InvalidReferenceError
from mcp_server.settings import BRIDGE

SCHEME = "ogc"
_SHOWN = 200
"""Characters of what is no URI that are told."""


@dataclass(frozen=True, slots=True)
class JobReference:
    """A job of a server, or of the bridge itself."""

    server: str
    job_id: str

    def __str__(self) -> str:
        return f"{SCHEME}://{self.server}/jobs/{quote(self.job_id, safe='')}"

    @classmethod
    def of_bridge(cls, job_id: str) -> "JobReference":
        """A job that the bridge made where the server makes none."""
        return cls(BRIDGE, job_id)

    @property
    def is_of_bridge(self) -> bool:
        """Whether the bridge itself knows the job, and no server."""
        return self.server == BRIDGE

    @property
    def output_form(self) -> str:
        """What the URIs of its outputs look like."""
        kept = KeptReference("ID", "OUTPUT")
        return str(kept if self.is_of_bridge else ResultReference(self.server, self.job_id, "OUTPUT"))


@dataclass(frozen=True, slots=True)
class ResultReference:
    """One output of a job."""

    server: str
    job_id: str
    output_id: str

    def __str__(self) -> str:
        job, output = quote(self.job_id, safe=""), quote(self.output_id, safe="")
        return f"{SCHEME}://{self.server}/jobs/{job}/results/{output}"

    @property
    def job(self) -> JobReference:
        """The job whose output this is."""
        return JobReference(self.server, self.job_id)


@dataclass(frozen=True, slots=True)
class KeptReference:
    """One output of a synchronous execution on a server that keeps no job: the bridge keeps it."""

    result_id: str
    output_id: str

    def __str__(self) -> str:
        return f"{SCHEME}://{BRIDGE}/results/{quote(self.result_id, safe='')}/{quote(self.output_id, safe='')}"


@dataclass(frozen=True, slots=True)
class ProcessReference:
    """A process of a server."""

    server: str
    process_id: str

    def __str__(self) -> str:
        return f"{SCHEME}://{self.server}/processes/{quote(self.process_id, safe='')}"


@dataclass(frozen=True, slots=True)
class DatasetReference:
    """A dataset of a server, or one layer of it."""

    server: str
    dataset_id: str
    layer: str | None = None

    def __str__(self) -> str:
        layer = "" if self.layer is None else f"#{quote(self.layer, safe='')}"
        return f"{SCHEME}://{self.server}/collections/{quote(self.dataset_id, safe='')}{layer}"


type ValueReference = ResultReference | KeptReference | DatasetReference
"""What may stand in place of a value among the arguments of a call."""
type Reference = JobReference | ProcessReference | ValueReference


def is_reference(value: object) -> bool:
    """Whether a value claims to be one of ours; `parse` tells whether it is a good one."""
    return isinstance(value, str) and value.startswith(f"{SCHEME}://")


def parse(uri: str) -> Reference:
    """Parse a URI of ours.

    Raises: InvalidReferenceError, with the forms there are.
    """
    segments, fragment = _parts(uri)
    match segments:
        case [server, "collections", dataset_id] if server != BRIDGE:
            return DatasetReference(server, dataset_id, fragment or None)
        case _ if fragment:
            pass
        case [server, "results", result_id, output_id] if server == BRIDGE:
            return KeptReference(result_id, output_id)
        case [server, "jobs", job_id]:
            return JobReference(server, job_id)
        case [server, "jobs", job_id, "results", output_id] if server != BRIDGE:
            return ResultReference(server, job_id, output_id)
        case [server, "processes", process_id] if server != BRIDGE:
            return ProcessReference(server, process_id)
        case _:
            pass
    raise InvalidReferenceError(
        f"{uri[:_SHOWN]!r} is no URI of this server; the forms are ogc://SERVER/jobs/JOB, "
        "ogc://SERVER/jobs/JOB/results/OUTPUT, ogc://SERVER/collections/DATASET, ogc://SERVER/processes/PROCESS and "
        "ogc://bridge/results/ID/OUTPUT"
    )


def _parts(uri: str) -> tuple[list[str], str]:
    """Authority and path segments, and the fragment, decoded; none where the URI is none of ours."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return [], ""
    segments = [parts.netloc, *(unquote(segment) for segment in parts.path.split("/")[1:])]
    ours = parts.scheme == SCHEME and all(segments) and not parts.query
    return (segments, unquote(parts.fragment)) if ours else ([], "")
