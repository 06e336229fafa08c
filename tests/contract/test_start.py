"""What is loaded when, and what happens when the embedded backend cannot be."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from mcp import Client

from mcp_server.app import open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.settings import Settings
from tests.contract.calls import finished, text

pytestmark = pytest.mark.long(20)

ROOT = Path(__file__).resolve().parents[2]

LISTING = """
import json, sys
from pathlib import Path
import anyio
from mcp import Client
from mcp_server.app import open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.settings import Settings

HEAVY = ("backend.app", "pygeoapi", "numpy", "shapely", "pyproj", "httpx", "sqlalchemy", "rich", "typer")


async def listed(kind: str, before: list[str]) -> dict[str, list[str]]:
    settings = Settings(home=Path(sys.argv[1]) / kind, embedded=kind == "embedded")
    backend = backend_settings(settings, warm=True)
    async with open_bridge(settings, backend=backend) as bridge, Client(bridge.server, cache=None) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        while settings.embedded and "hello_world" not in tools:  # on a machine too busy to load the backend in time
            await anyio.sleep(0.1)
            tools = [tool.name for tool in (await client.list_tools()).tools]
        loaded = [name for name in HEAVY if name in sys.modules]
        if not settings.embedded:
            await client.call_tool("list_jobs", {})
            loaded = [name for name in HEAVY if name in sys.modules]
    return {"before": before, "tools": tools, "loaded": loaded}


async def main() -> None:
    before = [name for name in HEAVY if name in sys.modules]
    print(json.dumps([await listed(kind, before) for kind in sys.argv[2:]]))


if __name__ == "__main__":
    anyio.run(main)
"""

type Listed = dict[str, list[str]]
"""Names of tools, and of what was loaded before and with them."""


def listed(home: Path, script: Path, *kinds: str) -> list[Listed]:
    """What bridges of these kinds list, one after the other, in a process of their own."""
    script.write_text(LISTING, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(home), *kinds],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> list[Listed]:
    """A bridge alone, one with the backend, which comes after it in its process, and one more in the next process."""
    folder = tmp_path_factory.mktemp("starts")
    home, script = folder / "home", folder / "listing.py"
    return [*listed(home, script, "alone", "embedded"), *listed(home, script, "embedded")]


def test_tools_kept_by_an_earlier_start_are_listed_before_anything_heavy_is_loaded(starts: list[Listed]) -> None:
    _, first, second = starts
    assert first["before"] == []
    assert "backend.app" in first["loaded"]
    assert not {"pygeoapi", "numpy", "shapely", "pyproj"} & set(first["loaded"]), "these are for the workers"
    assert second["tools"] == first["tools"]
    assert "hello_world" in second["tools"]
    assert second["loaded"] == []


def test_without_the_embedded_backend_none_of_it_is_loaded(starts: list[Listed]) -> None:
    alone, *_ = starts
    assert alone["tools"] == ["get_job", "list_jobs", "dismiss_job", "read_result"]
    assert set(alone["loaded"]) <= {"httpx", "rich"}


@pytest.mark.anyio
async def test_a_backend_that_cannot_start_says_why_in_every_call(home: Path, tmp_path: Path) -> None:
    config = tmp_path / "broken.yml"
    config.write_text("resources:\n  broken:\n    type: process\n", encoding="utf-8")
    settings = Settings(home=home)
    backend = backend_settings(settings, config=config)
    with anyio.fail_after(60):
        async with open_bridge(settings, backend=backend) as bridge, Client(bridge.server) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == [
                "get_job",
                "list_jobs",
                "dismiss_job",
                "read_result",
                "list_datasets",
            ]
            result = await client.call_tool("list_jobs", {})
    assert result.is_error
    assert "process `broken` needs `processor:`" in text(result)


@pytest.mark.anyio
async def test_a_tool_that_an_earlier_start_did_not_know_can_be_called_at_once(home: Path) -> None:
    settings = Settings(home=home)
    async with open_bridge(settings) as bridge, Client(bridge.server) as client:
        await client.list_tools()
    with closing(sqlite3.connect(home / "catalog.sqlite3")) as kept, kept:
        assert kept.execute("DELETE FROM process WHERE id = 'hello-world'").rowcount == 1
    async with open_bridge(settings) as bridge, Client(bridge.server) as client:
        assert "hello_world" not in [tool.name for tool in (await client.list_tools()).tools]
        assert (await finished(client, "hello_world", {"name": "x"}))["status"] == "successful"


@pytest.mark.anyio
async def test_a_result_can_be_used_after_a_restart(home: Path) -> None:
    settings = Settings(home=home)
    async with open_bridge(settings) as bridge, Client(bridge.server) as client:
        envelope = await finished(client, "hello_world", {"name": "Restart"})
    (output,) = envelope["outputs"].values()
    async with open_bridge(settings) as bridge, Client(bridge.server) as client:
        with anyio.fail_after(60):
            again = await client.call_tool("read_result", {"uri": output["uri"]})
            found = await client.call_tool("get_job", {"job": envelope["job"]})
    assert again.structured_content is not None
    assert again.structured_content["value"] == output["value"]
    assert found.structured_content == envelope
