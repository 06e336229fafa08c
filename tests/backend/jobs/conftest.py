"""Engines on a fresh store, in this process and in others."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import anyio
import anyio.to_thread
import psutil
import pytest

from backend.jobs.engine import Engine
from backend.jobs.liveness import ProcessIdentity
from backend.jobs.records import Job, JobRequest
from backend.jobs.states import JobStatus
from backend.jobs.store import JobStore

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for `job_server`, which also runs as a program

import job_server  # noqa: E402
from databases import Place, Postgres  # noqa: E402
from executors import ByHand  # noqa: E402


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, home: Path) -> Place:
    """Where a store may be: each test that asks is run on both databases."""
    if request.param == "sqlite":
        return Place(home, None)
    return Place(home, request.getfixturevalue("postgres").new_database())


class MakeEngine(Protocol):
    def __call__(self, *, workers: int = 2, dismiss_wait_seconds: float = 10) -> Engine: ...


@pytest.fixture
def store(home: Path) -> Iterator[JobStore]:
    opened = JobStore.open(home, lease_seconds=15)
    yield opened
    opened.close()


@pytest.fixture
def executor() -> ByHand:
    """One whose jobs end when the test says so."""
    return ByHand()


@pytest.fixture
def left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine looks after its jobs by itself: what happens is what it was told of."""
    monkeypatch.setattr(Engine, "_keep", lambda _engine: None)


@pytest.fixture
def open_store(home: Path) -> Iterator[Callable[[], JobStore]]:
    """Opens the store when the test says so."""
    made: list[JobStore] = []

    def make() -> JobStore:
        made.append(JobStore.open(home, lease_seconds=15))
        return made[-1]

    yield make
    for opened in made:
        opened.close()


@pytest.fixture
def make_engine(home: Path) -> Iterator[MakeEngine]:
    """Starts engines that share one home folder; stops those that the test did not."""
    made: list[tuple[JobStore, Engine]] = []

    def make(*, workers: int = 2, dismiss_wait_seconds: float = 10) -> Engine:
        made.append(job_server.open_engine(home, workers=workers, dismiss_wait_seconds=dismiss_wait_seconds))
        made[-1][1].start()
        return made[-1][1]

    yield make
    for opened, engine in made:
        engine.stop()
        opened.close()


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    return make_engine()


@pytest.fixture
def request_for() -> Callable[..., JobRequest]:
    """Execute request for one of the processes of `jobs_under_test`: name and inputs."""
    return job_server.request


class Server:
    """An engine in a process of its own."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, str(HERE / "job_server.py"), str(home)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, **command: Any) -> dict[str, Any]:
        return await anyio.to_thread.run_sync(self._ask, command)

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def kill(self) -> list[psutil.Process]:
        """Kill -9; returns what were its descendants."""
        descendants = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.communicate()
        return descendants

    def close(self) -> tuple[str, str]:
        """End it as a client does, by closing its input; returns what else it wrote to stdout and stderr."""
        return self._process.communicate(timeout=120)


@pytest.fixture
def serve_home(home: Path) -> Iterator[Callable[[], Server]]:
    """Starts server processes on the home folder."""
    made: list[Server] = []

    def make() -> Server:
        made.append(Server(home))
        return made[-1]

    yield make
    for server in made:
        if server._process.poll() is None:
            server.kill()


@pytest.fixture
def worker_of(store: JobStore) -> Callable[[str], ProcessIdentity]:
    """The worker process that the store names for a running job."""

    def find(job_id: str) -> ProcessIdentity:
        (observed,) = store.leases.observe([job_id])
        assert observed.worker is not None
        return observed.worker

    return find


@pytest.fixture
def until_running() -> Callable[..., Any]:
    """Waits until a worker has begun a job."""

    async def wait(engine: Engine, job: Job) -> Job:
        while job.status is JobStatus.ACCEPTED:
            job = await engine.wait(job.id, timeout=60, version=job.version)
        return job

    return wait
