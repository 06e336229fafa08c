# ruff: noqa: ARG002
"""Plain pygeoapi plugins that give and do what the packaged processes do not; `execute` is as pygeoapi calls it."""

import os
import time
from typing import Any, ClassVar

from pygeoapi.process.base import BaseProcessor, ProcessorExecuteError

from backend.errors import ProcessRefusedError


class _Plugin(BaseProcessor):
    INPUTS: ClassVar[dict[str, Any]] = {}
    OUTPUTS: ClassVar[dict[str, Any]] = {}
    CONTROL: ClassVar[list[str]] = ["sync-execute", "async-execute"]

    def __init__(self, processor_def: dict[str, Any]) -> None:
        metadata = {
            "version": "1.0.0",
            "id": "trial",
            "title": type(self).__name__,
            "jobControlOptions": self.CONTROL,
            "inputs": self.INPUTS,
            "outputs": self.OUTPUTS,
        }
        super().__init__(processor_def, metadata)


def _media_type(media_type: str) -> dict[str, Any]:
    return {"schema": {"contentMediaType": media_type}}


class ManyOutputs(_Plugin):
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "number": {"schema": {"type": "number"}},
        "place": _media_type("application/geo+json"),
        "table": _media_type("text/csv"),
        "picture": _media_type("image/png"),
    }

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        place = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}
        return "application/json", {"number": 1.5, "place": place, "table": "a,b\n1,é\n", "picture": b"\x89PNG\xff" * 3}


class Sequence(_Plugin):
    """`kind` of length `count`; each item carries its index and `filling` bytes."""

    INPUTS: ClassVar[dict[str, Any]] = {
        "kind": {"schema": {"type": "string", "enum": ["features", "array", "text", "bytes"]}},
        "count": {"schema": {"type": "integer", "minimum": 0}},
        "filling": {"schema": {"type": "integer", "default": 0}},
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {"sequence": {"schema": {}}}

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        filling = "x" * data.get("filling", 0)
        indices = range(data["count"])
        if data["kind"] == "features":
            features = [
                {"type": "Feature", "properties": {"index": index, "filling": filling}, "geometry": None}
                for index in indices
            ]
            return "application/geo+json", {"type": "FeatureCollection", "features": features}
        if data["kind"] == "text":
            return "text/plain", "\n".join(map(str, indices))
        if data["kind"] == "bytes":
            return "image/png", bytes(index % 256 for index in indices)
        return "application/json", [[index, filling] for index in indices]


class Trouble(_Plugin):
    INPUTS: ClassVar[dict[str, Any]] = {"kind": {"schema": {"type": "string"}}}
    OUTPUTS: ClassVar[dict[str, Any]] = {"nothing": {"schema": {}}}

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        match data["kind"]:
            case "refused":
                raise ProcessRefusedError("there is no such place", path="$.inputs.kind")
            case "failed":
                raise ProcessorExecuteError("the well is dry")
            case "bug":
                raise KeyError("bucket")
            case "nan":
                return "application/json", {"value": float("nan")}
            case "header":
                return "text/plain\r\nSet-Cookie: a=b", "x"
            case _:
                os._exit(3)


class Busy(_Plugin):
    """Computes until it is killed, and leaves a note in `note` when it begins."""

    INPUTS: ClassVar[dict[str, Any]] = {"note": {"schema": {"type": "string"}}}
    OUTPUTS: ClassVar[dict[str, Any]] = {"nothing": {"schema": {}}}

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        with open(data["note"], "w", encoding="ascii") as note:  # noqa: PTH123
            note.write(str(os.getpid()))
        end = time.monotonic() + 60
        while time.monotonic() < end:
            pass
        return "application/json", None


class SyncOnly(_Plugin):
    CONTROL: ClassVar[list[str]] = ["sync-execute"]
    OUTPUTS: ClassVar[dict[str, Any]] = {"done": {"schema": {"type": "boolean"}}}

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        return "application/json", True


class AsyncOnly(SyncOnly):
    CONTROL: ClassVar[list[str]] = ["async-execute"]
