"""Engines whose jobs are run by a stand-in for Prefect, and carriers as its workers start them."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import job_server
import pytest

from backend.jobs.admission import Bounds
from backend.jobs.engine import Engine
from backend.jobs.lanes import Lane
from backend.jobs.local import LocalExecutor
from backend.jobs.prefect import carrier, executor
from backend.jobs.store import JobStore

sys.path.insert(0, str(Path(__file__).parent))  # for `standing_in`

from standing_in import StandIn, deployment

START_SECONDS = 0.1
LOOK_SECONDS = 0.02
"""How often all look how the others stand."""
REMOTE = ("Echo", "Burn", "BurnOnce", "Noise", "tell")


@pytest.fixture
def prefect() -> StandIn:
    return StandIn()


@pytest.fixture
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a worker's environment, and a carrier that looks often how its job stands."""
    monkeypatch.setattr(carrier, "_LOOK_SECONDS", LOOK_SECONDS)
    monkeypatch.setenv("OGC_PROCESSES_HOME", str(home))
    monkeypatch.setenv("OGC_PROCESSES_PROCESSES", str(job_server.IMPORT_PATH))
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(job_server.IMPORT_PATH)])


@pytest.fixture
def make_remote(home: Path, prefect: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Engine]]:
    """Starts engines on one home, of which Prefect runs most processes; they look often how its runs stand."""
    monkeypatch.setattr(executor, "_TICK_SECONDS", LOOK_SECONDS)
    monkeypatch.setattr(executor, "_RETRY_SECONDS", (LOOK_SECONDS,))
    made: list[tuple[JobStore, Engine]] = []

    def make() -> Engine:
        store = JobStore.open(home, lease_seconds=15)
        here = {name: one for name, one in job_server.PROCESSES.items() if name not in REMOTE}
        config = replace(job_server.config(home), processes=here)
        local = LocalExecutor(config, workers=1, warm=False, append_log=store.append_log)
        remote = executor.PrefectExecutor(
            store,
            prefect.connected,
            [deployment(name) for name in REMOTE],
            base_url=job_server.BASE_URL,
            start_seconds=START_SECONDS,
            ask_seconds=LOOK_SECONDS,
        )
        lanes = (Lane(remote, Bounds(100)),)
        engine = Engine(store, local, Bounds(1), lease_seconds=15, dismiss_wait_seconds=10, others=lanes)
        made.append((store, engine))
        engine.start()
        return engine

    yield make
    for store, engine in made:
        engine.stop()
        store.close()


@pytest.fixture
def remote(make_remote: Callable[[], Engine]) -> Engine:
    return make_remote()
