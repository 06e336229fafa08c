"""The tool that lists datasets: files that servers have, and whose references are arguments of other tools."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from mcp.types import CallToolResult, Tool

from mcp_server.execution.records import Notify
from mcp_server.protocol.job_tools import OwnTool
from mcp_server.protocol.tool_schemas import READ_ONLY, TEXT, TEXTS, closed_object
from mcp_server.results import presentation

if TYPE_CHECKING:
    from mcp_server.execution.executor import Executor

LIST: Final = "list_datasets"

_LISTED: Final[dict[str, Any]] = {
    "dataset": TEXT,
    "title": TEXT,
    "kind": {"type": "string", "enum": ["vector", "raster"]},
    "bytes": {"type": "integer"},
}


def dataset_tools(servers: Sequence[str], offered: Callable[[], bool]) -> dict[str, OwnTool]:
    """The tools by name; offered: whether a server is known to have datasets."""
    return {LIST: OwnTool(_definition(servers), _list, offered)}


async def _list(executor: "Executor", arguments: Mapping[str, Any], _: Notify) -> CallToolResult:
    offset, limit = arguments["offset"], arguments["limit"]
    found = await executor.datasets(offset, limit, arguments.get("server"))
    listed = [
        {"dataset": str(one.uri), "title": one.dataset.title, "kind": one.dataset.kind, "bytes": one.dataset.size}
        for one in found.datasets
    ]
    told: dict[str, Any] = {
        "datasets": [{name: value for name, value in one.items() if value not in (None, "")} for one in listed],
        "total": found.total,
    }
    end = offset + len(listed)
    if listed and end < found.total:
        told["next_offset"] = end
    if found.warnings:
        told["warnings"] = list(found.warnings)
    return presentation.structured(told)


def _definition(servers: Sequence[str]) -> Tool:
    return Tool(
        name=LIST,
        title="List datasets",
        description="List the files (vector and raster layers, tables) that tools can read: pass the URI in `dataset` "
        "as their argument in place of the data; of a file with several layers URI#LAYER.",
        input_schema=closed_object(
            {
                "server": {"type": "string", "enum": list(servers)},
                "offset": {"type": "integer", "minimum": 0, "default": 0},
                "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
            }
        ),
        output_schema=closed_object(
            {
                "datasets": {"type": "array", "items": closed_object(_LISTED, "dataset")},
                "total": {"type": "integer"},
                "next_offset": {"type": "integer"},
                "warnings": TEXTS,
            },
            "datasets",
        ),
        annotations=READ_ONLY,
    )
