"""Every setting of the backend: default, unit, environment name. The only place that reads the environment."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from telemetry.logs import LogFormat, LogLevel

type ExecutorName = Literal["local", "prefect"]
"""What runs jobs."""

_PACKAGED_DATA = Path(__file__).parent / "data"


def _default_home() -> Path:
    if sys.platform == "win32":
        # Not below AppData: what a packaged app (Claude Desktop) and its children make anew there, Windows keeps apart.
        # A store that is opened there too from a shell would have two logs, and be damaged.
        return Path.home() / ".ogc-processes-mcp"
    return user_data_path("ogc-processes-mcp", appauthor=False)


def _default_workers() -> int:
    return max(2, min(4, os.cpu_count() or 2))


def _http_url(text: str) -> SplitResult:
    """A URL taken apart.

    Raises:
        ValueError: it is none of a web server.
    """
    with suppress(ValueError):
        parts = urlsplit(text)
        # A port that there cannot be is noticed when it is asked for.
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts
    raise ValueError(f"`{text}` must be an http or https URL with a host, such as https://maps.example.org")


class Settings(BaseSettings):
    """The backend's settings. Each is read from `OGC_PROCESSES_` plus its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="OGC_PROCESSES_",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )

    home: Path = Field(default_factory=_default_home)
    """The one folder that holds all state: job store, results, catalog."""
    config: Path | None = None
    """A YAML file in pygeoapi's form whose resources come on top of the packaged ones."""
    processes: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders with a user's own processes, put on the import path of server and workers."""
    data: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders with a user's own files, which become datasets that processes may read; nothing outside is read."""
    public_url: str = "http://localhost:5001"
    """The URL under which clients reach this server: the root of every link. No trailing slash."""
    root_path: str = ""
    """Path prefix that a proxy strips before it passes a request on, e.g. `/ogc`."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names, comma-separated, that requests may address besides loopback's and the public URL's; `*` for any.

    When given, it holds for every connection; otherwise only those over loopback are checked (DNS rebinding)."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins of other sites, comma-separated, whose pages may call this server; `*` for all. None by default."""
    workers: int = Field(default_factory=_default_workers, ge=1, le=64)
    """Worker processes that run jobs."""
    executor: ExecutorName = "local"
    """What runs the jobs: worker processes of this server (`local`), or `prefect`; a process's own comes before it.

    `prefect` needs `ogc-processes-mcp[prefect]`."""
    prefect_pool: str = Field(default="ogc-processes", min_length=1)
    """Prefect's work pool for the jobs, made where there is none; Prefect's own settings say where its API is."""
    prefect_start_seconds: float = Field(default=120, gt=0)
    """Time after which another run is ordered beside one that Prefect says has begun, and whose job has not."""
    worker_log_level: Literal["debug", "info", "warning", "error", "critical"] = "warning"
    """The least severe of their own records that worker processes log: `debug` to `critical`.

    The traceback of an error that a process raised is an `error`. A process's own warnings are logged at any level."""
    worker_jobs: int = Field(default=1000, ge=1)
    """Jobs after which a worker process is replaced by a fresh one."""
    worker_memory_bytes: int = Field(default=2**30, ge=2**20)
    """Resident memory, in bytes, for which a worker process is replaced after the job that took it."""
    process_concurrency: int | None = Field(default=None, ge=1)
    """Jobs of one process that may run at once on this server; a process's own `concurrency` comes before it."""
    max_queued: int = Field(default=1000, ge=1)
    """Jobs that may wait for a worker; an execution beyond them is refused with status 503."""
    max_job_seconds: float | None = Field(default=None, gt=0)
    """Longest run time of a job. This and the four below may be set for each process in its `limits`."""
    max_job_cpu_seconds: int | None = Field(default=None, ge=1)
    """Processor time of a job."""
    max_job_memory_bytes: int | None = Field(default=4 * 2**30, ge=2**20)
    """Memory (address space) that a job may take, in bytes. On Linux only."""
    max_job_file_bytes: int | None = Field(default=None, ge=2**20)
    """Largest file that a job may write, that of a result among them, in bytes. Not on Windows."""
    max_job_output_bytes: int | None = Field(default=2**30, ge=1024)
    """The most that all results of a job may be, in bytes."""
    max_body_bytes: int = Field(default=32 * 2**20, ge=1024)
    """Largest request body, in bytes."""
    max_body_seconds: float = Field(default=60, gt=0)
    """Longest time for a request body to arrive, in seconds."""
    max_nesting: int = Field(default=64, ge=8, le=500)
    """Deepest nesting of objects and arrays in a request body."""
    max_wait_seconds: float = Field(default=600, ge=0)
    """Longest time one request may wait for a job; a synchronous execution beyond it is answered with its job."""
    lease_seconds: float = Field(default=15, gt=0)
    """Time after which a job whose server gives no sign of life is taken over or ended."""
    dismiss_wait_seconds: float = Field(default=10, ge=0)
    """Longest time a dismiss waits for the confirmed end of the job's process."""
    inline_result_bytes: int = Field(default=64 * 1024, ge=0)
    """Results up to this size are kept in the job store, larger ones in files."""
    jobs_url: SecretStr | None = None
    """A PostgreSQL database for the jobs, `postgresql://user:password@host/name`, which several servers may share.

    Without it they are kept in the home folder, which only the servers of one machine may share."""
    jobs_folder: Path | None = None
    """Folder of large inputs and results, the home folder by default; servers that share a database share it too."""
    keep_seconds: float = Field(default=7 * 86400, ge=0)
    """Time after which a job that has ended is removed with its results, in seconds; 0 for never."""
    keep_jobs: int = Field(default=100_000, ge=0)
    """Ended jobs that are kept at most, the oldest are removed; 0 for any number."""
    keep_result_bytes: int = Field(default=10 * 2**30, ge=0)
    """The most that all results may be, in bytes; the oldest jobs are removed with theirs; 0 for any size."""
    max_reference_bytes: int = Field(default=256 * 2**20, ge=0)
    """The most that the results to which the inputs of one job refer may be in all, in bytes."""
    max_dataset_bytes: int = Field(default=256 * 2**20, ge=0)
    """Largest file of vector data that is read, in bytes; a raster is read in parts, and may be larger."""
    callback_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins, comma-separated, that a `subscriber` may have called, e.g. `https://hooks.example.org`; none by default.

    `http://localhost:*` is any port of a host, and `*` every host at a public address."""
    callback_seconds: float = Field(default=10, gt=0)
    """Longest time of one attempt to call a subscriber."""
    callback_attempts: int = Field(default=20, ge=1)
    """Attempts to tell a subscriber of the end of a job, over some five hours."""
    callback_keep_seconds: float = Field(default=86400, ge=0)
    """Time after the end of a job from which its subscriber is not tried again, in seconds."""
    callback_result_bytes: int = Field(default=2**20, ge=0)
    """Results up to this size in all are sent to a subscriber as values, and the largest beyond it as links."""
    small_value_bytes: int = Field(default=8 * 1024, ge=0)
    """A minimal answer carries values up to this size in all, and references to the others."""
    warm: bool = True
    """Start the worker processes with the server, not with the first job."""
    log_format: LogFormat = "text"
    """How records of the log are written to standard error: `text`, or `json` with one object per line."""
    log_level: LogLevel = "warning"
    """The least severe records that are logged, but for those of workers: `debug` to `critical`."""
    metrics: bool = False
    """Tell Prometheus at `/metrics` how much is done; needs `ogc-processes-mcp[metrics]`."""
    traces: bool = False
    """Send OpenTelemetry spans of requests and jobs by OTLP; needs `ogc-processes-mcp[otel]`."""

    @field_validator("executor", "worker_log_level", "log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("processes", "data", mode="before")
    @classmethod
    def _split_path_list(cls, value: Any) -> Any:
        return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value

    @field_validator("home", "config", "jobs_folder")
    @classmethod
    def _of_user(cls, value: Path | None) -> Path | None:
        # Clients hand variables on as they stand in their configurations, where no shell has seen them.
        return None if value is None else value.expanduser()

    @field_validator("processes", "data")
    @classmethod
    def _each_of_user(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(folder.expanduser() for folder in value)

    @field_validator("allowed_hosts", "cors_origins", "callback_origins", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _root_of_links(cls, value: str) -> str:
        parts = _http_url(value)
        if parts.query or parts.fragment:
            raise ValueError("must have no query and no fragment: paths are added to it")
        return value.rstrip("/")

    @field_validator("root_path")
    @classmethod
    def _path_prefix(cls, value: str) -> str:
        if any(character in value for character in "?#: ") or "//" in value:
            raise ValueError("must be the beginning of a path, such as /ogc")
        stripped = value.strip("/")
        return f"/{stripped}" if stripped else ""

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            parts = None if one == "*" else _http_url(one)
            if parts and (parts.path.strip("/") or parts.query or parts.fragment):
                raise ValueError(f"`{one}` is no origin: it has more than scheme, host and port")
        return tuple(one.rstrip("/") for one in value)

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if "/" in one:
                raise ValueError(f"`{one}` is no name of a host: leave out what stands around the name in a URL")
        return value

    @property
    def import_paths(self) -> tuple[str, ...]:
        """The folders of processes, absolute, as the import path of every process names them."""
        return tuple(str(folder.resolve()) for folder in self.processes)

    @property
    def dataset_folders(self) -> tuple[Path, ...]:
        """The user's data folders, and the packaged one."""
        return (*self.data, *([_PACKAGED_DATA] if _PACKAGED_DATA.is_dir() else []))

    @property
    def job_limits(self) -> dict[str, float | None]:
        """What a job may use, by the names of a process's `limits`."""
        return {
            "seconds": self.max_job_seconds,
            "cpu_seconds": self.max_job_cpu_seconds,
            "memory_bytes": self.max_job_memory_bytes,
            "file_bytes": self.max_job_file_bytes,
            "output_bytes": self.max_job_output_bytes,
        }

    @property
    def base_url(self) -> str:
        """The root of every link: public URL and root path."""
        return self.public_url + self.root_path
