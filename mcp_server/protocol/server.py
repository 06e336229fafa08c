"""The MCP server: every handler, bound, for both protocol eras."""

from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mcp.server.caching import CacheHint
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.types import CallToolRequestParams

from mcp_server.protocol.announcements import Announcements
from mcp_server.protocol.dataset_tools import LIST as LIST_DATASETS
from mcp_server.protocol.dataset_tools import dataset_tools
from mcp_server.protocol.file_tools import SAVE as SAVE_RESULT
from mcp_server.protocol.file_tools import file_tools
from mcp_server.protocol.instructions import instructions
from mcp_server.protocol.job_tools import NAMES as JOB_TOOLS
from mcp_server.protocol.job_tools import job_tools
from mcp_server.protocol.process_tools import NAMES as PROCESS_TOOLS
from mcp_server.protocol.process_tools import ProcessTools
from mcp_server.protocol.resources import Resources
from mcp_server.protocol.tasks.extension import Tasks
from mcp_server.protocol.tasks.listening import TaskListening
from mcp_server.protocol.tasks.shapes import IDENTIFIER, TaskParams, UpdateParams
from mcp_server.protocol.tools import Tools
from mcp_server.settings import Settings

if TYPE_CHECKING:
    from mcp_server.catalog import Catalog
    from mcp_server.execution.executor import Executor

NAME = "ogc-processes-mcp"
RESERVED = JOB_TOOLS | PROCESS_TOOLS | {LIST_DATASETS, SAVE_RESULT}
"""Names of the bridge's own tools, which no process may have."""


class BridgeServer(Server[dict[str, Any]]):
    """A server whose lists may change, on every transport."""

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """As the SDK does, with `listChanged` of tools and resources where the transport does not ask for it."""
        changing = notification_options or NotificationOptions(tools_changed=True, resources_changed=True)
        return super().create_initialization_options(changing, experimental_capabilities, extensions)


def build_server(
    settings: Settings,
    servers: Sequence[str],
    *,
    catalog: "Catalog",
    executor: "Callable[[], Awaitable[Executor]]",
    has_datasets: Callable[[], bool],
) -> BridgeServer:
    """A server that offers the catalog's processes as tools and runs them with the executor.

    `servers` are the names of the servers behind it, `has_datasets` tells whether one of them is known to have
    datasets. Clients are told when the catalog changes.
    """
    announcements = Announcements()
    saves = settings.results is not None
    own = (
        job_tools(servers, small_value_bytes=settings.small_value_bytes, saves=saves)
        | dataset_tools(servers, has_datasets)
        | file_tools(settings.results, seconds=settings.sync_seconds, most_bytes=settings.max_saved_bytes)
    )
    tasks = Tasks(catalog, executor, settings.small_value_bytes)
    tools = Tools(catalog, executor, own, ProcessTools(catalog, servers), tasks, settings.small_value_bytes)
    resources = Resources(catalog, executor, saves)
    # Fresh for one refresh interval: nothing here changes sooner.
    fresh = CacheHint(ttl_ms=round(settings.refresh_seconds * 1000), scope="private")
    server = BridgeServer(
        NAME,
        version=version(NAME),
        title="OGC API – Processes",
        instructions=instructions(servers, wait_seconds=settings.wait_seconds, datasets=has_datasets(), saves=saves),
        cache_hints={"tools/list": fresh, "resources/list": fresh, "resources/templates/list": fresh},
        get_tool_input_schema=tools.input_schema,
        on_list_tools=tools.list,
        on_list_resources=resources.list,
        on_list_resource_templates=resources.templates,
        on_read_resource=resources.read,
        on_subscriptions_listen=TaskListening(tasks, executor, announcements.listen),
    )
    # The parameter for it takes no handler that may answer with a task.
    server.add_request_handler("tools/call", CallToolRequestParams, tools.call)
    server.add_request_handler("tasks/get", TaskParams, tasks.get)
    server.add_request_handler("tasks/update", UpdateParams, tasks.update)
    server.add_request_handler("tasks/cancel", TaskParams, tasks.cancel)
    server.extensions[IDENTIFIER] = {}
    server.middleware.append(announcements.observe)
    catalog.on_change(announcements.tools_changed)
    return server
