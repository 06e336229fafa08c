"""Texts in filters: patterns, accents, and what a person may have meant."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

from backend.geo.tables.expression_functions import FUNCTIONS
from backend.geo.vector.columns import Column
from backend.geo.vector.fields import listed, no_such_field, shown
from backend.geo.vector.geometry_terms import MEASURES, TERMS, measure_meant

_MOST_COMPARED = 2_000
"""Different values among which one is looked for that may have been meant."""

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def like_pattern(text: str) -> re.Pattern[str]:
    """% is any text, _ any character, a backslash takes either as it is.

    Each piece between two % is matched where it first comes and not sought again, so that no pattern takes long.
    """
    pieces = [""]
    escaped = False
    for character in text:
        if escaped or character not in "%_\\":
            pieces[-1] += re.escape(character)
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "_":
            pieces[-1] += "."
        else:
            pieces.append("")
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    first, *middle, last = pieces
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in middle if piece) + ".*" + last, re.DOTALL)


def like_meant(pattern: str, texts: Collection[str]) -> str | None:
    """Of a pattern that no text matches: what it would match if it were written otherwise, for people."""
    with_percent = pattern.replace("*", "%")
    for other, fold, remedy in (
        (with_percent, str, "% stands for any text, not *"),
        (pattern, str.casefold, "ILIKE compares whatever the case"),
        (with_percent, str.casefold, "ILIKE compares whatever the case, and % stands for any text, not *"),
    ):
        matches = like_pattern(fold(other)).fullmatch
        meant = [text for text in texts if matches(fold(text))]
        if meant:
            return f"No feature is LIKE {shown(pattern)}; {remedy}: that finds {listed(sorted(meant)[:3])}."
    return None


def without_accents(text: str) -> str:
    """The text without the marks above and below its letters."""
    parts = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


def missing_field(name: str, fields: Sequence[str]) -> str:
    """The reason of a refusal of a name that no field has."""
    if name in TERMS and name not in MEASURES:
        return f"there is no field {shown(name)}; calculate-field measures it, and the field made can be filtered by"
    reason = no_such_field(name, fields)
    if "did you mean" in reason:
        return reason
    if meant := measure_meant(name, MEASURES):
        return f"{reason}; {meant} is measured of geometries"
    if _NUMBER.fullmatch(name):
        return f"{reason}; a number stands without quotes, {name[:40]}"
    return f"{reason}; a text stands in single quotes, '{name[:40]}'"


def unknown_operation(operation: str, known: Iterable[str]) -> str:
    """The reason of a refusal of an operator or function, in lower case, that is none of those known."""
    every = sorted(known)
    close = difflib.get_close_matches(operation, every, n=3)
    told = f"did you mean {listed(close)}?" if close else f"there are {', '.join(every)}"
    if any(word in operation for word in ("dwithin", "distance", "beyond", "buffer")):
        told = "S_DWITHIN(geometry, POINT(9 48), 2, km) compares distances; select-by-location takes them to features"
    elif operation in ("lower", "upper", "lcase", "ucase"):
        told = "CASEI(name) = CASEI('Berlin') compares texts whatever their case"
    elif operation not in FUNCTIONS and (meant := measure_meant(operation, MEASURES)):
        told = f"{meant} is what is measured of each geometry, without parentheses"
    elif operation in ("starts_with", "startswith", "ends_with", "endswith", "strpos", "instr", "regexp_like"):
        told = "LIKE 'start%', LIKE '%end' and LIKE '%part%' look for parts of texts"
    elif operation in ("avg", "average"):
        told = "calculate-field has mean(…) of all features: the field it makes can be filtered by"
    elif operation in FUNCTIONS:
        told = f"calculate-field has it: the field it makes of {operation}(…) can be filtered by"
    return f"the filter has no operator or function {shown(operation)}; {told}"


def alike(left: Column, right: Column) -> str | None:
    """Of a text that no feature has: which there are like it, for people."""
    column, literal = (right, left) if left.is_literal else (left, right)
    if column.is_literal or not literal.is_literal:
        return None
    wanted = str(literal.values[0])
    there = list(dict.fromkeys(column.values[column.known].tolist()))[:_MOST_COMPARED]
    same = [text for text in there if text.casefold().strip() == wanted.casefold().strip()]
    close = same or difflib.get_close_matches(wanted, there, n=3)
    return f"No feature has {literal.name} in {column.name}; there is {listed(close)}." if close else None
