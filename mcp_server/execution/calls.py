"""One call of a tool, and when two calls are the same. Records; no I/O."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Protocol

from mcp_server.execution.progress import Teller
from mcp_server.execution.request import ExecuteRequest
from mcp_server.ogc.client import OgcClient
from mcp_server.ogc.models import ServerIdentity
from mcp_server.schema.tool import ToolSpec


class Tool(Protocol):
    """What is executed: `mcp_server.catalog.ToolEntry`."""

    @property
    def server(self) -> ServerIdentity: ...
    @property
    def spec(self) -> ToolSpec: ...


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool."""

    client: OgcClient
    tool: Tool
    request: ExecuteRequest
    key: str
    """`call_key`."""
    deadline: float
    """When it is answered with a job at the latest, in the event loop's time."""
    teller: Teller

    @property
    def argument_names(self) -> dict[str, str]:
        """Input id → argument of the tool."""
        return {input_id: name for name, input_id in self.tool.spec.argument_names.items()}


def call_key(server: str, process_id: str, inputs: dict[str, Any]) -> str:
    """The same for two calls of one process with equal inputs, whatever their order."""
    text = json.dumps([server, process_id, inputs], sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
