"""Moments as RFC 3339 writes them. Pure."""

import re
from datetime import datetime, timedelta, timezone
from typing import Final

_DATE_TIME: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_DAY_MINUTES: Final = 24 * 60


def moment(text: str) -> datetime | None:
    """The moment that a `date-time` of RFC 3339, 5.6, tells; None where the text is none.

    A leap second is told as the second that follows it, with which it shares its name in most clocks.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    offset_hours, offset_minutes = int(match[9] or 0), int(match[10] or 0)
    if offset_hours > 23 or offset_minutes > 59:
        return None
    offset = (offset_hours * 60 + offset_minutes) * (-1 if match[8] == "-" else 1)
    # The minute before midnight, UTC, is the one that has 61 seconds from time to time.
    leap = second == 60 and (hour * 60 + minute - offset) % _DAY_MINUTES == _DAY_MINUTES - 1
    fraction = int((match[7] or "0")[:6].ljust(6, "0"))
    zone = timezone(timedelta(minutes=offset))
    try:
        told = datetime(year, month, day, hour, minute, 59 if leap else second, fraction, tzinfo=zone)
        return told + timedelta(seconds=leap)
    except (ValueError, OverflowError):
        return None
