"""What stands in filters of other languages, and what CQL2 has in its place: for whoever meant SQL, OData or Python."""

import re

from backend.geo.vector.geometry_terms import MEASURES, measure_meant

_SIGNS = {
    "&": "AND joins conditions",
    "|": "OR joins conditions",
    "!": "NOT negates a condition",
    "≥": "CQL2 has >=",
    "≤": "CQL2 has <=",
    "≠": "CQL2 has <>",
    "[": "lists stand in parentheses, as in field IN ('a', 'b')",
    **dict.fromkeys("‘’‚“”„«»`", "texts stand in straight single quotes, 'text'"),
}
_SEPARATED = re.compile(r"\d+_\d")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_PART_OF_A_TEXT = "LIKE 'start%', LIKE '%end' or LIKE '%part%'"
_OPERATORS = {
    **dict.fromkeys(("BEFORE", "AFTER"), "{0}(field, TIMESTAMP('2024-05-31T00:00:00Z'))"),
    "DURING": "{0}(field, INTERVAL('2024-01-01', '2024-05-31'))",
    "EQ": "=",
    "NE": "<>",
    "LT": "<",
    "LE": "<=",
    "GT": ">",
    "GE": ">=",
    **dict.fromkeys(("CONTAINS", "STARTSWITH", "ENDSWITH", "REGEXP", "RLIKE", "SIMILAR", "MATCHES"), _PART_OF_A_TEXT),
}
"""What CQL2 has in place of `field OPERATOR …`."""
_SORTED = "the inputs sort and limit tell what comes first, and how many"
_CLAUSES = {"ORDER": _SORTED, "LIMIT": _SORTED}
_BEGINNINGS = {
    "WHERE": "a filter is the condition alone, without WHERE",
    "SELECT": "a filter is the condition alone, such as population > 1000; statements of SQL are for the process sql",
}


def of_unreadable(rest: str) -> str | None:
    """What is meant by a text that begins with none of CQL2's tokens."""
    if rest.startswith("'"):
        return "a text ends with a single quote"
    if rest.startswith(";"):
        told = "the CRS of coordinates is told by filter_crs, not by an SRID"
        return told if rest.strip("; \n") else "a filter ends without it"
    if rest.startswith("$") and (meant := measure_meant(rest[:30], MEASURES)):
        return f"{meant} is what is measured of each geometry"
    if _SEPARATED.match(rest):
        return "numbers are written without _"
    return _SIGNS.get(rest[:1])


def of_date(rest: str) -> str | None:
    """What is meant by a date without quotes, which would be a subtraction."""
    date = _DATE.match(rest)
    return f"dates stand in quotes, DATE('{date.group()}')" if date else None


def of_word(word: str) -> str | None:
    """What CQL2 has in place of a word that follows a whole condition."""
    upper = word.upper()
    if upper in _OPERATORS:
        return f"CQL2 has {_OPERATORS[upper].format(f'T_{upper}')} in place of field {word} …"
    return _CLAUSES.get(upper)


def of_beginning(text: str) -> str | None:
    """What is wrong with a filter that begins like a statement."""
    return _BEGINNINGS.get(text.split(maxsplit=1)[0].upper()) if text.strip() else None
