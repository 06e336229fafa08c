"""The Tasks extension of MCP (`io.modelcontextprotocol/tasks`, revision 2026-07-28): jobs as tasks."""
