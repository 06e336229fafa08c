"""Long tests first, dealt to half of the processes of a run: one that began last would have the others wait for it.

Most of their time they wait themselves, for programs that start, end or are killed; the other processes meanwhile run
what keeps a processor busy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long(seconds): a file whose tests take about so long, in all, on two cores")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    processes: int = getattr(config, "workerinput", {}).get("workercount", 1)
    if processes < 2:
        return
    long: dict[Path, File[pytest.Item]] = {}
    for item in items:
        if marker := item.get_closest_marker("long"):
            long.setdefault(item.path, File(*marker.args)).tests.append(item)
    items[:] = dealt(long, [item for item in items if item.path not in long], processes)


@dataclass(slots=True)
class File[T]:
    """Tests that stay together, as they share what is dear to make."""

    seconds: float
    tests: list[T] = field(default_factory=list[T])


def dealt[T](long: Mapping[Path, File[T]], others: Sequence[T], processes: int) -> list[T]:
    """All tests, in an order of which each process gets one of as many equal parts, as xdist hands them out.

    The first half of the parts begin with their share of the long files, the longest first; what is left of a part when
    other processes have done theirs, they take over from its end.
    """
    hands = [File[T](0.0) for _ in range(processes)]
    patient = hands[: (processes + 1) // 2]
    for file in sorted(long.values(), key=lambda one: -one.seconds):
        hand = min(patient, key=lambda one: one.seconds)
        hand.seconds += file.seconds
        hand.tests += file.tests
    rest = iter(others)
    left = len(others) + sum(len(hand.tests) for hand in hands)
    for number, hand in enumerate(hands):
        size = left // (processes - number)
        hand.tests += islice(rest, max(0, size - len(hand.tests)))
        left -= size
    return [test for hand in hands for test in hand.tests] + [*rest]
