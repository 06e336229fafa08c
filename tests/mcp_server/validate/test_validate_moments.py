"""Moments are those of RFC 3339, 5.6, no more and no fewer."""

from datetime import UTC, datetime, timedelta

import pytest

from mcp_server.validate.moments import moment

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-01-01T00:00:00Z", NEW_YEAR),
        ("2026-01-01t00:00:00z", NEW_YEAR),
        ("2026-01-01T00:00:00z", NEW_YEAR),
        ("2026-01-01T00:00:00-00:00", NEW_YEAR),
        ("2026-01-01T01:30:00+01:30", NEW_YEAR),
        ("2025-12-31T23:00:00-01:00", NEW_YEAR),
        ("2026-01-01T00:00:00.5Z", NEW_YEAR + timedelta(milliseconds=500)),
        ("2026-01-01T00:00:00.123456789Z", NEW_YEAR + timedelta(microseconds=123456)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        # Leap seconds: at midnight UTC, whatever the hour is called elsewhere.
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T00:59:60+01:00", datetime(2017, 1, 1, tzinfo=UTC)),
        ("1990-12-31T15:59:60-08:00", datetime(1991, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read(text: str, told: datetime) -> None:
    assert moment(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "20260101T000000Z",
        "2026-W01-1T00:00:00Z",
        "2026-001T00:00:00Z",
        "2026-01-01T00Z",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00+01",
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00,5Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T12:00:60Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00Z\n",
        "9999-12-31T23:59:60Z",
        "２026-01-01T00:00:00Z",
        "",
    ],
)
def test_what_is_no_moment_is_not(text: str) -> None:
    assert moment(text) is None
