"""The tools that belong to no process, as clients see them. Data."""

from collections.abc import Sequence
from typing import Any, Final

from mcp.types import Tool, ToolAnnotations

from mcp_server.protocol.tool_schemas import READ_ONLY, TEXT, TEXTS, closed_object
from mcp_server.settings import BRIDGE, EMBEDDED

MAX_WAIT_SECONDS: Final = 45
"""Clients give up on a call after about 60 s."""

_STATUS: Final[dict[str, Any]] = {
    "type": "string",
    "enum": ["accepted", "running", "successful", "failed", "dismissed"],
}
_NUMBER: Final[dict[str, Any]] = {"type": "number"}

_DESTRUCTIVE: Final = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)


_MEMBERS: Final[dict[str, Any]] = {
    "status": _STATUS,
    "job": TEXT,
    "progress": _NUMBER,
    "message": TEXT,
    "next": TEXT,
    "outputs": {"type": "object"},
    "warnings": TEXTS,
}
_ENVELOPE: Final = closed_object(_MEMBERS, "status")
_LISTED: Final = {"job": TEXT, "process": TEXT, "status": _STATUS, "progress": _NUMBER, "message": TEXT}
_WAIT: Final[dict[str, Any]] = {
    "type": "number",
    "description": "Seconds to wait for its end",
    "minimum": 0,
    "maximum": MAX_WAIT_SECONDS,
    "default": 30,
}

READ_RESULT: Final = Tool(
    name="read_result",
    title="Read a result",
    description="Read the value of an output by its URI: features of a collection, items of an array or "
    "characters of a text from `offset` on; `next_offset` tells how to read on. Pictures are shown.",
    input_schema=closed_object(
        {
            "uri": {"type": "string", "description": "URI of an output, e.g. ogc://SERVER/jobs/ID/results/OUTPUT"},
            "offset": {"type": "integer", "minimum": 0, "default": 0},
            "limit": {"type": "integer", "minimum": 1, "description": "At most; replies stay below 20 kB"},
        },
        "uri",
    ),
    annotations=READ_ONLY,
)


def get_job(servers: Sequence[str]) -> Tool:
    """The tool that waits for a job of these servers or of the bridge."""
    return Tool(
        name="get_job",
        title="Get a job",
        description="Wait for a job and return its outputs, or its progress if it still runs.",
        input_schema=closed_object({"job": _job(servers), "wait": _WAIT}, "job"),
        output_schema=closed_object({**_MEMBERS, "log": TEXTS}, "status"),
        annotations=READ_ONLY,
    )


def dismiss_job(servers: Sequence[str]) -> Tool:
    """The tool that dismisses a job of these servers or of the bridge."""
    return Tool(
        name="dismiss_job",
        title="Dismiss a job",
        description="Stop a job, or delete the results of one that has ended."
        + (f" A job of ogc://{BRIDGE} is given up: its server is not told, and may go on." * _may_lack_jobs(servers)),
        input_schema=closed_object({"job": _job(servers)}, "job"),
        output_schema=_ENVELOPE,
        annotations=_DESTRUCTIVE,
    )


def list_jobs(servers: Sequence[str]) -> Tool:
    """The tool that lists the jobs of these servers and of the bridge."""
    return Tool(
        name="list_jobs",
        title="List jobs",
        description="List the newest jobs with status and progress."
        + (
            f" Those of {BRIDGE!r} are calls that outlasted their time on a server without jobs."
            * _may_lack_jobs(servers)
        ),
        input_schema=closed_object(
            {
                "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
                "server": {"type": "string", "enum": [*servers, *[BRIDGE] * _may_lack_jobs(servers)]},
            }
        ),
        output_schema=closed_object(
            {"jobs": {"type": "array", "items": closed_object(_LISTED, "job", "status")}, "warnings": TEXTS}, "jobs"
        ),
        annotations=READ_ONLY,
    )


def _may_lack_jobs(servers: Sequence[str]) -> bool:
    """Whether there are others than the embedded one, which makes a job of everything."""
    return not set(servers) <= {EMBEDDED}


def _job(servers: Sequence[str]) -> dict[str, Any]:
    """The argument that names a job: its id alone will do where one server only can have it."""
    description = "Job URI ogc://SERVER/jobs/ID" + (", or its ID alone" if len(servers) == 1 else "")
    return {"type": "string", "description": description}
