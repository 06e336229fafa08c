"""What a command line is run with."""

from collections.abc import Callable
from dataclasses import dataclass

type Run = Callable[..., tuple[int, str, str]]
"""Runs one command line on a fresh home: exit code, stdout, stderr."""


@dataclass(frozen=True)
class Command:
    """A backend that was started as a command."""

    url: str
    """Where it was asked to listen."""
    announcement: str
    """Its first line on standard error."""
