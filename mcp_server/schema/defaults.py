"""Defaults that could be sent as they are, out of those that authors wrote down."""

import re
from typing import Any

from mcp_server.schema.combine import branches, is_any
from mcp_server.schema.plain import JsonObject
from mcp_server.schema.validation import fits

_PLACEHOLDERS = frozenset({"any value", "none", "null", "n/a", "undefined", ""})


def is_placeholder(default: Any) -> bool:
    """Whether a default says nothing: ZOO-Project writes `Any value`, pywps `null` as a text."""
    return default is None or (isinstance(default, str) and default.strip().lower() in _PLACEHOLDERS)


def fitting(default: Any, schema: JsonObject) -> tuple[Any] | None:
    """The default, or the value it was meant to be, where that fits the schema; None where nothing does."""
    return next(((value,) for value in (default, *_meant(default, schema)) if fits(value, schema)), None)


def _meant(default: Any, schema: JsonObject) -> list[Any]:
    """Readings of a default written as text (`"10"`, `"true"`), or as a number where a text is expected."""
    kinds: set[str] = set() if is_any(schema) else {branch["type"] for branch in branches(schema)}
    readings: list[Any] = []
    if isinstance(default, str):
        text = default.strip()
        if kinds & {"integer", "number"} and re.fullmatch(r"[+-]?\d{1,15}", text):
            readings.append(int(text))
        elif "number" in kinds and re.fullmatch(r"[+-]?\d{0,15}\.\d{1,15}", text):
            readings.append(float(text))
        elif "boolean" in kinds and text.lower() in ("true", "false"):
            readings.append(text.lower() == "true")
    elif "string" in kinds and isinstance(default, int) and not isinstance(default, bool):
        readings.append(str(default))
    return readings
