"""An OGC API – Processes server: pygeoapi, typed processes and a job engine. It knows nothing of MCP."""
