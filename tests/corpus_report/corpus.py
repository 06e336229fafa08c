"""A folder of descriptions and requests: `index.jsonl` and `requests.jsonl` name the files. Reads; judges nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mcp_server.schema.normalise import normalise
from mcp_server.schema.tool import ToolSpec, tool_spec

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """A description and the tool that became of it."""

    file: str
    raw: Json
    inputs: Mapping[str, Json]
    """The inputs as their author wrote them, by id."""
    tool: ToolSpec


@dataclass(frozen=True, slots=True)
class Request:
    """An execute request that somebody wrote for a description."""

    file: str
    inputs: Any
    """As they stand there: an object or a list."""
    described: Described
    confident: bool
    """Whether it is known to belong to that very description."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that a folder holds."""

    described: tuple[Described, ...]
    failures: Mapping[str, str]
    """Descriptions of which no tool could be made, each with the error."""
    requests: tuple[Request, ...]


def read_corpus(folder: Path) -> Corpus:
    """Read a folder, and make a tool of each description in it."""
    described: dict[str, Described] = {}
    failures: dict[str, str] = {}
    for entry in _lines(folder / "index.jsonl"):
        file = str(entry["file"])
        try:
            described[file] = _described(file, _read(folder / file))
        except Exception as error:  # to raise nothing is what is measured
            failures[file] = repr(error)
    requests = tuple(
        Request(str(entry["file"]), _read(folder / entry["file"])["inputs"], owner, bool(entry["confident"]))
        for entry in _lines(folder / "requests.jsonl")
        if (owner := described.get(str(entry["description"]))) is not None
    )
    return Corpus(tuple(described.values()), failures, requests)


def _described(file: str, raw: Json) -> Described:
    return Described(file, raw, _raw_inputs(raw), tool_spec(normalise(raw), name="tool", server="remote"))


def _raw_inputs(raw: Json) -> Mapping[str, Json]:
    inner = raw
    while "inputs" not in inner:
        wrapped = [value for name, value in inner.items() if name.lower().startswith("process") and _is_object(value)]
        if not wrapped:
            return {}
        inner = cast("Json", wrapped[0])
    inputs = inner["inputs"]
    if isinstance(inputs, list):
        listed = [cast("Json", entry) for entry in cast("list[Any]", inputs) if _is_object(entry)]
        found = {str(entry["id"] if "id" in entry else entry.get("identifier")): entry for entry in listed}
        # Some write a list of objects that hold inputs by id.
        named = [entry for entry in listed if all(_is_object(member) for member in entry.values())]
        return {name: member for entry in named for name, member in entry.items()} or found
    return {name: cast("Json", entry) for name, entry in cast("Json", inputs or {}).items() if _is_object(entry)}


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _lines(file: Path) -> list[Json]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def _read(file: Path) -> Json:
    return json.loads(file.read_text("utf-8"))
