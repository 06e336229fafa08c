"""The tools that belong to no process: jobs, and reading results."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mcp.types import CallToolResult, Tool, ToolAnnotations

from mcp_server.errors import InvalidReferenceError
from mcp_server.execution.records import Notify
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.references import JobReference, KeptReference, ProcessReference, ResultReference, is_reference, parse
from mcp_server.results import presentation
from mcp_server.results.pages import page

if TYPE_CHECKING:
    from mcp_server.execution.executor import Executor

NAMES: Final = frozenset({"get_job", "list_jobs", "dismiss_job", "read_result"})
"""Names that no process may have."""
MAX_WAIT_SECONDS: Final = 45
"""Clients give up on a call after about 60 s."""
MAX_PAGE_BYTES: Final = 18_000
"""Of values in one reply of `read_result`: with what surrounds them, about 20 kB."""
MAX_PARTS: Final = 1000
_PARTS_ASKED_FOR: Final = 200

type Run = "Callable[[Executor, Mapping[str, Any], Notify], Awaitable[CallToolResult]]"


@dataclass(frozen=True, slots=True)
class JobTool:
    """A tool of the bridge itself."""

    definition: Tool
    run: Run


_STATUS: Final[dict[str, Any]] = {
    "type": "string",
    "enum": ["accepted", "running", "successful", "failed", "dismissed"],
}
_TEXT: Final[dict[str, Any]] = {"type": "string"}
_NUMBER: Final[dict[str, Any]] = {"type": "number"}
_JOB: Final[dict[str, Any]] = {"type": "string", "description": "Job URI ogc://SERVER/jobs/ID, or its ID alone"}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


_ENVELOPE: Final = _object(
    {
        "status": _STATUS,
        "job": _TEXT,
        "progress": _NUMBER,
        "message": _TEXT,
        "next": _TEXT,
        "outputs": {"type": "object"},
        "warnings": {"type": "array", "items": _TEXT},
    },
    "status",
)
_LISTED: Final = {"job": _TEXT, "process": _TEXT, "status": _STATUS, "progress": _NUMBER, "message": _TEXT}


def job_tools(servers: Sequence[str], *, small_value_bytes: int) -> dict[str, JobTool]:
    """The tools by name, for a bridge to these servers."""
    own = _JobTools(tuple(servers), small_value_bytes)
    read_only = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    destructive = ToolAnnotations(
        read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
    )
    page_number = {"type": "integer", "minimum": 0}
    tools = [
        JobTool(
            Tool(
                name="get_job",
                title="Get a job",
                description="Wait for a job and return its outputs, or its progress if it still runs.",
                input_schema=_object(
                    {
                        "job": _JOB,
                        "wait": {
                            "type": "number",
                            "description": "Seconds to wait for its end",
                            "minimum": 0,
                            "maximum": MAX_WAIT_SECONDS,
                            "default": 30,
                        },
                    },
                    "job",
                ),
                output_schema=_ENVELOPE,
                annotations=read_only,
            ),
            own.get,
        ),
        JobTool(
            Tool(
                name="list_jobs",
                title="List jobs",
                description="List the newest jobs with status and progress.",
                input_schema=_object(
                    {
                        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
                        "server": {"type": "string", "enum": list(servers)} if servers else _TEXT,
                    }
                ),
                output_schema=_object({"jobs": {"type": "array", "items": _object(_LISTED, "job", "status")}}, "jobs"),
                annotations=read_only,
            ),
            own.list,
        ),
        JobTool(
            Tool(
                name="dismiss_job",
                title="Dismiss a job",
                description="Stop a job, or delete the results of one that has ended.",
                input_schema=_object({"job": _JOB}, "job"),
                output_schema=_ENVELOPE,
                annotations=destructive,
            ),
            own.dismiss,
        ),
        JobTool(
            Tool(
                name="read_result",
                title="Read a result",
                description="Read the value of an output by its URI: features of a collection, items of an array or "
                "characters of a text from `offset` on; `next_offset` tells how to read on. Pictures are shown.",
                input_schema=_object(
                    {
                        "uri": {"type": "string", "description": "ogc://SERVER/jobs/ID/results/OUTPUT"},
                        "offset": {**page_number, "default": 0},
                        "limit": {"type": "integer", "minimum": 1, "description": "At most; replies stay below 20 kB"},
                    },
                    "uri",
                ),
                annotations=read_only,
            ),
            own.read,
        ),
    ]
    return {tool.definition.name: tool for tool in tools}


@dataclass(frozen=True, slots=True)
class _JobTools:
    servers: tuple[str, ...]
    small_value_bytes: int

    async def get(self, executor: "Executor", arguments: Mapping[str, Any], notify: Notify) -> CallToolResult:
        execution = await executor.follow(self._job(arguments["job"]), float(arguments["wait"]), notify)
        return presentation.structured(presentation.envelope(execution, small_value_bytes=self.small_value_bytes))

    async def list(self, executor: "Executor", arguments: Mapping[str, Any], _: Notify) -> CallToolResult:
        executions = await executor.jobs(arguments["limit"], arguments.get("server"))
        listed = [
            {
                "job": str(execution.job),
                "process": execution.process_id,
                "status": execution.status,
                "progress": execution.progress,
                "message": execution.message,
            }
            for execution in executions
        ]
        jobs = [{name: value for name, value in job.items() if value not in (None, "")} for job in listed]
        return presentation.structured({"jobs": jobs})

    async def dismiss(self, executor: "Executor", arguments: Mapping[str, Any], _: Notify) -> CallToolResult:
        execution = await executor.dismiss(self._job(arguments["job"]))
        told = {"status": execution.status, "job": str(execution.job), "message": execution.message}
        return presentation.structured({name: value for name, value in told.items() if value})

    async def read(self, executor: "Executor", arguments: Mapping[str, Any], _: Notify) -> CallToolResult:
        uri, offset, limit = _result(arguments["uri"]), arguments["offset"], arguments.get("limit")
        output = await executor.read(uri, offset, min(limit or _PARTS_ASKED_FOR, MAX_PARTS))
        if presentation.is_picture(output):
            return presentation.picture(uri, output)
        return _as_page(uri, output, offset, limit)

    def _job(self, text: str) -> JobReference:
        if is_reference(text):
            match parse(text):
                case JobReference() as job:
                    return job
                case ResultReference() as result:
                    return result.job
                case _:
                    raise InvalidReferenceError(f"{text!r} is not the URI of a job: write ogc://SERVER/jobs/ID")
        if len(self.servers) == 1:
            return JobReference(self.servers[0], text)
        forms = " or ".join(str(JobReference(server, text)) for server in self.servers)
        raise InvalidReferenceError(f"there are several servers: write the job as {forms}")


def _result(text: str) -> ResultReference | KeptReference:
    match parse(text):
        case ResultReference() | KeptReference() as result:
            return result
        case JobReference() as job:
            raise InvalidReferenceError(
                f"{text!r} is a job: get_job tells the URIs of its outputs, {job}/results/OUTPUT"
            )
        case ProcessReference():
            raise InvalidReferenceError(f"{text!r} is a process: its description is the resource of that URI")


def _as_page(uri: object, output: OutputResult, offset: int, limit: int | None) -> CallToolResult:
    told: dict[str, Any] = {"uri": str(uri), "media_type": output.media_type}
    text = presentation.as_text(output)
    if output.value is ABSENT or (isinstance(output.value, bytes) and text is None):
        note = "a binary value: pass its URI on as an input, it cannot be read here"
        return presentation.structured(told | {"bytes": output.size, "note": note})
    part = page(output, text, offset=offset, limit=limit, max_bytes=MAX_PAGE_BYTES)
    if part.unit is not None:
        told |= {"unit": part.unit, "offset": part.offset, "returned": part.returned, "total": part.total}
        told["next_offset"] = part.next_offset
    told["note"] = part.note
    return presentation.structured(
        {name: value for name, value in told.items() if value is not None} | {"value": part.value}
    )
