"""Limits as the operating system holds a process to them."""

from pathlib import Path

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


def test_a_limit_of_files_leaves_room_for_those_of_the_job_store_and_holds_where_there_are_none(tmp_path: Path) -> None:
    store, limits = tmp_path / "jobs.sqlite", JobLimits(file_bytes=2**20)
    for missing in (None, store):
        with held_to(limits, store=missing):
            assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == 2**20
    with store.open("wb") as file:
        file.truncate(2**30)
    with held_to(limits, store=store):
        assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] > 2**30


def test_a_stricter_limit_that_the_process_has_already_stays() -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**33, before[1]))
    try:
        with held_to(JobLimits(file_bytes=2**34), store=None):
            assert resource.getrlimit(resource.RLIMIT_FSIZE) == (2**33, before[1])
        with held_to(JobLimits(file_bytes=2**32), store=None):
            assert resource.getrlimit(resource.RLIMIT_FSIZE) == (2**32, before[1])
        assert resource.getrlimit(resource.RLIMIT_FSIZE) == (2**33, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
