"""What the caller is told of a job under way."""

from mcp_server.execution.records import Notify
from mcp_server.ogc.models import StatusInfo


class Teller:
    """Passes news on, and only news: progress never falls, and nothing is told twice."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._percent: float | None = None
        self._message: str | None = None

    async def status(self, status: StatusInfo) -> None:
        """Tell what changed since the last status. Why a job failed is told by the answer, not as progress."""
        if status.status == "failed":
            return
        percent = self._percent if status.progress is None else max(status.progress, self._percent or 0.0)
        if (percent, status.message) != (self._percent, self._message):
            self._percent, self._message = percent, status.message
            await self._notify(percent, status.message)

    async def waiting(self, seconds: float) -> None:
        """Tell that nothing is known yet."""
        await self._notify(self._percent, f"waiting for the server's answer, {seconds:.0f} s so far")
