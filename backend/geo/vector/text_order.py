"""The order of texts: of dates and times in ISO 8601 that of time, of others character by character, which may not be
what is meant.
"""

import re

import numpy as np
from numpy.typing import NDArray

from backend.errors import ProcessRefusedError, refuse
from backend.geo.vector.columns import Column
from backend.geo.vector.moments import micros_of, moment_of

_MOST_LOOKED_AT = 100
"""Values of a field that tell in which notation it is."""
_NUMERAL = re.compile(r"-?\d+(\.\d+)?\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?![^T ])")
_OTHER_DATE = re.compile(r"(?!\d{4}-\d\d-\d\d)(\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?!\d)")
_SLASHED_TIME = re.compile(r"\d{4}/\d\d/\d\d \d")
"""As shapefiles have times."""
_ORDERED_OTHERWISE = (
    (_NUMERAL, "'10' is before '9'"),
    (_TIME, "times in several zones have another order; TIMESTAMP('…') compares times"),
    (_OTHER_DATE, "dates in this notation have another order"),
)
"""Notations of texts, and how their order differs from that of what they stand for."""
_REMEDY = "left() and right() of calculate-field make dates such as '2024-05-31' of them"


def order_of(column: Column) -> tuple[NDArray[np.int64], str | None]:
    """Numbers in whose order the texts of a column come, of no meaning where they are not known, and a doubt about it.

    The instants where all are dates or times in ISO 8601, else the places of the texts among the different ones.
    """
    instants = instants_of(column)
    if instants is not None:
        return instants, None
    order = np.zeros(len(column.values), dtype=np.int64)
    _, order[column.known] = np.unique(column.values[column.known], return_inverse=True)
    return order, _doubt(column)


def instants_of(column: Column) -> NDArray[np.int64] | None:
    """Microseconds since 1970, of no meaning where they are not known; None where some are no dates in ISO 8601."""
    if column.kind != "text":
        return None
    texts = column.values[column.known].tolist()
    try:
        read = {text: micros_of(moment_of(text, None)) for text in dict.fromkeys(texts)}
    except ProcessRefusedError:
        return None
    instants = np.zeros(len(column.values), dtype=np.int64)
    instants[column.known] = [read[text] for text in texts]
    return instants


def doubtful_order(left: Column, right: Column) -> str | None:
    """Why the order of these texts is not what a person may take it for: that of numbers, dates or times."""
    if not left.kind == right.kind == "text":
        return None
    for notation, difference in _ORDERED_OTHERWISE:
        if _all_like(notation, left) and _all_like(notation, right):
            return f"{left.name} and {right.name} are texts and were compared character by character: {difference}."
    return None


def check_dates(left: Column, right: Column) -> None:
    """Refuse to compare dates in ISO 8601 with one in another notation: as texts they have no common order.

    Raises:
        ProcessRefusedError: one of the columns is a literal, and it is so written.
    """
    field, literal = (right, left) if left.is_literal else (left, right)
    if field.is_literal or not literal.is_literal or not field.kind == literal.kind == "text":
        return
    told = f"{field.name} holds dates such as {_first(field)!r}" if field.known.any() else ""
    if _all_like(_ISO, field) and _all_like(_OTHER_DATE, literal):
        refuse(f"{told}, and {literal.name} is written otherwise: year-month-day, as in '2024-05-31', is needed")
    if _all_like(_ISO, literal) and _all_like(_OTHER_DATE, field):
        remedy = "TIMESTAMP('…') compares times" if _all_like(_SLASHED_TIME, field) else _REMEDY
        refuse(f"{told}, and {literal.name} is written otherwise, so they cannot be compared as texts; {remedy}")


def remedy_for_dates(column: Column) -> str:
    """What makes dates of texts that are some in another notation; nothing for other texts."""
    return f"; {_REMEDY}" if _all_like(_OTHER_DATE, column) else ""


def _doubt(column: Column) -> str | None:
    told = f"{column.name} holds texts, put in order character by character: "
    if _all_like(_OTHER_DATE, column):
        return f"{told}dates in this notation have another order; {_REMEDY}."
    if not _all_like(_NUMERAL, column):
        return None
    numbers = [float(text) for text in np.unique(column.values[column.known]).tolist() if _NUMERAL.match(text)]
    if (np.diff(numbers) >= 0).all():
        return None
    return f"{told}'10' is before '9'; number() of calculate-field makes numbers of them."


def _first(column: Column) -> str:
    return str(column.values[column.known][0])


def _all_like(notation: re.Pattern[str], column: Column) -> bool:
    texts = column.values[column.known][:_MOST_LOOKED_AT].tolist()
    return bool(texts) and all(notation.match(text) for text in texts)
