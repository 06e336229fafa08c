"""`name=value` words of the command line as a tool's arguments, guided by its input schema."""

import codecs
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, cast

from mcp_server.errors import ConfigurationError
from mcp_server.schema.patterns import matches
from mcp_server.schema.references import URI
from mcp_server.schema.sendable import unsendable

_JSON_TYPES: Mapping[type, frozenset[str]] = {
    type(None): frozenset({"null"}),
    str: frozenset({"string"}),
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
}

_MARKS_OF_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_TEXT = "not UTF-8 text; files of data are read where they are, as datasets of a folder: --data FOLDER"


def tool_arguments(words: Sequence[str], base: str | None, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of one call: the JSON object `base` (or `@FILE` that holds it), then `name=value` over it.

    A value that is JSON of a type the input takes is that value, anything else a string; `name=@FILE` reads the file;
    an input given several times is an array, and so is what is given once to an input that takes arrays alone.

    Raises: ConfigurationError for a word without `=`, an unreadable file, JSON that cannot be sent (nested
        too deeply, say), or a `base` that is no JSON object.
    """
    properties: Mapping[str, Any] = schema.get("properties", {})
    given: dict[str, list[Any]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise ConfigurationError(f"{word!r}: write arguments as name=value")
        types = _types(properties.get(name, {}))
        several = sum(other.startswith(f"{name}=") for other in words) > 1
        given.setdefault(name, []).append(_value(name, text, frozenset() if several else types))
    return _base(base) | {name: _whole(values, _types(properties.get(name, {}))) for name, values in given.items()}


def _whole(values: list[Any], types: frozenset[str]) -> Any:
    """All that was given to one input. What stands for an array, null or a reference, is no item of one."""
    if len(values) > 1:
        return values
    alone = values[0]
    is_item = isinstance(alone, str | int | float) and not (isinstance(alone, str) and matches(alone, URI["pattern"]))
    return values if types == frozenset({"array"}) and is_item else alone


def _base(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    source = _read("--json", text[1:]) if text.startswith("@") else text
    try:
        value = _loads("--json", source)
    except ValueError as error:
        raise ConfigurationError(f"--json: not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ConfigurationError("--json: the arguments are a JSON object")
    return cast("dict[str, Any]", value)


def _value(name: str, text: str, types: frozenset[str]) -> Any:
    source = _read(name, text[1:]).strip() if text.startswith("@") else text
    if types == frozenset({"string"}):
        return source
    try:
        value = _loads(name, source)
    except ValueError:
        return source
    # `5` for an input that takes objects or text is text; for one that takes only numbers or objects it is a number,
    # and whether that is right is the tool's to say.
    return value if types & _JSON_TYPES[type(value)] or "string" not in types else source


def _types(schema: object) -> frozenset[str]:
    """The JSON types a value may have; empty when the schema does not say."""
    if not isinstance(schema, dict):
        return frozenset()
    described = cast("dict[str, Any]", schema)
    branches = described.get("anyOf")
    if isinstance(branches, list):
        found = [_types(branch) for branch in cast("list[object]", branches)]
        return frozenset(kind for kinds in found for kind in kinds) if all(found) else frozenset()
    kinds: Any = described.get("type", [])
    return frozenset([kinds] if isinstance(kinds, str) else cast("list[str]", kinds))


def _read(name: str, path: str) -> str:
    if not path:
        raise ConfigurationError(f"{name}: @ stands before the name of a file")
    try:
        file = Path(path).expanduser()
        with file.open("rb") as opened:
            begins = opened.read(2)
        # Windows PowerShell writes UTF-16 with its mark into what it redirects to.
        return file.read_text(encoding="utf-16" if begins in _MARKS_OF_UTF16 else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else _NO_TEXT
        raise ConfigurationError(f"{name}: {path}: {reason}") from None


def _loads(name: str, text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ConfigurationError(f"{name} is nested too deeply") from None
    if (fault := unsendable(value, name)) is not None:
        raise ConfigurationError(f"{fault.path} {fault.message}")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
