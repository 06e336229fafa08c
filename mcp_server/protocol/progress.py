"""Progress of a job as progress of a request."""

import math
from typing import Final

from mcp.server.session import ServerSession

_TOTAL: Final = 100.0
_STEP: Final = 0.01


class ProgressNotifier:
    """Tells percent and message to the client that asked for progress; each value is larger than the last.

    The protocol demands that values grow, while a job that is run again after a crash begins anew, and some servers
    tell messages only: such news moves the value by a hundredth of a percent.
    """

    def __init__(self, session: ServerSession) -> None:
        self._session = session
        self._told = -_STEP
        self._message: str | None = None

    async def __call__(self, percent: float | None, message: str | None) -> None:
        """Notify, unless there is nothing new."""
        grown = percent is not None and math.isfinite(percent) and percent > self._told
        if not grown and message == self._message:
            return
        value = percent if grown and percent is not None else self._told + _STEP
        self._message = message
        if value <= self._told or value > _TOTAL:
            return
        self._told = value
        await self._session.report_progress(value, _TOTAL, message)
