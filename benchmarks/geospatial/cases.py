"""A process, its inputs, and the bare library call that does the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.geo.vector.datasets import DatasetFile
from backend.processes.base import TypedProcess
from backend.processes.running import run_processor


@dataclass(frozen=True, slots=True)
class Case:
    """What is compared: both read the same files, and make the text of GeoJSON or the bytes of a file."""

    name: str
    process: Callable[[dict[str, Any]], TypedProcess]
    inputs: Mapping[str, Any]
    """JSON values and files, as a worker gets them once references are resolved."""
    bare: Callable[[], object]
    ratio: float | None = None
    """A bar of its own for process / bare, in place of the usual one."""

    def own(self) -> tuple[bytes, ...]:
        """Run the process as a worker does, to the bytes of its outputs."""
        outputs = run_processor(self.process({"name": "benchmark"}), dict(self.inputs), None, _quiet)
        return tuple(output.encode() for output in outputs)

    @property
    def files(self) -> tuple[DatasetFile, ...]:
        """The data that is read."""
        return tuple(value for value in self.inputs.values() if isinstance(value, DatasetFile))


def _quiet(percent: float, message: str | None = None) -> None:
    """Progress that nobody asked for."""
