"""Loads processors, typed functions and plain pygeoapi plugins alike, and runs them."""

import json
import logging
from collections.abc import Buffer, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast, runtime_checkable

from pygeoapi.plugin import InvalidPluginError, load_plugin  # pyright: ignore[reportUnknownVariableType]
from pygeoapi.process.base import ProcessorExecuteError

from backend.errors import BackendError, ProcessFailedError
from backend.processes.base import Processor, TypedProcess
from backend.processes.messages import described_error, without_folders
from backend.processes.signature import Progress
from summaries.values import is_json

LOGGER = logging.getLogger(__name__)

_PART = 1 << 20
"""Bytes of a buffer that are copied at a time."""


@runtime_checkable
class SelfWriting(Protocol):
    """A JSON value that writes itself, since as objects of Python it would take several times the memory."""

    def json_parts(self) -> Iterator[bytes]:
        """Its compact text in UTF-8, part by part; fails as json.dumps does."""
        ...


@runtime_checkable
class InParts(Protocol):
    """A file that is not in memory as a whole."""

    def file_parts(self) -> Iterator[bytes]:
        """Its bytes, some at a time."""
        ...


@dataclass(frozen=True, slots=True)
class OutputValue:
    """One output of an execution."""

    id: str
    media_type: str
    value: Any
    """A JSON value, perhaps one that writes itself, or str, bytes or another buffer for what is not JSON."""

    def parts(self) -> Iterator[bytes]:
        """The value as its media type has it, JSON as compact UTF-8; one that writes itself, part by part.

        Raises:
            ProcessFailedError: the value is no JSON (NaN, Infinity, an object of Python).
        """
        if isinstance(self.value, bytes):
            yield self.value
            return
        # An array is no JSON, though it has bytes.
        if isinstance(self.value, Buffer) and not is_json(self.media_type):
            if isinstance(self.value, InParts):
                yield from self.value.file_parts()
                return
            with memoryview(self.value) as shaped, shaped.cast("B") as view:
                yield from (bytes(view[start : start + _PART]) for start in range(0, len(view), _PART))
            return
        try:
            # To ask for a protocol takes longer than to write a small value.
            if type(self.value) not in (dict, list, str) and isinstance(self.value, SelfWriting):
                yield from self.value.json_parts()
            elif isinstance(self.value, str) and not is_json(self.media_type):
                yield self.value.encode()
            else:
                yield json.dumps(self.value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
        except (TypeError, ValueError, RecursionError) as error:
            reason = without_folders(str(error))
            raise ProcessFailedError(f"output {self.id} cannot be written as {self.media_type}: {reason}") from error

    def encode(self) -> bytes:
        """All parts as one; raises what they raise."""
        return b"".join(self.parts())


def load_processor(processor_def: Mapping[str, Any]) -> Processor:
    """The processor of a definition: `name` is a dotted path or the name of one of pygeoapi's plugins.

    Raises:
        ProcessFailedError: it cannot be loaded; the message says why.
    """
    try:
        return load_plugin("process", dict(processor_def))
    except InvalidPluginError as error:
        raise ProcessFailedError(f"there is no process plugin {processor_def['name']}") from error
    except Exception as error:
        LOGGER.debug("loading %s", processor_def.get("name"), exc_info=error)
        raise ProcessFailedError(
            f"the process {processor_def.get('name')} cannot be loaded: {described_error(error)}"
        ) from error


def run_processor(
    processor: Processor, inputs: dict[str, Any], outputs: tuple[str, ...] | None, progress: Progress
) -> tuple[OutputValue, ...]:
    """Run a processor and name what it returns by its outputs.

    `outputs` selects by id, in that order; None selects all. What a typed process leaves out is absent.

    Raises:
        ProcessRefusedError: the inputs are at fault, or the process will not answer.
        ProcessFailedError: the process ended with an error of its own, or lacks an output that was asked for.
    """
    try:
        values = _typed(processor, inputs, progress) if isinstance(processor, TypedProcess) else None
        if values is None:
            values = _plain(processor, inputs, outputs)
    except BackendError:
        raise
    except ProcessorExecuteError as error:
        raise ProcessFailedError(str(error)) from error
    # A plugin that calls sys.exit would end the worker with it.
    except (Exception, SystemExit) as error:
        LOGGER.exception("process %s failed", processor.metadata.get("id"))
        raise ProcessFailedError(described_error(error)) from error
    if outputs is None:
        return values
    by_id = {value.id: value for value in values}
    missing = [output for output in outputs if output not in by_id]
    if missing and not isinstance(processor, TypedProcess):
        raise ProcessFailedError(f"the process gave no output {', '.join(missing)}")
    return tuple(by_id[output] for output in outputs if output in by_id)


def _typed(processor: TypedProcess, inputs: dict[str, Any], progress: Progress) -> tuple[OutputValue, ...]:
    value = processor.run(inputs, progress)
    if len(processor.outputs) == 1:
        return (OutputValue(processor.outputs[0].id, processor.outputs[0].media_type, value),)
    return tuple(
        OutputValue(output.id, output.media_type, value[output.id])
        for output in processor.outputs
        if output.id in value
    )


def _plain(processor: Processor, inputs: dict[str, Any], outputs: tuple[str, ...] | None) -> tuple[OutputValue, ...]:
    if processor.supports_outputs and outputs is not None:
        media_type, value = processor.execute(inputs, outputs={output: {} for output in outputs})
    else:
        media_type, value = processor.execute(inputs)
    declared: Mapping[str, Any] = processor.metadata.get("outputs", {})
    named = _named(value, tuple(declared))
    if len(named) == 1:
        return tuple(OutputValue(name, media_type, item) for name, item in named.items())
    # Several outputs came in one JSON document: each has the media type of its own description.
    return tuple(
        OutputValue(name, declared[name].get("schema", {}).get("contentMediaType", "application/json"), item)
        for name, item in named.items()
    )


def _named(value: Any, declared: tuple[str, ...]) -> dict[str, Any]:
    """What a plain plugin returned, by output id."""
    if isinstance(value, dict) and value and set(value) == set(declared):  # pyright: ignore[reportUnknownArgumentType]
        return {name: value[name] for name in declared}
    if len(declared) > 1:
        several = _several(value, declared)
        if several:
            return several
    return {declared[0] if declared else "result": value}


def _is_pair(item: Any) -> bool:
    return isinstance(item, dict) and "id" in item and "value" in item


def _several(value: Any, declared: tuple[str, ...]) -> dict[str, Any]:
    """The declared outputs among a mapping's members or a list of `{id, value}`; empty if it is neither."""
    if isinstance(value, dict):
        return {name: value[name] for name in declared if name in value}
    if not isinstance(value, list):
        return {}
    pairs = {item["id"]: item["value"] for item in cast("list[Any]", value) if _is_pair(item)}
    return {name: pairs[name] for name in declared if name in pairs}
