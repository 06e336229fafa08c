"""What a command line is run with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "own_processes"
OWN = ("--processes", str(_FOLDER), "--config", str(_FOLDER / "own.yml"))
"""The options that add two processes of a user's own."""

type Run = Callable[..., tuple[int, str, str]]
"""Runs one command line on a fresh home: exit code, stdout, stderr."""


@dataclass(frozen=True)
class Command:
    """A backend that was started as a command."""

    url: str
    """Where it was asked to listen."""
    announcement: str
    """Its first line on standard error."""
    log: Path
    """What it writes there."""
