"""Job services and servers whose parts are killed, the times at which they are, and what must be true afterwards."""

import hashlib
import os
import sqlite3
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import anyio
import httpx
import psutil

from backend.jobs.contents import stored_bytes
from backend.jobs.records import Job, JobRequest
from backend.jobs.service import JobService
from backend.jobs.states import JobStatus

IMPORT_PATH = Path(__file__).parent / "import_path"
NAMES = (
    *("once", "again", "quick", "ignore", "hog", "crash", "spin", "rest", "patient", "scribble", "chatter", "leave"),
    "swallow",
)
IDEMPOTENT = frozenset({"again", "quick"})

PATIENCE = 60.0
"""Seconds that guard against hanging, on a machine that is busy with other things too."""

type Within = Callable[[float], float]
"""Seconds that a bar allows → those that the test does."""


NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Knows no certificate. A client that is given none reads the authorities of the web, which none here needs."""


def client_of(url: str) -> httpx.AsyncClient:
    """A client of a server on this machine."""
    return httpx.AsyncClient(base_url=url, trust_env=False, timeout=60, verify=NO_TLS)


def request_for(process_id: str, **inputs: Any) -> JobRequest:
    return JobRequest(process_id, inputs, None, "document", process_id in IDEMPOTENT)


type OpenService = Callable[..., JobService]
"""Keywords are settings, `of` per process."""


def expect_whole(service: JobService, jobs: Iterable[Job]) -> None:
    """Every successful job has all its results, with their checksums."""
    for job in jobs:
        if job.status is JobStatus.SUCCESSFUL and job.process_id in ("once", "again"):
            stored = service.store.results(job.id)
            assert [record.output_id for record, _ in stored] == ["shape", "text", "bytes"]
            for record, content in stored:
                assert hashlib.sha256(stored_bytes(content)).hexdigest() == record.sha256


def files_in(folder: Path) -> set[Path]:
    """Every file below a folder."""
    return {path for path in folder.rglob("*") if path.is_file()}


async def until_files(folder: Path, number: int) -> None:
    """Wait for so many files: what an attempt left behind goes once its end is known, not before."""
    with anyio.fail_after(PATIENCE):
        while len(files_in(folder)) != number:
            await anyio.sleep(0.01)


def histogram(times: Iterable[float], *, of: float, what: str, bins: int = 10) -> None:
    """Print how the times, in seconds, lie in the span in which something was to be hit."""
    counted = Counter(min(bins - 1, int(time / of * bins)) for time in times)
    bars = " ".join(str(counted[number]) for number in range(bins))
    sys.stderr.write(f"\n{what}, tenths of {of:g} s: {bars}\n")


CONFIGURATION = "resources:\n" + "".join(
    f"  {name}: {{type: process, processor: {{name: faulty.{name}}}}}\n" for name in NAMES
)


class Backend:
    """An HTTP server in a process of its own, on a port of its choice."""

    def __init__(self, home: Path, folder: Path, *, log: Path | None = None, **settings: Any) -> None:
        configuration = folder / "faulty.yml"
        configuration.write_text(CONFIGURATION)
        chosen = {
            "home": home,
            "config": configuration,
            "processes": IMPORT_PATH,
            "workers": 2,
            "warm": True,
            **settings,
        }
        environment = {f"OGC_PROCESSES_{name.upper()}": str(value) for name, value in chosen.items()}
        with ExitStack() as stack:
            self._process = subprocess.Popen(
                [sys.executable, str(Path(__file__).parent / "fault_server.py")],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if log is None else stack.enter_context(log.open("wb")),
                text=True,
            )
        self.pid = self._process.pid
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.communicate(timeout=120)


def still_there(processes: Iterable[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Those that have not ended after so long. The first process of a machine may take its time to bury orphans."""
    deadline, left = time.monotonic() + seconds, [*processes]
    while (left := [one for one in left if _is_at_work(one)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def _is_at_work(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def statuses(home: Path) -> dict[str, str]:
    """Job id → status, as the database has it."""
    with closing(sqlite3.connect(home / "jobs.sqlite", timeout=60)) as database:
        return dict(database.execute("SELECT id, status FROM jobs"))
