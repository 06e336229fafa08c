"""What one of many processes does that insert into one store at once."""

from pathlib import Path
from typing import Any

from backend.jobs.records import JobRequest
from backend.jobs.store import JobStore


def insert_fifty(home: Path, begin: Any) -> None:
    """Open the store when all begin, and insert."""
    begin.wait()
    store = JobStore.open(home, lease_seconds=15)
    for number in range(50):
        store.insert(JobRequest("p", {"number": number}, None, "raw", False), owner=None, durable=number % 5 == 0)
