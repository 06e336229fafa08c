"""The tools that find, describe and run processes where there are too many to be tools, as clients see them. Data."""

from collections.abc import Sequence
from typing import Any, Final

from mcp.types import Tool, ToolAnnotations

from mcp_server.discovery.records import DataKind
from mcp_server.protocol.tool_schemas import READ_ONLY, TEXT, TEXTS, closed_object

FIND: Final = "find_processes"
DESCRIBE: Final = "describe_process"
RUN: Final = "run_process"
MOST_FOUND: Final = 20
MOST_DESCRIBED: Final = 5

_COUNT: Final[dict[str, Any]] = {"type": "integer"}
_KINDS: Final = [kind.value for kind in DataKind if kind is not DataKind.ANY]
_GEOMETRIES: Final = ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"]


_FOUND: Final = closed_object(
    {
        "name": TEXT,
        "title": TEXT,
        "server": TEXT,
        "description": TEXT,
        "takes": TEXTS,
        "gives": TEXTS,
        "inputs": _COUNT,
    },
    "name",
    "title",
    "server",
)
_DESCRIBED: Final = closed_object(
    {
        "name": TEXT,
        "title": TEXT,
        "server": TEXT,
        "description": TEXT,
        "input_schema": {"type": "object"},
        "outputs": {"type": "object"},
        "resource": TEXT,
        "changed": TEXT,
        "note": TEXT,
        "error": TEXT,
    },
    "name",
)

RUN_PROCESS: Final = Tool(
    name=RUN,
    title="Run a process",
    description="Run a process by its name, with the inputs that describe_process tells. Answers as a process that "
    "is a tool: with outputs by URI, or with the URI of a job.",
    input_schema=closed_object(
        {
            "process": {"type": "string", "description": "Name, from find_processes"},
            "inputs": {"type": "object", "description": "Arguments that fit the input_schema of the process"},
        },
        "process",
    ),
    annotations=ToolAnnotations(read_only_hint=False, open_world_hint=True),
)
DESCRIBE_PROCESS: Final = Tool(
    name=DESCRIBE,
    title="Describe processes",
    description="Tell the inputs (JSON Schema) and outputs of a process, or of a few, before it is run.",
    input_schema=closed_object(
        {
            "names": {
                "type": "array",
                "items": TEXT,
                "minItems": 1,
                "maxItems": MOST_DESCRIBED,
                "description": "Names, from find_processes",
            }
        },
        "names",
    ),
    output_schema=closed_object({"processes": {"type": "array", "items": _DESCRIBED}}, "processes"),
    annotations=READ_ONLY,
)


def find_processes(servers: Sequence[str]) -> Tool:
    """The tool that searches the processes of these servers."""
    told: dict[str, Any] = {
        "query": {"type": "string", "description": "What is to be done, in words; best with what is known of the data"},
        "takes": {"type": "string", "enum": _KINDS, "description": "Kind of data of an input"},
        "gives": {"type": "string", "enum": _KINDS, "description": "Kind of data of an output"},
        "geometry": {"type": "string", "enum": _GEOMETRIES, "description": "Geometry type that an input takes"},
        "max_inputs": {"type": "integer", "minimum": 0, "description": "At most so many required inputs"},
        "server": {"type": "string", "enum": list(servers)},
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST_FOUND, "default": 5},
    }
    if len(servers) < 2:
        del told["server"]
    return Tool(
        name=FIND,
        title="Find processes",
        description="Search all processes by words and by facts about the data; the best ones come first. "
        "Give facts only where they are certain.",
        input_schema=closed_object(told),
        output_schema=closed_object(
            {"processes": {"type": "array", "items": _FOUND}, "total": _COUNT, "note": TEXT}, "processes", "total"
        ),
        annotations=READ_ONLY,
    )
