"""pygeoapi plugins that are executed asynchronously only."""

from typing import Any

from pygeoapi.process.base import BaseProcessor

_METADATA = {
    "version": "1.0.0",
    "id": "later",
    "title": "Later",
    "description": "Greets, and never while the client waits.",
    "jobControlOptions": ["async-execute", "dismiss"],
    "keywords": [],
    "links": [],
    "inputs": {"name": {"title": "Name", "schema": {"type": "string"}, "minOccurs": 1, "maxOccurs": 1}},
    "outputs": {"greeting": {"title": "Greeting", "schema": {"type": "object"}}},
}

_UNCOUNTED = _METADATA | {
    "id": "later-uncounted",
    "title": "Later, uncounted",
    "inputs": {"name": {"title": "Name", "schema": {"type": "string"}}},
}


class Later(BaseProcessor):
    """Greets."""

    def __init__(self, processor_def: dict[str, Any]) -> None:
        super().__init__(processor_def, _METADATA)

    def execute(self, data: dict[str, Any]) -> tuple[str, Any]:
        return "application/json", {"text": f"Hello {data['name']}, at last."}


class LaterUncounted(Later):
    """Greets; how often its input may occur is left to the standard's default."""

    def __init__(self, processor_def: dict[str, Any]) -> None:
        BaseProcessor.__init__(self, processor_def, _UNCOUNTED)
