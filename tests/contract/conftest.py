"""One MCP client over every transport and in both protocol eras: each test of the contract runs on all of them."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from mcp_server.app import open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.settings import Settings
from mcp_server.transport.http import create_http_app
from tests.contract.calls import finished
from tests.serving import served

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 3.0
REFRESH_SECONDS = 0.5

type Transport = Literal["memory", "stdio", "http"]
type Era = Literal["legacy", "2026-07-28"]

CONNECTIONS: list[tuple[Transport, Era]] = [
    ("memory", "legacy"),
    ("memory", "2026-07-28"),
    ("stdio", "legacy"),
    ("stdio", "2026-07-28"),
    ("http", "legacy"),
    ("http", "2026-07-28"),
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-snapshots", action="store_true", help="write the tools' snapshots anew")


@dataclass
class Connection:
    """A connected client, and what it was told besides answers."""

    client: Client
    transport: Transport
    era: Era
    notices: list[str] = field(default_factory=list)
    """Methods of the notifications that came."""


@dataclass(frozen=True)
class Launch:
    """How to start a bridge: settings, and settings of its backend."""

    home: Path
    settings: Mapping[str, Any]
    backend: Mapping[str, Any]

    def bridge_settings(self) -> Settings:
        return Settings(home=self.home, **self.settings)

    def command_line(self) -> list[str]:
        words = ["-m", "mcp_server", "--home", str(self.home)]
        words += [
            word for name, url in self.settings.get("servers", {}).items() for word in ("--server", f"{name}={url}")
        ]
        words += [] if self.settings.get("embedded", True) else ["--no-embedded"]
        for name in ("config", "processes", "data"):
            for value in _as_list(self.backend.get(name)):
                words += [f"--{name}", str(value)]
        return words

    def environment(self) -> dict[str, str]:
        # The SDK passes on little of ours: with what all tests share, it reads no authority and starts no idle worker.
        shared = {name: os.environ[name] for name in ("SSL_CERT_DIR", "OGC_PROCESSES_WARM")}
        rest = {name: value for name, value in self.settings.items() if name not in ("servers", "embedded")}
        return shared | {f"OGC_PROCESSES_{name.upper()}": str(value) for name, value in rest.items()}


def _as_list(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


type Connect = Callable[[Transport, Era, Launch], AbstractAsyncContextManager[Connection]]


@asynccontextmanager
async def connect(transport: Transport, era: Era, launch: Launch) -> AsyncIterator[Connection]:
    """Start a bridge and connect a client to it."""
    notices: list[str] = []

    async def on_message(message: Any) -> None:
        notices.append(getattr(message, "method", type(message).__name__))

    def client(server: Any) -> Client:
        # Answers must come from the server, not from the client's cache of them.
        mode = "legacy" if era == "legacy" else "auto"
        return Client(server, mode=mode, message_handler=on_message, cache=None)

    if transport == "memory":
        settings = launch.bridge_settings()
        backend = backend_settings(settings, **launch.backend)
        async with open_bridge(settings, backend=backend) as bridge, client(bridge.server) as connected:
            yield Connection(connected, transport, era, notices)
    elif transport == "http":
        with served(lambda _: create_http_app(launch.bridge_settings(), launch.backend)) as url:
            async with client(f"{url}/mcp") as connected:
                yield Connection(connected, transport, era, notices)
    else:
        command = StdioServerParameters(
            command=sys.executable, args=launch.command_line(), env=launch.environment(), cwd=ROOT
        )
        launch.home.mkdir(parents=True, exist_ok=True)
        with (launch.home / "stderr.log").open("w+") as errors:
            async with client(stdio_client(command, errlog=errors)) as connected:
                yield Connection(connected, transport, era, notices)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


PROCESSES = '''
import base64
from typing import Annotated, Any

from pydantic import Field

from backend.processes.base import Output, process

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)


@process(
    id="many-features",
    title="Many features",
    version="1.0.0",
    keywords=["test"],
    output=Output(id="features", title="Features", description="Points.", media_type="application/geo+json"),
    idempotent=True,
)
def many_features(count: Annotated[int, Field(ge=0, le=100_000, description="How many.")]) -> dict[str, Any]:
    """A collection of points with a long text each."""
    print("a process may print: this must not reach the protocol")
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [i % 360 - 180, i % 180 - 90]},
            "properties": {"id": i, "text": f"{i} " + "words " * 20},
        }
        for i in range(count)
    ]
    return {"type": "FeatureCollection", "features": features}


@process(
    id="one-pixel",
    title="One pixel",
    version="1.0.0",
    keywords=["test"],
    output=Output(id="picture", title="Picture", description="A picture.", media_type="image/png"),
    idempotent=True,
)
def one_pixel() -> bytes:
    """A picture of one pixel."""
    return PNG
'''

CONFIG = """
resources:
  many-features:
    type: process
    processor: {name: contract_processes.many_features}
  one-pixel:
    type: process
    processor: {name: contract_processes.one_pixel}
"""


@pytest.fixture(scope="session")
def own_processes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Backend settings that add the processes of these tests, as a user would add theirs."""
    folder = tmp_path_factory.mktemp("processes")
    (folder / "contract_processes.py").write_text(PROCESSES, encoding="utf-8")
    config = folder / "contract.yml"
    config.write_text(CONFIG, encoding="utf-8")
    return {"config": config, "processes": (folder,)}


@pytest.fixture(scope="session", params=CONNECTIONS, ids="-".join)
async def connection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, own_processes: dict[str, Any]
) -> AsyncIterator[Connection]:
    """A client on the embedded backend, shared by the tests of one transport and era."""
    transport, era = request.param
    home = tmp_path_factory.mktemp(f"home-{transport}-{era}")
    launch = Launch(home, {"wait_seconds": WAIT_SECONDS, "demo_tools": True}, own_processes)
    async with connect(transport, era, launch) as connected:
        # The first call waits for the backend and its workers; the others are measured against the wait budget.
        await finished(connected.client, "hello_world", {"name": "World"})
        yield connected


@pytest.fixture
def client(connection: Connection) -> Client:
    return connection.client
