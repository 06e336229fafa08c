"""Synchronous, asynchronous, or what is ready first within the client's patience (OGC 18-062r2, 7.11.2.3). Pure."""

from dataclasses import dataclass
from typing import Literal

from backend.api.preferences import Preferences

type Mode = Literal["sync", "async", "auto"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How long the end of an execution is waited for, and which preferences that heeds."""

    patience: float
    """Seconds until the job itself is the answer."""
    wait: int | None = None
    """Seconds of the preference `wait`, where it is heeded."""
    respond_async: bool = False
    """The preference `respond-async` is heeded."""

    def applied(self, *, ended: bool) -> tuple[str, ...]:
        """What `Preference-Applied` tells: an answer with results is no asynchronous one."""
        told = ("respond-async",) if self.respond_async and not ended else ()
        return told if self.wait is None else (*told, f"wait={self.wait}")


def agree(mode: Mode, preferences: Preferences, control: frozenset[str], longest: float) -> Agreement:
    """What is agreed with a client: never against what the process declares in `control`, its `jobControlOptions`.

    `mode` is the execute request's own; `auto` leaves the choice to the preferences. `longest` is the longest wait in
    seconds. `wait` shortens it only where an execution may be answered with its job.
    """
    can_sync, can_async = "sync-execute" in control, "async-execute" in control
    if can_sync and (mode == "sync" or not can_async):
        return Agreement(longest)
    wanted = mode == "async" or (mode == "auto" and preferences.respond_async)
    runs_async = wanted or (can_async and not can_sync)
    wait = preferences.patience(longest)
    patience = (0 if runs_async else longest) if wait is None else wait
    return Agreement(patience, wait, respond_async=runs_async and preferences.respond_async)
