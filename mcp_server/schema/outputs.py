"""The outputs of a process as the schema of a tool's structured result."""

from mcp_server.schema.plain import JsonObject
from mcp_server.schema.process import CanonicalProcess, OutputSpec
from mcp_server.texts import is_harmless

_LISTED = 16
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Media types that models can look at."""


def output_schema(process: CanonicalProcess) -> JsonObject | None:
    """The schema of the result envelope, naming the outputs. It takes a job that still runs as well.

    What the outputs are is told by each result itself, and in whole by the process's resource.

    None for a process whose only output is a picture: a picture is content, and clients that are given structured
    content drop what stands beside it.
    """
    if len(process.outputs) == 1 and _is_picture(process.outputs[0]):
        return None
    named = {spec.id: {"type": "object"} for spec in process.outputs[:_LISTED] if is_harmless(spec.id)}
    outputs: JsonObject = {"type": "object", "properties": named} if named else {"type": "object"}
    # A job that still runs has no outputs yet; `status` is all that every answer has.
    return {
        "type": "object",
        "properties": {"status": {"type": "string"}, "outputs": outputs},
        "required": ["status"],
    }


def told_outputs(process: CanonicalProcess) -> str:
    """The outputs in one line, for a tool's description: many clients keep output schemas from the model."""
    told = [f"{spec.id} ({spec.media_type})" if spec.media_type else spec.id for spec in process.outputs[:4]]
    more = f" and {len(process.outputs) - len(told)} more" if len(process.outputs) > len(told) else ""
    return f"Returns {', '.join(told)}{more}." if told else ""


def _is_picture(spec: OutputSpec) -> bool:
    return spec.media_type is not None and spec.media_type.partition(";")[0].strip().lower() in PICTURES
