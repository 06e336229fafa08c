"""When an engine renews its lease, and when it looks for dead engines: not at every turn of its loop."""

import math
import time

_SWEEP_SECONDS = 1.0
"""Time between two looks for engines and workers that died unnoticed."""


class Pace:
    """Of one engine, whose lease lasts `lease_seconds`."""

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._looked = time.time()
        self._renewal = self._sweep = -math.inf

    def begin(self) -> None:
        """Begin a turn; after a suspension of this machine, renew at once and look for the dead a whole lease later.

        The others may have been suspended with it: their leases look expired, and yet they live.
        """
        now = time.time()
        if now - self._looked > self._lease_seconds / 2:
            self._renewal, self._sweep = -math.inf, time.monotonic() + self._lease_seconds
        self._looked = now

    def renewal_due(self) -> bool:
        """Whether to renew the lease now."""
        due = time.monotonic() >= self._renewal
        if due:
            self._renewal = time.monotonic() + self._lease_seconds / 3
        return due

    def sweep_due(self) -> bool:
        """Whether to look for the dead now."""
        due = time.monotonic() >= self._sweep
        if due:
            self._sweep = time.monotonic() + _SWEEP_SECONDS
        return due
