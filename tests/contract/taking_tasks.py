"""A client of the official SDK that takes tasks, and bridges to connect it to."""

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.extension import ClaimContext, ClientExtension, NotificationBinding, ResultClaim
from mcp.client.stdio import stdio_client
from mcp.types import (
    CallToolResult,
    NotificationParams,
    Request,
    RequestParams,
    Result,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotification,
    SubscriptionsListenRequest,
    SubscriptionsListenRequestParams,
)
from pydantic import ConfigDict

from mcp_server.app import open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.transport.http import create_http_app
from tests.contract.conftest import ROOT, WAIT_SECONDS, Launch, Transport
from tests.serving import served

IDENTIFIER = "io.modelcontextprotocol/tasks"
PROCESSES = """
import os
import time
from pathlib import Path

from backend.processes.base import Output, Progress, process


@process(id="tells-pid", title="Tells its pid", keywords=["test"], output=Output(id="n", title="n", description="n."))
def tells_pid(progress: Progress) -> int:
    '''Tells the id of its process, which then is for a minute.'''
    progress(1, f"pid {os.getpid()}")
    time.sleep(60)
    return 1


@process(id="waits", title="Waits", keywords=["test"], output=Output(id="n", title="n", description="How often."))
def waits(file: str, progress: Progress) -> int:
    '''Waits for a file, and tells how often it looked.'''
    looked = 0
    while not Path(file).exists():
        looked += 1
        progress(100 * looked / (looked + 20))
        time.sleep(0.05)
    return looked
"""
_CONFIG = """
  tells-pid:
    type: process
    processor: {name: tasks_processes.tells_pid}
  waits:
    type: process
    processor: {name: tasks_processes.waits}
"""


class TaskHandle(Result):
    """A task as it answers a call."""

    model_config = ConfigDict(extra="allow")

    result_type: Literal["task"] = "task"
    task_id: str
    status: str
    created_at: str
    last_updated_at: str
    ttl_ms: int | None


class TaskParams(RequestParams):
    task_id: str
    input_responses: dict[str, Any] | None = None


class TaskRequest(Request[TaskParams, str]):
    method: str
    params: TaskParams


class Anything(Result):
    model_config = ConfigDict(extra="allow")


class News(NotificationParams):
    model_config = ConfigDict(extra="allow")

    task_id: str
    status: str


@dataclass
class TasksTaken(ClientExtension):
    """A client that takes tasks, and asks until they have ended."""

    identifier = IDENTIFIER
    news: list[News] = field(default_factory=list[News])
    agreed: list[Any] = field(default_factory=list[Any])
    """Tasks of which the server said that it would tell."""
    polls: int = 0
    _noted: anyio.Event = field(default_factory=anyio.Event)

    def claims(self) -> list[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=TaskHandle, resolve=self._resolve)]

    def notifications(self) -> list[NotificationBinding[Any]]:
        return [NotificationBinding(method="notifications/tasks", params_type=News, handler=self._note)]

    async def _resolve(self, handle: TaskHandle, context: ClaimContext) -> CallToolResult:
        request = TaskRequest(method="tasks/get", params=TaskParams(task_id=handle.task_id))
        while True:
            self.polls += 1
            found = (await context.session.send_request(request, Anything)).model_dump(by_alias=True)
            if found["status"] != "working":
                return CallToolResult.model_validate(found["result"])
            await anyio.sleep(found["pollIntervalMs"] / 1000)

    async def acknowledged(self, message: object) -> None:
        if isinstance(message, SubscriptionsAcknowledgedNotification):
            self.agreed.append((message.params.notifications.model_extra or {}).get("taskIds"))

    async def more_news(self) -> None:
        """Wait for a note of a task."""
        await self._noted.wait()

    async def _note(self, news: News) -> None:
        self.news.append(news)
        self._noted.set()
        self._noted = anyio.Event()


@dataclass(frozen=True)
class Taking:
    """A client that takes tasks, and how to connect others to the same bridge."""

    client: Client
    extension: TasksTaken
    others: Any = None
    """What a client of the same bridge is made of; None where the bridge has one client only."""

    async def task(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The handle with which a call is answered at once."""
        handle = await self.claimed(name, arguments)
        assert handle is not None
        return handle

    async def claimed(self, name: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """The handle with which a call is answered at once; None where its result was there sooner."""
        with anyio.fail_after(60):
            answer = await self.client.session.call_tool(name, arguments, allow_claimed=True)
        return answer.model_dump(by_alias=True, mode="json") if isinstance(answer, TaskHandle) else None

    async def brief(self, seconds: float, steps: int) -> dict[str, Any]:
        """The handle of a task that ends soon; where a machine stands still, a call as brief is answered at once."""
        for more in (0, 5):
            if handle := await self.claimed("slow_steps", {"seconds": seconds + more, "steps": steps}):
                return handle
        return await self.task("slow_steps", {"seconds": seconds + 20, "steps": steps})

    async def ask(self, method: str, task_id: str, **more: Any) -> dict[str, Any]:
        return await ask(self.client, method, task_id, **more)

    async def until(self, task_id: str, *states: str) -> dict[str, Any]:
        """The task once it is in one of these states; the server, not a loop, waits for the end of its job."""
        with anyio.fail_after(60):
            await self.client.call_tool("get_job", {"job": task_id, "wait": 30})
            while (found := await self.ask("tasks/get", task_id))["status"] not in states:
                await anyio.sleep(0.01)
        return found


async def ask(client: Client, method: str, task_id: str, **more: Any) -> dict[str, Any]:
    request = TaskRequest(method=method, params=TaskParams(task_id=task_id, **more))
    return (await client.session.send_request(request, Anything)).model_dump(by_alias=True, mode="json")


@asynccontextmanager
async def bridges(transport: Transport, launch: Launch) -> AsyncGenerator[Callable[[], Any]]:
    """What clients are made of: all of them meet one bridge, but over stdio, where each starts its own."""
    if transport == "memory":
        settings = launch.bridge_settings()
        async with open_bridge(settings, backend=backend_settings(settings, **launch.backend)) as bridge:
            yield lambda: bridge.server
    elif transport == "http":
        with served(lambda _: create_http_app(launch.bridge_settings(), launch.backend)) as url:
            yield lambda: f"{url}/mcp"
    else:
        launch.home.mkdir(parents=True, exist_ok=True)
        command = StdioServerParameters(
            command=sys.executable, args=launch.command_line(), env=launch.environment(), cwd=ROOT
        )
        with (launch.home / "stderr.log").open("w+") as errors:
            yield lambda: stdio_client(command, errlog=errors)


@asynccontextmanager
async def taking(transport: Transport, launch: Launch) -> AsyncGenerator[Taking]:
    """Start a bridge and connect a client that takes tasks."""
    extension = TasksTaken()
    async with (
        bridges(transport, launch) as bridge,
        Client(bridge(), extensions=[extension], message_handler=extension.acknowledged, cache=None) as client,
    ):
        yield Taking(client, extension, None if transport == "stdio" else bridge())


def launch_in(folder: Path, own_processes: dict[str, Any]) -> Launch:
    processes = folder / "processes"
    processes.mkdir()
    (processes / "tasks_processes.py").write_text(PROCESSES, encoding="utf-8")
    config = folder / "tasks.yml"
    config.write_text(Path(own_processes["config"]).read_text(encoding="utf-8") + _CONFIG, encoding="utf-8")
    backend = {"config": config, "processes": (*own_processes["processes"], processes)}
    return Launch(folder / "home", {"wait_seconds": WAIT_SECONDS, "demo_tools": True}, backend)


def listening(*task_ids: str) -> SubscriptionsListenRequest:
    asked_for = SubscriptionFilter.model_validate({"taskIds": list(task_ids)})
    return SubscriptionsListenRequest(params=SubscriptionsListenRequestParams(notifications=asked_for))
