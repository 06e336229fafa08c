"""Every setting of the backend: default, unit, environment name. The only place that reads the environment."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _default_home() -> Path:
    return user_data_path("ogc-processes-mcp", appauthor=False)


def _default_workers() -> int:
    return max(2, min(4, os.cpu_count() or 2))


class Settings(BaseSettings):
    """The backend's settings. Each is read from `OGC_PROCESSES_` plus its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="OGC_PROCESSES_", frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    home: Path = Field(default_factory=_default_home)
    """The one folder that holds all state: job store, results, catalog."""
    config: Path | None = None
    """A YAML file in pygeoapi's form whose resources come on top of the packaged ones."""
    processes: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders with a user's own processes, put on the import path of server and workers."""
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
    worker_log_level: Literal["debug", "info", "warning", "error", "critical"] = "warning"
    """The least severe of their own records that worker processes log: `debug` to `critical`.

    The traceback of an error that a process raised is an `error`. A process's own warnings are logged at any level."""
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
    max_reference_bytes: int = Field(default=256 * 2**20, ge=0)
    """The most that the results to which the inputs of one job refer may be in all, in bytes."""
    small_value_bytes: int = Field(default=8 * 1024, ge=0)
    """A minimal answer carries values up to this size in all, and references to the others."""
    warm: bool = True
    """Start the worker processes with the server, not with the first job."""

    @field_validator("worker_log_level", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("processes", mode="before")
    @classmethod
    def _split_path_list(cls, value: Any) -> Any:
        return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value

    @field_validator("allowed_hosts", "cors_origins", mode="before")
    @classmethod
    def _split_list(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("public_url", "root_path")
    @classmethod
    def _strip_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @property
    def import_paths(self) -> tuple[str, ...]:
        """The folders of processes, absolute, as the import path of every process names them."""
        return tuple(str(folder.resolve()) for folder in self.processes)

    @property
    def base_url(self) -> str:
        """The root of every link: public URL and root path."""
        return self.public_url + self.root_path
