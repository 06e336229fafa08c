"""A job engine as a process of its own: reads commands, one JSON object a line, and writes one answer each."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from backend.jobs.fork_server import start_fork_server

if __name__ == "__main__":
    start_fork_server()  # it imports while this process does

from backend.jobs.admission import Bounds
from backend.jobs.engine import Engine
from backend.jobs.local import LocalExecutor
from backend.jobs.records import Job, JobRequest
from backend.jobs.store import JobStore
from backend.jobs.worker_config import WorkerConfig

IMPORT_PATH = Path(__file__).parent / "import_path"
PROCESSES = {
    name: {"name": f"jobs_under_test.{name}"}
    for name in (
        "Echo",
        "Picture",
        "NoNumber",
        "Burn",
        "BurnOnce",
        "Crash",
        "Murmur",
        "Noise",
        "Refuse",
        "LeaveFiles",
        "tell",
    )
}
IDEMPOTENT = frozenset({"BurnOnce", "Crash", "tell"})
BASE_URL = "http://localhost:5001"


def config(home: Path, *, inline_result_bytes: int = 1024) -> WorkerConfig:
    """Workers that know the misbehaving processes."""
    return WorkerConfig(home, 15, inline_result_bytes, 2**28, (str(IMPORT_PATH),), PROCESSES, BASE_URL, "warning")


def request(process_id: str, **inputs: Any) -> JobRequest:
    """An execute request for one of them."""
    return JobRequest(process_id, inputs, None, "raw", process_id in IDEMPOTENT)


def open_engine(home: Path, *, workers: int = 2, dismiss_wait_seconds: float = 10) -> tuple[JobStore, Engine]:
    """A store and an engine on it, not yet started."""
    store = JobStore.open(home, lease_seconds=15)
    executor = LocalExecutor(config(home), workers=workers, warm=False, append_log=store.append_log)
    bounds = Bounds(workers)
    return store, Engine(store, executor, bounds, lease_seconds=15, dismiss_wait_seconds=dismiss_wait_seconds)


async def answer(engine: Engine, command: dict[str, Any]) -> Job:
    """Do what a command says."""
    match command["do"]:
        case "submit":
            return engine.submit(request(command["process"], **command.get("inputs", {})), durable=True)
        case "running":
            job = await engine.wait(command["job"], timeout=60, version=1)
            while job.status == "accepted":
                job = await engine.wait(command["job"], timeout=60, version=job.version)
            return job
        case "wait":
            return await engine.wait(command["job"], timeout=60)
        case _:
            return await engine.dismiss(command["job"])


def main() -> None:
    """Serve until standard input ends."""
    store, engine = open_engine(Path(sys.argv[1]))
    engine.start()
    for line in sys.stdin:
        job = asyncio.run(answer(engine, json.loads(line)))
        sys.stdout.write(json.dumps({"job": job.id, "status": job.status, "message": job.message}) + "\n")
        sys.stdout.flush()
    engine.stop()
    store.close()


if __name__ == "__main__":
    main()
