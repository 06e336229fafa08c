"""The packaged processes as tools: nothing to repair, short, and accepting their own examples."""

import json
import re
import statistics
from importlib.resources import files
from typing import Any

import pytest
import yaml

from backend.processes.running import load_processor
from mcp_server.execution.request import build_request
from mcp_server.schema.normalise import normalise
from mcp_server.schema.portable import lint
from mcp_server.schema.tool import ToolSpec, tool_spec

CONFIGURATION = yaml.safe_load(files("backend").joinpath("pygeoapi.yml").read_text("utf-8"))
PROCESSES = {name: one["processor"] for name, one in CONFIGURATION["resources"].items() if one["type"] == "process"}
DEMONSTRATIONS = {"echo", "hello-world", "slow-steps", "shapely-functions"}
GEOSPATIAL = [name for name in PROCESSES if name not in DEMONSTRATIONS]
HINTS = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}


def metadata_of(name: str) -> dict[str, Any]:
    return load_processor(PROCESSES[name]).metadata


def tool_of(name: str) -> ToolSpec:
    return tool_spec(normalise(metadata_of(name)), name=name.replace("-", "_"), server="local")


def size(tool: ToolSpec) -> int:
    members = {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "annotations": HINTS,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
    }
    return len(json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode())


@pytest.mark.parametrize("name", PROCESSES)
def test_a_packaged_process_is_a_portable_tool_without_repairs(name: str) -> None:
    tool = tool_of(name)
    assert lint(tool.input_schema) == []
    assert tool.process.diagnostics == ()


@pytest.mark.parametrize("name", PROCESSES)
def test_a_packaged_process_accepts_its_own_example(name: str) -> None:
    tool = tool_of(name)
    assert tool.process.example
    assert build_request(tool, tool.process.example).inputs == tool.process.example


@pytest.mark.parametrize("name", PROCESSES)
def test_no_name_requirement_enum_range_or_default_is_lost(name: str) -> None:
    raw = metadata_of(name)
    tool = tool_of(name)
    for input_id, declared in raw["inputs"].items():
        schema = {**{key: declared[key] for key in ("enum",) if key in declared}, **declared["schema"]}
        found = tool.input_schema["properties"][input_id]
        for keyword in ("enum", "default", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems"):
            assert found.get(keyword) == schema.get(keyword), (input_id, keyword)
        optional = declared["minOccurs"] == 0 or "default" in schema
        assert (input_id in tool.input_schema["required"]) is not optional


@pytest.mark.parametrize("name", GEOSPATIAL)
def test_a_packaged_tool_is_short(name: str) -> None:
    assert size(tool_of(name)) <= 1500


@pytest.mark.parametrize("name", GEOSPATIAL)
def test_no_description_of_an_input_only_repeats_its_name(name: str) -> None:
    for argument, schema in tool_of(name).input_schema["properties"].items():
        words = re.findall(r"\w+", schema["description"].lower())
        assert words != argument.split("_")


def test_the_packaged_tools_are_short() -> None:
    sizes = {name: size(tool_of(name)) for name in PROCESSES}
    print(f"bytes of a tool: {sizes}")  # noqa: T201  a figure
    assert statistics.median(sizes.values()) <= 1200
