"""Plugins for a stock pygeoapi: one that takes its time, one that fails."""

import time
from typing import Any

from pygeoapi.process.base import BaseProcessor, ProcessorExecuteError

_SECONDS = {"title": "Seconds", "schema": {"type": "number"}, "minOccurs": 1, "maxOccurs": 1}


def _metadata(process_id: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": "1.0.0",
        "id": process_id,
        "title": process_id,
        "description": f"The test process {process_id}.",
        "jobControlOptions": ["sync-execute", "async-execute"],
        "keywords": [],
        "links": [],
        "inputs": inputs,
        "outputs": {"answer": {"title": "Answer", "schema": {"type": "object"}}},
        **more,
    }


class Nap(BaseProcessor):
    """Sleeps."""

    def __init__(self, processor_def: dict[str, Any]) -> None:
        super().__init__(processor_def, _metadata("nap", {"seconds": _SECONDS}))

    def execute(self, data: dict[str, Any]) -> tuple[str, Any]:
        time.sleep(data["seconds"])
        return "application/json", {"slept": data["seconds"]}


class Stumble(BaseProcessor):
    """Fails, and says why."""

    def __init__(self, processor_def: dict[str, Any]) -> None:
        super().__init__(processor_def, _metadata("stumble", {}))

    def execute(self, data: dict[str, Any]) -> tuple[str, Any]:
        raise ProcessorExecuteError(f"the ground was uneven, {len(data)} inputs or not")
