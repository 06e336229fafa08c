"""The tools that belong to no process: jobs, and reading results."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mcp.types import CallToolResult, Tool

from mcp_server.errors import InvalidReferenceError, NoSuchJobError, RemoteProblemError, ResultGoneError
from mcp_server.execution.records import Notify
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.protocol import job_logs
from mcp_server.protocol import job_tool_definitions as definitions
from mcp_server.protocol.as_files import as_file
from mcp_server.references import (
    DatasetReference,
    JobReference,
    KeptReference,
    ProcessReference,
    ResultReference,
    is_reference,
    parse,
)
from mcp_server.results import presentation
from mcp_server.results.pages import page
from mcp_server.schema.text import brief

if TYPE_CHECKING:
    from mcp_server.execution.executor import Executor

NAMES: Final = frozenset({"get_job", "list_jobs", "dismiss_job", "read_result"})
"""Names that no process may have."""
MAX_PAGE_BYTES: Final = 18_000
"""Of values in one reply of `read_result`: with what surrounds them, about 20 kB."""
MAX_PARTS: Final = 1000
_PARTS_ASKED_FOR: Final = 200
_PROCESS_LENGTH: Final = 100


def _always() -> bool:
    return True


type Run = "Callable[[Executor, Mapping[str, Any], Notify], Awaitable[CallToolResult]]"


@dataclass(frozen=True, slots=True)
class OwnTool:
    """A tool that belongs to no process: of jobs, of results, of datasets or of files."""

    definition: Tool
    run: Run
    offered: Callable[[], bool] = _always
    """Whether it is listed: it may be of no use with the servers there are."""


def job_tools(servers: Sequence[str], *, small_value_bytes: int, saves: bool = False) -> dict[str, OwnTool]:
    """The tools by name, for a bridge to these servers; saves: it saves results as files."""
    own = _JobTools(tuple(servers), small_value_bytes, saves)
    tools = (
        OwnTool(definitions.get_job(servers), own.get),
        OwnTool(definitions.list_jobs(servers), own.list),
        OwnTool(definitions.dismiss_job(servers), own.dismiss),
        OwnTool(definitions.READ_RESULT, own.read),
    )
    return {tool.definition.name: tool for tool in tools}


@dataclass(frozen=True, slots=True)
class _JobTools:
    servers: tuple[str, ...]
    small_value_bytes: int
    saves: bool

    async def get(self, executor: "Executor", arguments: Mapping[str, Any], notify: Notify) -> CallToolResult:
        job = self._job(arguments["job"])
        try:
            execution = await executor.follow(job, float(arguments["wait"]), notify)
        except (NoSuchJobError, ResultGoneError):
            raise
        except RemoteProblemError as error:
            raise job_logs.with_log(error, await job_logs.last_lines(executor, job)) from error
        told = presentation.envelope(execution, small_value_bytes=self.small_value_bytes)
        if execution.status == "running" and (lines := await job_logs.last_lines(executor, job)):
            told["log"] = list(lines)
        return presentation.structured(told)

    async def list(self, executor: "Executor", arguments: Mapping[str, Any], _: Notify) -> CallToolResult:
        found = await executor.jobs(arguments["limit"], arguments.get("server"))
        listed = [
            {
                "job": str(execution.job),
                "process": brief(execution.process_id, _PROCESS_LENGTH),
                "status": execution.status,
                "progress": execution.progress,
                "message": execution.message,
            }
            for execution in found.jobs
        ]
        jobs = [{name: value for name, value in job.items() if value not in (None, "")} for job in listed]
        return presentation.structured({"jobs": jobs} | ({"warnings": list(found.warnings)} if found.warnings else {}))

    async def dismiss(self, executor: "Executor", arguments: Mapping[str, Any], _: Notify) -> CallToolResult:
        execution = await executor.dismiss(self._job(arguments["job"]))
        told = {"status": execution.status, "job": str(execution.job), "message": execution.message}
        return presentation.structured({name: value for name, value in told.items() if value})

    async def read(self, executor: "Executor", arguments: Mapping[str, Any], _: Notify) -> CallToolResult:
        uri, offset, limit = result_of(arguments["uri"]), arguments["offset"], arguments.get("limit")
        output = await executor.read(uri, offset, min(limit or _PARTS_ASKED_FOR, MAX_PARTS))
        if presentation.is_picture(output):
            return presentation.picture(uri, output)
        return _as_page(uri, output, offset, limit, file=as_file(uri, output, saves=self.saves))

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


def result_of(text: str) -> ResultReference | KeptReference:
    """The output that an argument names.

    Raises: InvalidReferenceError, with what would name one.
    """
    match parse(text):
        case ResultReference() | KeptReference() as result:
            return result
        case JobReference() as job:
            raise InvalidReferenceError(f"{text!r} is a job: get_job tells the URIs of its outputs, {job.output_form}")
        case DatasetReference():
            raise InvalidReferenceError(
                f"{text!r} is a dataset: pass it on as an argument; its resource tells its file"
            )
        case ProcessReference():
            raise InvalidReferenceError(f"{text!r} is a process: its description is the resource of that URI")


def _as_page(uri: object, output: OutputResult, offset: int, limit: int | None, *, file: str) -> CallToolResult:
    """file: how the user gets it as a file."""
    told: dict[str, Any] = {"uri": str(uri), "media_type": output.media_type}
    text = presentation.as_text(output)
    if output.value is ABSENT or (isinstance(output.value, bytes) and text is None):
        note = f"a binary value: pass its URI on as an input; it cannot be shown here, {file}"
        return presentation.structured(told | {"bytes": output.size, "note": note})
    part = page(output, text, offset=offset, limit=limit, max_bytes=MAX_PAGE_BYTES)
    if part.unit is not None:
        told |= {"unit": part.unit, "offset": part.offset, "returned": part.returned, "total": part.total}
        told["next_offset"] = part.next_offset
    told["note"] = part.note
    return presentation.structured(
        {name: value for name, value in told.items() if value is not None} | {"value": part.value}
    )
