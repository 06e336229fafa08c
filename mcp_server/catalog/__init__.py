"""The processes on offer of all servers, as tools and to be found."""

from mcp_server.catalog.catalog import Catalog
from mcp_server.catalog.kept import Kept
from mcp_server.catalog.records import ToolEntry
from mcp_server.catalog.selection import Patterns, Selection

__all__ = ["Catalog", "Kept", "Patterns", "Selection", "ToolEntry"]
