"""Paths into a tool's answer, and references by them from later steps. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, cast

_SEGMENT = re.compile(
    r"""(?:^|(?!^)\.)(?P<name>[^.\[\]'"{}$]+) | \[(?P<index>\d+)\] | \['(?P<quoted>[^']*)'\]""", re.VERBOSE
)
_REFERENCE = re.compile(r"\$\{(?P<path>[^{}]+)\}")


class _Missing:
    pass


MISSING: Final = _Missing()
"""Stands for a value that is not there; None is a value."""


def split_path(path: str) -> tuple[str | int, ...]:
    """The names and indices of a path.

    Raises: ValueError, for what is no path.
    """
    segments: list[str | int] = []
    position = 0
    while position < len(path):
        match = _SEGMENT.match(path, position)
        if match is None:
            break
        segments.append(int(match["index"]) if match["index"] else match["name"] or match["quoted"])
        position = match.end()
    if not segments or position < len(path):
        raise ValueError(f"{path!r} is no path: write names with dots, [0] for an item, ['odd.name'] for other names")
    return tuple(segments)


def look_up(value: Any, segments: tuple[str | int, ...]) -> Any:
    """The value at a path, or `MISSING`."""
    found: Any = value
    for segment in segments:
        if isinstance(segment, int):
            items = cast("list[Any]", found) if isinstance(found, list) else []
            found = items[segment] if segment < len(items) else MISSING
        else:
            found = cast("dict[str, Any]", found).get(segment, MISSING) if isinstance(found, dict) else MISSING
    return found


def references(value: Any) -> list[str]:
    """The paths of all references in a JSON value."""
    if isinstance(value, dict):
        return [path for item in cast("dict[str, Any]", value).values() for path in references(item)]
    if isinstance(value, list):
        return [path for item in cast("list[Any]", value) for path in references(item)]
    return [match["path"] for match in _REFERENCE.finditer(value)] if isinstance(value, str) else []


def resolve(value: Any, answers: Mapping[str, Any]) -> Any:
    """Replace `${STEP.PATH}`: a text that is nothing else becomes the value itself, within a text its text.

    Raises: LookupError, for a value that is not there.
    """
    if isinstance(value, dict):
        return {name: resolve(item, answers) for name, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [resolve(item, answers) for item in cast("list[Any]", value)]
    if not isinstance(value, str):
        return value
    if whole := _REFERENCE.fullmatch(value):
        return _referenced(whole["path"], answers)
    return _REFERENCE.sub(lambda match: as_text(_referenced(match["path"], answers)), value)


def _referenced(path: str, answers: Mapping[str, Any]) -> Any:
    found = look_up(answers, split_path(path))
    if found is MISSING:
        raise LookupError(f"${{{path}}}: there is no such value")
    return found


def as_text(value: Any) -> str:
    """A text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
