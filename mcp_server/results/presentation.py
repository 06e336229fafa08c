"""Executions as MCP results: one shape at every size. Pure."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Protocol, cast

from mcp.types import CallToolResult, ContentBlock, ImageContent, TextContent

from mcp_server.ogc.documents import compact, utf8_size
from mcp_server.ogc.models import ABSENT, OutputResult
from mcp_server.ogc.outputs import text_in
from mcp_server.schema.outputs import PICTURES
from mcp_server.schema.text import brief
from summaries import summarise

MAX_PICTURE_BYTES = 500_000
"""Largest picture sent as content; desktop clients refuse results beyond 1 MB, base64 included."""
MAX_ENVELOPE_BYTES = 16_000
"""Summaries of the last outputs are cut when the envelope, without its values, would be larger than this."""
_WARNING_LENGTH = 1000
_MOST_WARNINGS = 20
_PROCESS_LENGTH = 100


class PresentedOutput(Protocol):
    """One output and the URI under which it can be used again."""

    @property
    def uri(self) -> object: ...
    @property
    def output(self) -> OutputResult: ...


class Presented(Protocol):
    """What is presented of an `mcp_server.execution.records.Execution`, which `results` does not import."""

    @property
    def status(self) -> str: ...
    @property
    def job(self) -> object | None: ...
    @property
    def process_id(self) -> str: ...
    @property
    def progress(self) -> float | None: ...
    @property
    def message(self) -> str | None: ...
    @property
    def outputs(self) -> Sequence[PresentedOutput]: ...


def present(execution: Presented, *, small_value_bytes: int) -> CallToolResult:
    """The result of a process tool: the envelope, or the reason of a failed or dismissed job as a tool error."""
    if execution.status in ("failed", "dismissed"):
        return failure(_ended(execution))
    return structured(envelope(execution, small_value_bytes=small_value_bytes))


def envelope(execution: Presented, *, small_value_bytes: int) -> dict[str, Any]:
    """Status, job, outputs and warnings of an execution, as `structuredContent`.

    Each output has `uri`, `media_type`, `bytes` where known and `summary`; and `value` while all values together are
    at most `small_value_bytes` of JSON or text. Binary values never stand in it. Of very many outputs the first are
    told, and how many there are.
    """
    told: dict[str, Any] = {"status": execution.status, "job": str(execution.job) if execution.job else None}
    if execution.status in ("accepted", "running"):
        told |= {
            "progress": execution.progress,
            "message": execution.message,
            "next": f"call get_job with job={execution.job}",
        }
    elif execution.status != "successful":
        told["message"] = _ended(execution)
    else:
        outputs = {one.output.id: _output(one) for one in execution.outputs}
        warnings = _lift_warnings(outputs.values())
        size = _cut_summaries(outputs)
        values = _small_values((one.output for one in execution.outputs), small_value_bytes)
        if size > MAX_ENVELOPE_BYTES and (untold := _cut_outputs(outputs)):
            warnings.append(f"{untold} more outputs are not told here; their URIs end with their ids as these do")
        for output_id in outputs.keys() & values.keys():
            outputs[output_id]["value"] = values[output_id]
        told |= {"outputs": outputs, "warnings": list(dict.fromkeys(warnings)) or None}
    return {name: value for name, value in told.items() if value is not None}


def structured(content: Mapping[str, Any]) -> CallToolResult:
    """The same compact JSON as structured content and as text: some clients forward the one, some the other."""
    clean, text = _as_json(content)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=clean)


def failure(message: str) -> CallToolResult:
    """A tool error: something the model can read and act on."""
    _, text = _as_json({"text": message})
    return CallToolResult(content=[TextContent(type="text", text=json.loads(text)["text"])], is_error=True)


def is_picture(output: OutputResult) -> bool:
    """Whether an output is a picture that a model can look at, of a size that clients take."""
    return output.media_type.partition(";")[0] in PICTURES and (output.size or 0) <= MAX_PICTURE_BYTES


def picture(uri: object, output: OutputResult) -> CallToolResult:
    """A picture and one line of text, without structured content: clients that forward that would drop the picture."""
    text = f"{output.media_type} picture, {_size(output)} bytes: {uri}"
    content: list[ContentBlock] = [TextContent(type="text", text=text)]
    if isinstance(output.value, bytes) and len(output.value) <= MAX_PICTURE_BYTES:
        data = base64.b64encode(output.value).decode("ascii")
        content.insert(0, ImageContent(type="image", data=data, mime_type=output.media_type.partition(";")[0]))
    return CallToolResult(content=content)


def as_text(output: OutputResult) -> str | None:
    """The value of an output that is text and not JSON; None for anything else."""
    if isinstance(output.value, bytes):
        try:
            return output.value.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return text_in(output.value, output.media_type)


def _ended(execution: Presented) -> str:
    job = f" ({execution.job})" if execution.job else ""
    message = f": {execution.message}" if execution.message else ""
    return f"{brief(execution.process_id, _PROCESS_LENGTH)} {execution.status}{message}{job}"


def _output(one: PresentedOutput) -> dict[str, Any]:
    output = one.output
    summary = output.summary
    if summary is None and output.value is not ABSENT:
        summary = summarise(output.value, output.media_type)
    told = {
        "uri": str(one.uri),
        "media_type": output.media_type,
        "bytes": _size(output),
        "summary": dict(summary) if summary else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _size(output: OutputResult) -> int | None:
    if output.size is not None or output.value is ABSENT:
        return output.size
    return len(output.value) if isinstance(output.value, bytes) else utf8_size(compact(output.value))


def _lift_warnings(outputs: Iterable[dict[str, Any]]) -> list[str]:
    """Take the warnings out of the summaries: they stand once, where they are seen."""
    lifted: list[str] = []
    for output in outputs:
        found = output.get("summary", {}).pop("warnings", ())
        if isinstance(found, list):
            lifted += [brief(str(warning), _WARNING_LENGTH) for warning in cast("list[object]", found)[:_MOST_WARNINGS]]
    return lifted[:_MOST_WARNINGS]


def _cut_summaries(outputs: dict[str, dict[str, Any]]) -> int:
    """Leave out most of the summaries of the last outputs while all are too much; the bytes that remain."""
    size = utf8_size(compact(outputs))
    for output in reversed(list(outputs.values())):
        if size <= MAX_ENVELOPE_BYTES:
            break
        summary = output.get("summary", {})
        short = {name: summary[name] for name in ("kind", "count", "length") if name in summary}
        size -= utf8_size(compact(summary)) - len(compact(short))
        output["summary"] = short
    return size


def _cut_outputs(outputs: dict[str, dict[str, Any]]) -> int:
    """Leave out the last of so many outputs that even their URIs are too much; how many."""
    sizes = (utf8_size(compact({name: told})) for name, told in outputs.items())
    fitting = sum(1 for total in accumulate(sizes) if total <= MAX_ENVELOPE_BYTES)
    untold = list(outputs)[max(1, fitting) :]
    for name in untold:
        del outputs[name]
    return len(untold)


def _small_values(outputs: Iterable[OutputResult], limit: int) -> dict[str, Any]:
    """The JSON and text values that came, by output id; none of them where they are not small together."""
    values: dict[str, Any] = {}
    for output in outputs:
        if output.value is ABSENT:
            continue
        value = as_text(output) if isinstance(output.value, bytes) else output.value
        if isinstance(output.value, bytes) and value is None:
            continue
        values[output.id] = value
        size = _size(output) or 0
        # What a server says of the size of a value that it sends need not be so.
        limit -= size if size > limit else max(size, utf8_size(value if isinstance(value, str) else compact(value)))
    return values if limit >= 0 else {}


def _as_json(content: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The content, and its JSON; NaN and lone surrogates, which no JSON text may carry, replaced."""
    try:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()
    except ValueError:
        text = compact(content).encode(errors="replace").decode()
        clean = json.loads(text, parse_constant=lambda _: None)
        return clean, compact(clean)
    return dict(content), text
