"""Validation errors in words that a model can act on: where, what is wrong, what would be right."""

import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from mcp_server.errors import ArgumentProblem
from mcp_server.references import is_reference
from mcp_server.schema.coercion import meant
from mcp_server.schema.kinds import is_of_type, type_of
from mcp_server.schema.plain import JsonObject, as_list, as_object
from mcp_server.schema.references import STAND_INS, URI
from mcp_server.schema.text import brief
from mcp_server.schema.validation import fits

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_KINDS = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_BOUNDS = {
    "minimum": "must be ≥ {}",
    "maximum": "must be ≤ {}",
    "exclusiveMinimum": "must be > {}",
    "exclusiveMaximum": "must be < {}",
    "multipleOf": "must be a multiple of {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
}
_MEASURE = re.compile(r"([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*((?:[^\W\d_]|/){1,15}|[°%'\"])")
"""A number and its unit."""
_FIGURES = re.compile(r"\s*[+-]?\d[\d\s.,'_:–-]*\d\s*(?:[^\W\d_]{1,5})?\s*\Z")
"""Figures with something between them: thousands set apart, a decimal comma, a range."""
_SEPARATOR = re.compile(r"[,;]")
_WORD = re.compile(r"[^\W\d_][^\W_A-Z]*|\d+")
_SHOWN_LENGTH = 60
_SHOWN_VALUES = 12
_ABBREVIATION_LENGTH = 4
_MOST_MEANT = 2
_NEARLY = 0.85
"""A likeness that no two names have by chance: `step` and `steps`."""
MOST_EXPLAINED = 20
"""Of unknown names so many are told with what may have been meant; nobody reads more, and each is looked for long."""


def explained(error: "ValidationError", path: str) -> Iterator[ArgumentProblem]:
    """The problems behind one validation error; `path` leads to the validated value."""
    here = path + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.relative_path)
    keyword, value = str(error.validator), error.instance
    expected: Any = error.validator_value
    if keyword == "anyOf":
        yield from _alternatives(error, as_list(expected), here)
    elif keyword == "type":
        yield _mistyped(value, [as_object(error.schema)], here)
    elif keyword == "enum" and not is_of_type(value, as_object(error.schema).get("type", type_of(value))):
        return  # that it is of the wrong type is told already
    elif keyword == "pattern":
        yield ArgumentProblem(here, f"must match the pattern {expected}, is {shown(value)}")
    elif keyword == "enum":
        yield ArgumentProblem(here, f"{shown(value)} is not one of {_listed(expected)}", did_you_mean(value, expected))
    elif keyword == "required":
        yield from _missing(value, expected, error.schema, here)
    elif keyword == "additionalProperties":
        yield from _undeclared(value, as_object(error.schema), here)
    elif keyword == "uniqueItems":
        yield ArgumentProblem(here, "must not repeat an item")
    else:
        told = _BOUNDS.get(keyword, f"does not fit `{keyword}` {{}}").format(shown(expected))
        yield ArgumentProblem(here, f"{told}, is {shown(value)}" if not isinstance(value, list) else told)


def did_you_mean(value: Any, choices: Iterable[Any]) -> str | None:
    """The closest choice as a question, else those of which the value is an abbreviation; case does not count."""
    by_text = {str(choice).casefold(): choice for choice in choices}
    text = str(value)[:100].casefold()
    close = difflib.get_close_matches(text, by_text, n=1, cutoff=0.5) or _abbreviated(text, by_text)
    if not 0 < len(close) <= _MOST_MEANT:
        return None
    return f"did you mean {' or '.join(json.dumps(by_text[one], ensure_ascii=False) for one in close)}?"


def name_meant(name: str, given: Iterable[str], declared: Iterable[str], required: Iterable[str]) -> str | None:
    """The member that was meant by an unknown name, as a question.

    Most likely it is one that is not there and is named nearly so, else one that has to be there and is not, or at
    least one that is not there.
    """
    there = set(given)
    absent = [one for one in declared if one not in there]
    missing = [one for one in required if one not in there]
    return (
        did_you_mean(name, difflib.get_close_matches(name, absent, cutoff=_NEARLY))
        or did_you_mean(name, missing)
        or _of_the_same_words(name, absent)
        or did_you_mean(name, absent)
        or did_you_mean(name, declared)
    )


def _of_the_same_words(name: str, choices: Iterable[str]) -> str | None:
    """The one name whose words all stand in a longer one: `crs` of `source_crs`, `units` of `distance_unit`."""
    there = _words(name)
    found = [choice for choice in choices if (words := _words(choice)) and words <= there]
    return f"did you mean {json.dumps(found[0], ensure_ascii=False)}?" if len(found) == 1 else None


def _words(name: str) -> set[str]:
    """The words of a name, of which `s` at the end does not count."""
    return {word.casefold().removesuffix("s") for word in _WORD.findall(name[:100])}


def _abbreviated(text: str, choices: Iterable[str]) -> list[str]:
    """The choices that begin with the text's first letter and have its others in the same order: km, kilometre."""
    if not text.isalpha() or len(text) > _ABBREVIATION_LENGTH:
        return []
    found: list[str] = []
    for choice in choices:
        letters = iter(choice)
        if choice[:1] == text[0] and all(letter in letters for letter in text):
            found.append(choice)
    return found


def shown(value: Any) -> str:
    """A value in a message, shortened."""
    if isinstance(value, list | dict):
        return f"{_KINDS[type_of(value)]} of {len(value)}"  # pyright: ignore[reportUnknownArgumentType]  # narrowed from Any
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


def _alternatives(error: "ValidationError", options: list[Any], here: str) -> Iterator[ArgumentProblem]:
    """Only the alternative that was meant, judged by the value's type, is worth explaining."""
    value = error.instance
    causes: dict[int, list[ValidationError]] = {}
    for cause in error.context or ():
        causes.setdefault(int(cause.relative_schema_path[0]), []).append(cause)
    tried = [n for n, option in enumerate(options) if is_of_type(value, option["type"]) and _is_meant(option, value)]
    if not tried:
        proper = [option for option in options if option not in STAND_INS]
        yield _mistyped(value, proper, here, by_reference=URI in options)
        return
    nearest = min(tried, key=lambda number: len(causes.get(number, ())))
    for cause in causes.get(nearest, ()):
        yield from explained(cause, here)


def _is_meant(option: JsonObject, value: Any) -> bool:
    """Whether a stand-in for a value was tried: an object with its one member. A text that is no URI was not one."""
    if option not in STAND_INS:
        return True
    return isinstance(value, dict) and any(name in value for name in option["required"])


def _mistyped(value: Any, options: list[JsonObject], here: str, *, by_reference: bool = False) -> ArgumentProblem:
    kinds = list(dict.fromkeys(str(option["type"]) for option in options))
    wanted = " or ".join(_KINDS[kind] for kind in kinds)
    reference = " (or the URI of a result)" if by_reference else ""
    given = _KINDS[type_of(value)] if not isinstance(value, bool) else "a boolean"
    suggestion = None
    if isinstance(value, str) and {"number", "integer"} & set(kinds):
        suggestion = _number_meant(value, options)
    elif kinds == ["array"] and not isinstance(value, list | dict | None) and not here.endswith("]"):
        # Of several members it may well be the whole that was meant as one.
        suggestion = _array_meant(value, options[0])
    if not by_reference:
        suggestion = in_place_of_reference(value, kinds) or suggestion
    said = given if isinstance(value, list | dict | None) else f"{given} ({shown(value)})"
    return ArgumentProblem(here, f"must be {wanted}{reference}, not {said}", suggestion)


def _array_meant(value: Any, array: JsonObject) -> str | None:
    """How to write as an array what stands alone in place of one; None where no such array would be taken."""
    items = as_object(array.get("items"))
    listed = isinstance(value, str) and len(value) <= _SHOWN_LENGTH
    parts = [part.strip() for part in _SEPARATOR.split(value) if part.strip()] if listed else []
    whole, members = _member_meant(value, items), [_member_meant(part, items) for part in parts]
    taken = len(members) > 1 and None not in members and fits(members, array)
    several = f"[{', '.join(map(shown, members))}]" if taken else None
    if whole is not None and fits([whole], array):
        return f"write [{shown(whole)}]" + (f", or {several} if these are several" if several else "")
    if several or whole is None:
        return several and f"write {several}"
    return f"write [{shown(whole)}, …], at least {array.get('minItems')} items"


def _member_meant(value: Any, items: JsonObject) -> Any:
    """The value as an array with such items would take it; None where it would not."""
    choices = {str(choice).casefold(): choice for choice in as_list(items.get("enum"))}
    reading = meant(choices.get(str(value).casefold(), value), items)
    return reading if fits(reading, items) else None


def _number_meant(text: str, options: list[JsonObject]) -> str | None:
    """How to write the number of a text. Whether its unit is that of the input is for the caller to judge."""
    if len(text) > _SHOWN_LENGTH:
        return None
    measured = _MEASURE.fullmatch(text.strip())
    if measured is None:
        return "write it in digits, with a point before decimals and nothing else" if _FIGURES.match(text) else None
    number = float(measured[1])
    told = "write the number alone, in the unit of this input"
    if not math.isfinite(number) or not any(fits(number, option) for option in options):
        return told
    return f"{told}: {repr(number).removesuffix('.0')} if that is {shown(measured[2])}"


def in_place_of_reference(value: Any, kinds: Iterable[str]) -> str | None:
    """What to write where a link, or the URI of a result, was written and only a value can stand."""
    uri = as_object(value).get("href") if isinstance(value, dict) else value
    if not isinstance(uri, str):
        return None
    if is_reference(uri):
        return "no reference can stand here: read_result tells the value, write that"
    if uri is value:
        return None
    return "no link can stand here: write the value itself" + (", or the URL alone" if "string" in kinds else "")


def _missing(value: Any, names: Any, schema: Any, here: str) -> Iterator[ArgumentProblem]:
    given = as_object(value)
    declared = as_object(as_object(schema).get("properties"))
    strays: list[str] = [name for name in given if name not in declared]
    for name in map(str, as_list(names)):
        if name not in given:
            stray = difflib.get_close_matches(name, strays, n=1)
            yield ArgumentProblem(f"{here}.{name}", "is required", f"rename `{stray[0]}`" if stray else None)


def _undeclared(value: Any, schema: JsonObject, here: str) -> Iterator[ArgumentProblem]:
    given, declared = as_object(value), as_object(schema.get("properties"))
    required = list(map(str, as_list(schema.get("required"))))
    for number, name in enumerate(name for name in given if name not in declared):
        suggestion = None
        if number < MOST_EXPLAINED:
            suggestion = name_meant(name, given, declared, required)
            suggestion = suggestion or f"there are: {brief(', '.join(declared), 300) or 'none'}"
        yield ArgumentProblem(f"{here}.{name[:_SHOWN_LENGTH]}", "is unknown", suggestion)


def _listed(values: Any) -> str:
    listed = as_list(values)
    told = ", ".join(shown(value) for value in listed[:_SHOWN_VALUES])
    return told if len(listed) <= _SHOWN_VALUES else f"{told} and {len(listed) - _SHOWN_VALUES} more"
