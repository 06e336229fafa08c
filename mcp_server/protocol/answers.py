"""What the tool of a process answers of an execution, whether its call waited or is a task."""

import logging
from typing import TYPE_CHECKING

from mcp.types import CallToolResult

from mcp_server.errors import BridgeError
from mcp_server.execution.records import Execution
from mcp_server.ogc.models import ABSENT
from mcp_server.results import presentation

if TYPE_CHECKING:
    from mcp_server.execution.executor import Executor


_log = logging.getLogger(__name__)


async def answer(
    executor: "Executor", execution: Execution, *, shows_pictures: bool, small_value_bytes: int
) -> CallToolResult:
    """The envelope of an execution, or the picture where that is all it made and its tool declares no output schema."""
    if shows_pictures and execution.status == "successful":
        shown = await _picture(executor, execution)
        if shown is not None:
            return shown
    return presentation.present(execution, small_value_bytes=small_value_bytes)


async def _picture(executor: "Executor", execution: Execution) -> CallToolResult | None:
    """The picture, if that is all the process made and it can be read."""
    if len(execution.outputs) != 1:
        return None
    made = execution.outputs[0]
    output = made.output
    if not presentation.is_picture(output):
        return None
    if output.value is ABSENT:
        try:
            output = await executor.read(made.uri, None, None)
        except BridgeError as error:
            # The process has made it all the same: the envelope names it.
            _log.info("the picture %s cannot be shown: %s", made.uri, error)
            return None
    return presentation.picture(made.uri, output)
