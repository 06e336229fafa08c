"""Which jobs may begin now: as many as there are workers, and one more for a call that somebody waits for."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

_SHORT_SECONDS = 1.0
"""A call that has run for longer is no short one, whoever still waits for it."""

_SURPLUS = 2
"""Times the workers that may be at work at once: what is beyond them is for short calls alone."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of the executor the jobs of an engine may take."""

    workers: int
    """Jobs that may run at once, but for the surplus."""
    concurrency: Mapping[str, int] = field(default_factory=dict[str, int])
    """Process id → jobs of it that may run at once; a process that is not here may take all workers."""
    max_queued: int | None = None
    """Jobs that may wait; None is any number."""


@dataclass(frozen=True, slots=True)
class Call:
    """A job that is to begin, as far as its place among others goes."""

    process_id: str
    """Empty where it is not known yet."""
    waited_until: float = 0
    """Until then (monotonic clock) somebody waits for its end; 0 for nobody."""


ANY = Call("")
"""Whichever job comes next."""


@dataclass(slots=True, eq=False)
class Slot:
    """The right of one job to run."""

    short_until: float
    """Until then (monotonic clock) it counts as a short call."""
    process_id: str
    used: bool = False


class Slots:
    """The slots that are taken. Its owner's lock guards it."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._taken: set[Slot] = set()

    def take(self, call: Call) -> Slot | None:
        """A slot for a job, None where there is none.

        While all are taken by jobs that are not short, one more is given to a job that is waited for: a call of some
        milliseconds does not stand in the queue behind jobs of hours.
        """
        now = time.monotonic()
        if not self._has_room(call.process_id):
            return None
        if not self.free and not (call.waited_until > now and self._may_exceed(now)):
            return None
        slot = Slot(min(call.waited_until, now + _SHORT_SECONDS), call.process_id)
        self._taken.add(slot)
        return slot

    def use(self, slot: Slot, process_id: str) -> None:
        """A job of that process begins in the slot."""
        slot.process_id, slot.used = process_id, True

    def give_back(self, slot: Slot) -> None:
        """The job has ended."""
        self._taken.discard(slot)

    def give_back_unused(self, slot: Slot) -> None:
        """There was no job for it, if there was none."""
        if not slot.used:
            self._taken.discard(slot)

    @property
    def free(self) -> bool:
        """Whether any job may begin."""
        return len(self._taken) < self._bounds.workers

    def full_processes(self) -> frozenset[str]:
        """The processes of which no further job may begin."""
        if not self._bounds.concurrency:
            return frozenset()
        running = Counter(slot.process_id for slot in self._taken)
        return frozenset(one for one, most in self._bounds.concurrency.items() if running[one] >= most)

    def _has_room(self, process_id: str) -> bool:
        return process_id not in self._bounds.concurrency or process_id not in self.full_processes()

    def _may_exceed(self, now: float) -> bool:
        short = any(slot.short_until > now for slot in self._taken)
        return not short and len(self._taken) < _SURPLUS * self._bounds.workers
