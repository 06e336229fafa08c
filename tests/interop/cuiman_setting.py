"""What an application gives cuiman: openers of its results, a profile, and a place for secrets; and its `cli`."""

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import keyring
from cuiman import ClientConfig
from cuiman.api.opener import JobResultOpenContext, JobResultOpener
from gavicore.models import QualifiedValue
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

with warnings.catch_warnings():
    # One of its options is declared in a way that typer means to drop.
    warnings.simplefilter("ignore", DeprecationWarning)
    from cuiman.cli import cli

__all__ = ["AS_JOBS", "Configuration", "MemoryKeyring", "Value", "cli", "memory_keyring"]

AS_JOBS = {"auth_type": "api-key", "api_key_header": "Prefer", "api_key": "respond-async"}
"""cuiman takes each answer to an execution for a job, and does not ask for one. This has it ask, with each request."""


class Results(JobResultOpener):
    """Opens results that are not of one output: a raw object whose members cuiman takes for outputs."""

    async def accept_job_result(self, ctx: JobResultOpenContext) -> bool:
        return ctx.output_value is None

    async def open_job_result(self, ctx: JobResultOpenContext) -> Any:
        return ctx.job_results.model_dump(mode="json")


class Value(JobResultOpener):
    """Opens a value that stands in the results; cuiman's own openers make data frames, images and arrays of links."""

    async def accept_job_result(self, ctx: JobResultOpenContext) -> bool:
        return ctx.output_value is not None

    async def open_job_result(self, ctx: JobResultOpenContext) -> Any:
        found = ctx.output_value
        return found.value if isinstance(found, QualifiedValue) else found


class Configuration(ClientConfig):
    """What an application of cuiman's gives: openers of its own, and no profile of the person who runs the tests."""

    default_path: ClassVar[Path] = Path(__file__).parent / "no profile"
    extra_job_result_openers = (Results, Value)


class MemoryKeyring(KeyringBackend):
    """Keeps secrets for as long as a test runs, where the operating system's store is a person's own, or absent."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.secrets.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


@contextmanager
def memory_keyring() -> Generator[MemoryKeyring]:
    """Have cuiman keep secrets in memory."""
    before = keyring.get_keyring()
    secrets = MemoryKeyring()
    keyring.set_keyring(secrets)
    try:
        yield secrets
    finally:
        keyring.set_keyring(before)
