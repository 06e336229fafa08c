"""Every tool is committed beside these tests exactly as clients see it: a change of one is a change of the product."""

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import Tool

from mcp_server.app import open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.session import list_tools
from mcp_server.settings import Settings

pytestmark = pytest.mark.anyio

SNAPSHOTS = Path(__file__).parent / "snapshots"


def as_json(tool: Tool) -> str:
    document: dict[str, Any] = tool.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


async def test_the_tools_are_those_of_the_snapshots(home: Path, request: pytest.FixtureRequest) -> None:
    settings = Settings(home=home, demo_tools=True)
    backend = backend_settings(settings, warm=False)
    async with open_bridge(settings, backend=backend) as bridge, Client(bridge.server) as client:
        tools = {tool.name: as_json(tool) for tool in await list_tools(client)}
    assert "geometry_buffer" in tools
    if request.config.getoption("--update-snapshots", default=False):
        for stale in SNAPSHOTS.glob("*.json"):
            stale.unlink()
        for name, text in tools.items():
            (SNAPSHOTS / f"{name}.json").write_text(text, encoding="utf-8")
    kept = {file.stem: file.read_text(encoding="utf-8") for file in SNAPSHOTS.glob("*.json")}
    assert sorted(tools) == sorted(kept), "run pytest tests/contract --update-snapshots and review the changes"
    for name, text in tools.items():
        assert json.loads(text) == json.loads(kept[name])
