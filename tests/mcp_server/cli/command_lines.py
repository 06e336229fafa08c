"""What a command line is run with."""

from collections.abc import Callable

type Run = Callable[..., tuple[int, str, str]]
"""Runs one command line on a fresh home: exit code, stdout, stderr."""
