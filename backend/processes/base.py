"""The decorator that makes an OGC process, and a pygeoapi plugin, of a typed function."""

import copy
import inspect
from collections.abc import Buffer, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

from pygeoapi.process.base import BaseProcessor, ProcessorExecuteError

from backend.errors import ProcessRefusedError
from backend.processes.signature import JsonObject, Progress, Signature
from summaries.values import is_json

__all__ = ["Output", "Processor", "Progress", "TypedProcess", "process"]

TOOLSET = "urn:ogc-processes-mcp:toolset:"
"""Role of a description's `metadata` that names a group of processes."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a process."""

    id: str
    title: str = ""
    description: str = ""
    media_type: str = "application/json"
    schema: Mapping[str, Any] | None = None
    """JSON Schema of the value; by default that of the return annotation, of several outputs that of its member."""


class Processor(Protocol):
    """What is used of any pygeoapi processor; pygeoapi itself is not typed."""

    metadata: dict[str, Any]
    supports_outputs: bool

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]: ...


class TypedProcess(BaseProcessor):
    """A pygeoapi processor around a typed function. `process` makes the subclasses."""

    metadata: dict[str, Any]
    function: ClassVar[Callable[..., Any]]
    """The function as it was written."""
    idempotent: ClassVar[bool]
    """The process may be run again after its worker or server died."""
    outputs: ClassVar[tuple[Output, ...]]
    signature: ClassVar[Signature]
    description: ClassVar[Mapping[str, Any]]
    """The OGC process description."""

    def __init__(self, processor_def: dict[str, Any]) -> None:
        # pygeoapi alters the metadata of its processors, so each has its own copy.
        metadata = copy.deepcopy(dict(self.description))
        super().__init__(processor_def, metadata)  # pyright: ignore[reportUnknownMemberType]

    def run(self, inputs: Mapping[str, Any], progress: Progress) -> Any:
        """Validate the inputs and call the function.

        Returns: the output's value; of several outputs a mapping from output id to value.

        Raises:
            ProcessRefusedError: an input is invalid, or the function will not answer.
        """
        arguments = self.signature.bind(inputs)
        if self.signature.progress is not None:
            arguments[self.signature.progress] = progress
        return type(self).function(**arguments)

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:  # noqa: ARG002  # pygeoapi's signature
        """What stock pygeoapi calls: no progress, all outputs."""
        try:
            value = self.run(data, _silent)
        except ProcessRefusedError as error:
            raise ProcessorExecuteError(f"{error.path}: {error}" if error.path else str(error)) from error
        types = {output.id: output.media_type for output in self.outputs}
        if len(types) == 1:
            (media_type,) = types.values()
            return media_type, _plain(value, media_type)
        return "application/json", {name: _plain(item, types[name]) for name, item in value.items()}


def process(
    *,
    id: str,  # noqa: A002  # the standard's name
    title: str,
    output: Output | Sequence[Output],
    version: str = "1.0.0",
    keywords: Sequence[str] = (),
    idempotent: bool = False,
    example: Mapping[str, Any] | None = None,
    links: Sequence[Mapping[str, Any]] = (),
    toolsets: Sequence[str] = (),
) -> Callable[[Callable[..., Any]], type[TypedProcess]]:
    """Make a process of a typed function: the signature is the description, the docstring says what it does.

    `idempotent`: it may be run again after its worker or server died, and changes nothing but its result.
    `example` holds inputs of a call that succeeds. A function with several outputs returns a mapping from output id
    to value, whose annotation, a TypedDict, may describe them; an output that is not in the mapping is absent.
    `toolsets` names the groups by which agents' hosts choose what to offer.
    """
    outputs = (output,) if isinstance(output, Output) else tuple(output)

    def decorate(function: Callable[..., Any]) -> type[TypedProcess]:
        signature = Signature.of(function)
        description: JsonObject = {
            "id": id,
            "title": title,
            "description": " ".join((inspect.getdoc(function) or "").split()),
            "version": version,
            "keywords": list(keywords),
            "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
            "outputTransmission": ["value", "reference"],
            "inputs": {name: parameter.description for name, parameter in signature.parameters.items()},
            "outputs": _output_descriptions(outputs, signature.returns),
            "links": [dict(link) for link in links],
        }
        if toolsets:
            description["metadata"] = [{"title": f"Tool set {name}", "role": TOOLSET + name} for name in toolsets]
        if example is not None:
            description["example"] = {"inputs": dict(example)}
        return _class_of(function, idempotent=idempotent, outputs=outputs, signature=signature, description=description)

    return decorate


def _class_of(function: Callable[..., Any], **members: Any) -> type[TypedProcess]:
    """The class of a process, which is told in logs and tracebacks by its function's name."""
    attributes = {
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "function": staticmethod(function),
        **members,
    }
    return type(function.__name__, (TypedProcess,), attributes)


def _output_descriptions(outputs: Sequence[Output], returned: JsonObject) -> dict[str, JsonObject]:
    """Of one output `returned` is the schema, of several that of the mapping which they are members of."""
    members = returned.get("properties", {})
    schemas = {item.id: returned if len(outputs) == 1 else members.get(item.id, {}) for item in outputs}
    return {item.id: _output_description(item, schemas[item.id]) for item in outputs}


def _output_description(output: Output, returned: JsonObject) -> JsonObject:
    schema = dict(output.schema or returned)
    texts = {"title": output.title or output.id.replace("_", " ").capitalize(), "description": output.description}
    for key in ("title", "description"):
        schema.pop(key, None)
    if schema.get("additionalProperties") is True:
        del schema["additionalProperties"]
    return {key: text for key, text in texts.items() if text} | {
        "schema": schema | {"contentMediaType": output.media_type}
    }


def _plain(value: Any, media_type: str) -> Any:
    """A value that stock pygeoapi writes: bytes, or of JSON a mapping as a dict, and what it holds as lists."""
    if isinstance(value, Buffer) and not is_json(media_type):
        return bytes(value)
    if not isinstance(value, Mapping):
        return value
    members = cast("Mapping[str, Any]", value).items()
    return {name: list(cast("Sequence[Any]", item)) if _is_array(item) else item for name, item in members}


def _is_array(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _silent(percent: float, message: str | None = None) -> None:
    """Progress that nobody asked for."""
