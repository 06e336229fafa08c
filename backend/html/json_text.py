"""JSON as pages show it."""

import json
from typing import Any

LONGEST = 20_000
"""Characters that a person may still look through."""


def pretty(value: Any, longest: int = LONGEST) -> str:
    """Indented JSON, cut where it gets longer than `longest` characters."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return text if len(text) <= longest else text[:longest] + "\n…"
