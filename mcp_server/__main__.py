"""`python -m mcp_server` is the command `ogc-processes-mcp`."""

from mcp_server.cli import main

# Worker processes import this module again under another name, and must run nothing.
if __name__ == "__main__":
    raise SystemExit(main())
