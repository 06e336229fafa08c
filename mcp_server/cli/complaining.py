"""What goes wrong, as every command tells it: one line on standard error. Imports next to nothing."""

import sys

COMMAND = "ogc-processes-mcp"
"""The command, and the distribution that it is of."""


def complain(words: str) -> None:
    """Tell it to whoever runs the command; `words` are one line."""
    sys.stderr.write(f"{COMMAND}: {words}\n")
