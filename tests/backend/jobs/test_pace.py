"""When an engine renews its lease and looks for the dead, whatever the clocks of a suspended machine say."""

import pytest

from backend.jobs import pace as pace_module
from backend.jobs.pace import Pace

LEASE = 15.0


class Clock:
    """Both clocks. While the machine is suspended the monotonic one stands still."""

    def __init__(self) -> None:
        self.monotonic_now, self.wall = 100.0, 1e9

    def monotonic(self) -> float:
        return self.monotonic_now

    def time(self) -> float:
        return self.wall

    def pass_by(self, seconds: float) -> None:
        self.monotonic_now += seconds
        self.wall += seconds

    def suspend(self, seconds: float) -> None:
        self.wall += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace_module, "time", clock)
    return clock


def turn(pace: Pace) -> tuple[bool, bool]:
    """Whether to renew, and whether to look for the dead."""
    pace.begin()
    return pace.renewal_due(), pace.sweep_due()


def test_the_lease_is_renewed_three_times_while_it_lasts_and_the_dead_are_looked_for_every_second(clock: Clock) -> None:
    pace = Pace(LEASE)
    turns: list[tuple[bool, bool]] = []
    for _ in range(30):
        turns.append(turn(pace))
        clock.pass_by(0.5)
    assert [number for number, (renewal, _) in enumerate(turns) if renewal] == [0, 10, 20]
    assert [number for number, (_, sweep) in enumerate(turns) if sweep] == list(range(0, 30, 2))


def test_after_a_suspension_the_lease_is_renewed_at_once_and_nobody_is_taken_for_dead_before_a_lease_is_over(
    clock: Clock,
) -> None:
    pace = Pace(LEASE)
    turn(pace)
    clock.suspend(3600)
    assert turn(pace) == (True, False)
    clock.pass_by(LEASE / 2)
    assert turn(pace) == (True, False)
    clock.pass_by(LEASE / 2)
    assert turn(pace) == (True, True)
