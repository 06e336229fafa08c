"""Dates and times, which are texts in ISO 8601 here."""

import re
from datetime import UTC, date, datetime, timedelta

from backend.errors import refuse
from backend.geo.vector.fields import shown

DATE_LENGTH = 10
"""Characters of a date."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SLASHED = re.compile(r"\d{4}/\d\d/\d\d ")


def moment_of(text: str, field: str | None) -> datetime:
    """The date, which begins at midnight in UTC, or time that a text is; `field` is told where it came from.

    Raises:
        ProcessRefusedError: it is none.
    """
    try:
        if len(text) == DATE_LENGTH:
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        # As shapefiles have it, whose format knows no times.
        return datetime.fromisoformat(text.replace("/", "-") if _SLASHED.match(text) else text)
    except ValueError:
        where = f"{field} holds {shown(text)}, which" if field else shown(text)
        refuse(f"{where} is no date or time in ISO 8601, such as '2024-05-31' or '2024-05-31T12:00:00Z'")


def micros_of(moment: datetime) -> int:
    """Since 1970; without a zone it is UTC."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (zoned - _EPOCH) // _MICROSECOND
