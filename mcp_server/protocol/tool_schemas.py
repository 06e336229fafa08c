"""What the definitions of the bridge's own tools have in common. Data."""

from collections.abc import Mapping
from typing import Any, Final

from mcp.types import ToolAnnotations

TEXT: Final[dict[str, Any]] = {"type": "string"}
TEXTS: Final[dict[str, Any]] = {"type": "array", "items": TEXT}
READ_ONLY: Final = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)


def closed_object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """The schema of an object of these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
