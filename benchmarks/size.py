"""What a model pays for: the bytes of each tool and of a large result, and what a tool keeps of its description."""

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from mcp import Client, types

from benchmarks.servers import HERE
from benchmarks.table import Figure
from mcp_server.app import open_bridge
from mcp_server.embedded import backend_settings
from mcp_server.schema.process import DEMONSTRATION
from mcp_server.settings import Settings

_PROCESS = "/processes/"
KEYWORDS = ("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


async def tools(folder: Path) -> tuple[list[Figure], str]:
    """The size of each tool, and a table of what its description lost on the way (names, required, enums, ranges)."""
    everything = Settings(home=folder / "home", demo_tools=True)
    async with open_bridge(everything) as bridge, Client(bridge.server) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
        processes = [str(one.uri) for one in (await client.list_resources()).resources if _PROCESS in str(one.uri)]
        described = {
            uri.rpartition("/")[2].replace("-", "_"): await _description(client, uri) for uri in sorted(processes)
        }
    sizes = {name: _bytes(tool) for name, tool in listed.items()}
    rows = [_fidelity(listed[name], description, sizes[name]) for name, description in described.items()]
    header = "| tool | bytes | inputs | lost names | lost required | lost enums | lost ranges |\n" + "|---" * 7 + "|"
    of_processes = [
        sizes[name] for name, description in described.items() if DEMONSTRATION not in json.dumps(description)
    ]
    figure = Figure(
        "a process's tool in tools/list", median(of_processes), "bytes", 1200, f"median; largest {max(of_processes)}"
    )
    return [figure], "\n".join([header, *rows])


async def large_result(folder: Path) -> list[Figure]:
    """A FeatureCollection of about 6 MB as result of a tool."""
    own = backend_settings(
        Settings(home=folder / "home"), config=HERE / "processes.yml", processes=(HERE / "processes",)
    )
    async with open_bridge(Settings(home=folder / "home"), backend=own) as bridge, Client(bridge.server) as client:
        result = await client.call_tool("many_features", {})
    assert result.structured_content, result.content
    output = result.structured_content["outputs"]["features"]
    reply = len(json.dumps(result.structured_content, separators=(",", ":")))
    return [
        Figure(
            "reply for a large FeatureCollection", reply / 1000, "kB", 8, f"result of {output['bytes'] / 1e6:.1f} MB"
        ),
        Figure("features in its summary", output["summary"]["count"], "features"),
    ]


async def _description(client: Client, uri: str) -> dict[str, Any]:
    [content] = (await client.read_resource(uri)).contents
    assert isinstance(content, types.TextResourceContents)
    return json.loads(content.text)


def _bytes(tool: types.Tool) -> int:
    return len(
        json.dumps(tool.model_dump(by_alias=True, exclude_none=True, mode="json"), separators=(",", ":")).encode()
    )


def _fidelity(tool: types.Tool, description: Mapping[str, Any], size: int) -> str:
    inputs: Mapping[str, Any] = description["inputs"]
    properties = tool.input_schema["properties"]
    required = {name for name, spec in inputs.items() if spec.get("minOccurs", 1) > 0}
    lost = [
        _members("properties", {"properties": inputs}) - _members("properties", tool.input_schema),
        (required - set(tool.input_schema.get("required", [])))
        | (_members("required", inputs) - _members("required", properties)),
        {
            name
            for name, spec in inputs.items()
            if _keyword("enum", spec) and not _keyword("enum", properties.get(name))
        },
        {
            f"{name}.{keyword}"
            for name, spec in inputs.items()
            for keyword in KEYWORDS[1:]
            if _keyword(keyword, spec) and not _keyword(keyword, properties.get(name))
        },
    ]
    cells = " | ".join(str(len(names)) + (f" ({', '.join(sorted(names))})" if names else "") for names in lost)
    return f"| `{tool.name}` | {size} | {len(inputs)} | {cells} |"


def _members(keyword: str, schema: object) -> set[str]:
    """All names under a keyword of a schema, or of any schema in it."""
    if isinstance(schema, Mapping):
        own = set(schema.get(keyword, ())) if isinstance(schema.get(keyword), Mapping | list) else set()
        return own.union(*(_members(keyword, part) for part in schema.values()))
    return set().union(*(_members(keyword, part) for part in schema)) if isinstance(schema, list) else set()


def _keyword(keyword: str, schema: object) -> bool:
    """Whether a schema, or any schema in it, has the keyword."""
    if isinstance(schema, Mapping):
        return keyword in schema or any(_keyword(keyword, part) for part in schema.values())
    return isinstance(schema, list) and any(_keyword(keyword, part) for part in schema)
