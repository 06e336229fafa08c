"""The command line. Importing it costs next to nothing: the stdio server starts through it."""

from mcp_server.cli.entry import main

__all__ = ["main"]
