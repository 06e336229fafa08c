"""What a JSON Schema error says to the person who must mend the request. Pure."""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from jsonschema.exceptions import ValidationError

_LONGEST = 300
"""Characters of a message."""
_LONGEST_SHOWN = 60
"""Characters of a value within a message."""
_MOST_CHOICES = 20
MOST_SUGGESTIONS = 20
"""Names of a request for which a likeness is looked for: that takes long, and thousands of wrong names are no typos."""

_TYPE_NAMES = {
    "object": "an object",
    "array": "an array",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "null": "null",
}


_FORMATS = {
    "date": "an RFC 3339 date such as 2026-01-31",
    "date-time": "an RFC 3339 date-time such as 2026-01-31T12:00:00Z",
}


def json_type(value: Any) -> str:
    """The JSON type of `value` with its article: "a string", "an object", …"""
    if isinstance(value, bool):
        return "a boolean"
    names = {dict: "an object", list: "an array", str: "a string", int: "an integer", float: "a number"}
    return names.get(type(value), "null")  # pyright: ignore[reportUnknownArgumentType]


def suggestion(wrong: str, right: Iterable[str]) -> str:
    """` Did you mean …?` where one of `right` resembles `wrong`, else nothing."""
    folded = {name.casefold(): name for name in right}
    close = difflib.get_close_matches(wrong.casefold(), folded, n=1, cutoff=0.6)
    return f" Did you mean `{folded[close[0]]}`?" if close else ""


def json_path(root: str, parts: Iterable[str | int]) -> str:
    """A JSON path such as `$.inputs.geoms[0]`."""
    path = root
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.replace("_", "a").replace("-", "a").isalnum():
            path += f".{part}"
        else:
            path += f"[{json.dumps(part, ensure_ascii=False)}]"
    return path


def telling(errors: Iterable[ValidationError]) -> list[ValidationError]:
    """The errors without those that only follow from a wrong type at the same place."""
    every = list(errors)
    mistyped = {tuple(error.absolute_path) for error in every if error.validator == "type"}
    return [error for error in every if error.validator == "type" or tuple(error.absolute_path) not in mistyped]


def explain(error: ValidationError) -> str:
    """One sentence: what the value must be, and what it is where that helps. Never quotes a large value."""
    explanation = _EXPLANATIONS.get(str(error.validator))
    message = explanation(error) if explanation else _limit(f"is refused by `{error.validator}: {{limit}}`")(error)
    return message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"


def _type(error: ValidationError) -> str:
    return f"must be {_types(error.validator_value)}, not {json_type(error.instance)}"


def _types(value: Any) -> str:
    names = cast("list[Any]", value) if isinstance(value, list) else [value]
    return " or ".join(_TYPE_NAMES.get(str(name), str(name)) for name in names)


def _enum(error: ValidationError) -> str:
    choices = cast("list[Any]", error.validator_value)
    shown = ", ".join(_brief(choice) for choice in choices[:_MOST_CHOICES])
    more = f" and {len(choices) - _MOST_CHOICES} more" if len(choices) > _MOST_CHOICES else ""
    mended = ""
    if isinstance(error.instance, str):
        mended = suggestion(error.instance, (choice for choice in choices if isinstance(choice, str)))
    return f"must be one of {shown}{more}, not {_brief(error.instance)}." + mended


def _missing(error: ValidationError) -> str:
    instance = cast("dict[str, Any]", error.instance)
    missing = [name for name in cast("list[str]", error.validator_value) if name not in instance]
    return "lacks " + ", ".join(f"`{name}`" for name in missing)


def _surplus(error: ValidationError) -> str:
    known: Mapping[str, Any] = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    surplus = [name for name in cast("dict[str, Any]", error.instance) if name not in known]
    mended = suggestion(surplus[0], known) if surplus else ""
    return "has unknown members: " + ", ".join(f"`{name}`" for name in surplus[:_MOST_CHOICES]) + "." + mended


def _alternatives(error: ValidationError) -> str:
    """The first complaint of each branch; one alone when only one branch has the right type."""
    branches: dict[Any, ValidationError] = {}
    for cause in error.context or ():
        branches.setdefault(cause.schema_path[0], cause)
    fitting = [cause for cause in branches.values() if cause.validator != "type" or cause.path]
    chosen = fitting if len(fitting) == 1 else list(branches.values())
    if all(cause.validator == "type" and not cause.path for cause in chosen) and chosen:
        names = dict.fromkeys(_types(cause.validator_value) for cause in chosen)
        return f"must be {' or '.join(names)}, not {json_type(error.instance)}"
    if not chosen:
        return "matches more than one of the forms it may have"
    reasons = dict.fromkeys(f"{json_path('', cause.path)} {explain(cause)}".strip() for cause in chosen)
    return "; or ".join(reasons)


def _pattern(error: ValidationError) -> str:
    """The format says more than the pattern that spells it out."""
    schema = cast("Mapping[str, Any]", error.schema)
    wanted = _FORMATS.get(str(schema.get("format")))
    if wanted is not None:
        return f"must be {wanted}, not {_brief(error.instance)}"
    pattern = str(error.validator_value)
    shown = pattern if len(pattern) <= _LONGEST_SHOWN else pattern[: _LONGEST_SHOWN - 1] + "…"
    return f"must match the pattern `{shown}`, which {_brief(error.instance)} does not"


def _limit(sentence: str) -> Callable[[ValidationError], str]:
    def say(error: ValidationError) -> str:
        return sentence.format(limit=_brief(error.validator_value), value=_brief(error.instance))

    return say


def _brief(value: Any) -> str:
    if isinstance(value, dict | list):
        return json_type(value)  # pyright: ignore[reportUnknownArgumentType]
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


_EXPLANATIONS: Mapping[str, Callable[[ValidationError], str]] = {
    "type": _type,
    "enum": _enum,
    "const": _limit("must be {limit}, not {value}"),
    "required": _missing,
    "additionalProperties": _surplus,
    "anyOf": _alternatives,
    "oneOf": _alternatives,
    "minimum": _limit("must be at least {limit}, not {value}"),
    "maximum": _limit("must be at most {limit}, not {value}"),
    "exclusiveMinimum": _limit("must be greater than {limit}, not {value}"),
    "exclusiveMaximum": _limit("must be less than {limit}, not {value}"),
    "multipleOf": _limit("must be a multiple of {limit}, not {value}"),
    "minLength": _limit("must have at least {limit} characters"),
    "maxLength": _limit("must have at most {limit} characters"),
    "pattern": _pattern,
    "minItems": _limit("must have at least {limit} items"),
    "maxItems": _limit("must have at most {limit} items"),
    "uniqueItems": _limit("must not hold the same item twice"),
    "minProperties": _limit("must have at least {limit} members"),
    "maxProperties": _limit("must have at most {limit} members"),
}
