"""What the tool of a process answers of an execution, whether its call waited or is a task."""

from typing import TYPE_CHECKING

from mcp.types import CallToolResult

from mcp_server.execution.records import Execution
from mcp_server.ogc.models import ABSENT
from mcp_server.results import presentation

if TYPE_CHECKING:
    from mcp_server.execution.executor import Executor


async def answer(
    executor: "Executor", execution: Execution, *, shows_pictures: bool, small_value_bytes: int
) -> CallToolResult:
    """The envelope of an execution, or the picture where that is all it made and its tool declares no output schema.

    Raises: what reading the picture may raise.
    """
    if shows_pictures and execution.status == "successful":
        shown = await _picture(executor, execution)
        if shown is not None:
            return shown
    return presentation.present(execution, small_value_bytes=small_value_bytes)


async def _picture(executor: "Executor", execution: Execution) -> CallToolResult | None:
    """The picture, if that is all the process made."""
    if len(execution.outputs) != 1:
        return None
    made = execution.outputs[0]
    output = made.output
    if not presentation.is_picture(output):
        return None
    if output.value is ABSENT:
        output = await executor.read(made.uri, None, None)
    return presentation.picture(made.uri, output)
