"""Progress notifications only ever grow."""

from typing import Any, cast

import pytest

from mcp_server.protocol.progress import ProgressNotifier

pytestmark = pytest.mark.anyio


class Session:
    def __init__(self) -> None:
        self.told: list[tuple[float, float | None, str | None]] = []

    async def report_progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        self.told.append((progress, total, message))


async def notify(*news: tuple[float | None, str | None]) -> list[tuple[float, float | None, str | None]]:
    session = Session()
    notifier = ProgressNotifier(cast("Any", session))
    for percent, message in news:
        await notifier(percent, message)
    return session.told


async def test_percent_and_message_are_told_out_of_a_hundred() -> None:
    assert await notify((0, "started"), (40, "step 2"), (100, None)) == [
        (0, 100, "started"),
        (40, 100, "step 2"),
        (100, 100, None),
    ]


async def test_what_is_not_new_is_not_told() -> None:
    assert len(await notify((10, "a"), (10, "a"), (None, "a"))) == 1


async def test_values_grow_when_a_job_begins_anew_or_tells_messages_only() -> None:
    told = await notify(
        (None, "queued"), (50, "half"), (10, "again"), (None, "still"), (float("nan"), "odd"), (60, "on")
    )
    values = [value for value, _, _ in told]
    assert values == sorted(set(values))
    assert [message for _, _, message in told] == ["queued", "half", "again", "still", "odd", "on"]


async def test_nothing_is_told_beyond_the_end() -> None:
    assert [value for value, _, _ in await notify((100, "done"), (120, "more"), (None, "late"))] == [100]
