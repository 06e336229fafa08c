"""Limits as the operating system holds a process to them."""

import pytest

from backend.jobs.limits import JobLimits
from backend.jobs.rlimits import held_to

resource = pytest.importorskip("resource")

HUGE = 10**20
"""More than the system can count."""


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (JobLimits(cpu_seconds=HUGE), "RLIMIT_CPU"),
        (JobLimits(memory_bytes=HUGE), "RLIMIT_AS"),
        (JobLimits(memory_bytes=2**63 - 1), "RLIMIT_AS"),
        (JobLimits(file_bytes=HUGE), "RLIMIT_FSIZE"),
    ],
    ids=["processor", "memory", "memory and what there is", "file"],
)
def test_a_limit_beyond_what_the_system_counts_is_none(limits: JobLimits, kind: str) -> None:
    number = getattr(resource, kind)
    before = resource.getrlimit(number)
    with held_to(limits, store=None):
        assert resource.getrlimit(number) == before
    assert resource.getrlimit(number) == before
