"""Descriptions and requests by other authors, read where they lie beside this checkout."""

import json
import statistics
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mcp_server.errors import InvalidArgumentsError
from mcp_server.execution.request import build_request
from mcp_server.schema.examples import inputs_by_id
from mcp_server.schema.normalise import normalise
from mcp_server.schema.portable import lint
from mcp_server.schema.tool import ToolSpec, tool_spec


@pytest.fixture(scope="module")
def corpus(shared_data: Path) -> Path:
    folder = shared_data / "corpus"
    if not folder.is_dir():
        pytest.skip("the corpus is not beside this checkout")
    return folder


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def tools(corpus: Path) -> dict[str, ToolSpec]:
    files = [entry["file"] for entry in read_lines(corpus / "index.jsonl")]
    return {
        file: tool_spec(normalise(json.loads((corpus / file).read_text("utf-8"))), name="tool", server="local")
        for file in files
    }


def accepts(tool: ToolSpec, inputs: dict[str, Any]) -> bool:
    names = {input_id: name for name, input_id in tool.argument_names.items()}
    try:
        build_request(tool, {names.get(input_id, input_id): value for input_id, value in inputs.items()})
    except InvalidArgumentsError:
        return False
    return True


def test_every_description_is_a_portable_tool(tools: dict[str, ToolSpec]) -> None:
    assert len(tools) > 100
    assert {file: problems for file, tool in tools.items() if (problems := lint(tool.input_schema))} == {}
    for tool in tools.values():
        Draft202012Validator.check_schema(tool.input_schema)
        Draft202012Validator.check_schema(tool.output_schema or {})


def test_no_input_is_lost_and_none_fails_inside(corpus: Path, tools: dict[str, ToolSpec]) -> None:
    for file, tool in tools.items():
        raw = json.loads((corpus / file).read_text("utf-8"))
        declared = (
            raw["inputs"]
            if isinstance(raw["inputs"], dict)
            else [one.get("id") or one["identifier"] for one in raw["inputs"]]
        )
        assert set(declared) <= set(tool.argument_names.values()), file
        assert not [note for note in tool.process.diagnostics if "cannot be read" in note.message], file


def test_tools_are_short(tools: dict[str, ToolSpec]) -> None:
    sizes = [
        len(
            json.dumps(
                [tool.name, tool.title, tool.description, tool.input_schema, tool.output_schema],
                ensure_ascii=False,
                separators=(",", ":"),
            ).encode()
        )
        + 170  # keys and annotations
        for tool in tools.values()
    ]
    print(f"bytes of a tool: median {statistics.median(sizes):.0f}, largest {max(sizes)}")  # noqa: T201  a figure
    assert statistics.median(sizes) <= 1200
    assert max(sizes) <= 6000


def test_the_authors_own_examples_are_accepted(tools: dict[str, ToolSpec]) -> None:
    with_example = {file: tool for file, tool in tools.items() if tool.process.example}
    refused = [file for file, tool in with_example.items() if not accepts(tool, dict(tool.process.example or {}))]
    print(f"examples accepted: {len(with_example) - len(refused)} of {len(with_example)}; refused: {refused}")  # noqa: T201  a figure
    assert len(with_example) > 90
    assert len(refused) <= len(with_example) * 0.03


def test_real_requests_are_accepted(corpus: Path, tools: dict[str, ToolSpec]) -> None:
    requests = [entry for entry in read_lines(corpus / "requests.jsonl") if entry["confident"]]
    refused: list[str] = []
    for entry in requests:
        inputs = inputs_by_id(json.loads((corpus / entry["file"]).read_text("utf-8"))["inputs"])
        if inputs is None or not accepts(tools[entry["description"]], inputs):
            refused.append(entry["file"])
    print(f"requests accepted: {len(requests) - len(refused)} of {len(requests)}; refused: {refused}")  # noqa: T201  a figure
    assert len(requests) > 100
    assert len(refused) <= len(requests) * 0.1
