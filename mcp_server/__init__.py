"""An OGC API – Processes client that speaks MCP. It knows nothing of pygeoapi."""
