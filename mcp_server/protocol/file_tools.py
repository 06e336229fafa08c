"""The tool that saves a result as a file, and what is said of files where a bridge saves none."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mcp.types import CallToolResult, Tool, ToolAnnotations

from mcp_server.execution.records import Notify
from mcp_server.protocol.job_tools import OwnTool, result_of
from mcp_server.protocol.tool_schemas import TEXT, closed_object
from mcp_server.results import presentation
from mcp_server.results.folder import ResultFolder

if TYPE_CHECKING:
    from mcp_server.execution.executor import Executor

SAVE: Final = "save_result"

_MEGABYTE: Final = 1_000_000
_WRITES: Final = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)


def file_tools(folder: Path | None, *, seconds: float, most_bytes: int) -> dict[str, OwnTool]:
    """The tools by name; none where there is no folder.

    seconds: longest time of one; most_bytes: largest file.
    """
    return (
        {} if folder is None else {SAVE: OwnTool(_DEFINITION, _Saving(ResultFolder(folder), seconds, most_bytes).save)}
    )


@dataclass(frozen=True, slots=True)
class _Saving:
    folder: ResultFolder
    seconds: float
    most_bytes: int

    async def save(self, executor: "Executor", arguments: Mapping[str, Any], notify: Notify) -> CallToolResult:
        uri, name = result_of(arguments["uri"]), arguments["name"]
        self.folder.check(name)
        seen = 0

        async def told(written: int, size: int | None) -> None:
            nonlocal seen
            if written - seen >= _MEGABYTE:
                seen = written
                await notify(100 * written / size if size else None, f"{written // _MEGABYTE} MB")

        async with executor.opened(uri, seconds=self.seconds, most=self.most_bytes) as download:
            saved = await self.folder.save(download, name, told)
        return presentation.structured(
            {
                "path": str(saved.path),
                "bytes": saved.size,
                "media_type": download.media_type,
                "sha256": saved.sha256,
            }
        )


_DEFINITION: Final = Tool(
    name=SAVE,
    title="Save a result as a file",
    description="Save the value of an output as a file in the user's folder for results, whole and of any size. "
    "Tell the user its path.",
    input_schema=closed_object(
        {
            "uri": {"type": "string", "description": "URI of an output, e.g. ogc://SERVER/jobs/ID/results/OUTPUT"},
            "name": {
                "type": "string",
                "description": "File name without folder; its suffix, where it has none, comes from the media type. "
                "No file is replaced",
            },
        },
        "uri",
        "name",
    ),
    output_schema=closed_object(
        {"path": TEXT, "bytes": {"type": "integer"}, "media_type": TEXT, "sha256": TEXT}, "path", "bytes"
    ),
    annotations=_WRITES,
)
