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

    def own(self) -> int:
        """Run the process as a worker does, to the bytes of its outputs, which are gone once they are made; tells how
        many there were. A worker writes them to a file."""
        outputs = run_processor(self.process({"name": "benchmark"}), dict(self.inputs), None, _quiet)
        return sum(len(part) for output in outputs for part in output.parts())

    @property
    def files(self) -> tuple[DatasetFile, ...]:
        """The data that is read."""
        return tuple(value for value in self.inputs.values() if isinstance(value, DatasetFile))


def _quiet(percent: float, message: str | None = None) -> None:
    """Progress that nobody asked for."""
