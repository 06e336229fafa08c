"""A Prefect server and its workers as processes of this machine, on loopback and without a word to anybody else."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil

IMPORT_PATH = Path(__file__).parents[1] / "faults" / "import_path"

SERVER = Path(__file__).with_name("prefect_server.py")

PATIENCE = 300.0
"""Seconds that guard against hanging: Prefect's server alone takes ten to start where nothing else runs."""

POOL = "ogc-processes"

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",  # none is used, and it takes seconds
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    # On a busy machine who writes may hold the lock for longer than the 5 s for which others usually wait.
    "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "60",
    "PREFECT_SERVER_DATABASE_TIMEOUT": "60",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_CLIENT_MAX_RETRIES": "2",
    "NO_PROXY": "127.0.0.1,localhost",
}


class Site:
    """What an operator has: Prefect's server, workers of one pool, and the home folder that all of them share."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{self._port}/api"
        self.environment = {
            **QUIET,
            "PREFECT_API_URL": self.api,
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'prefect.db'}",
            "OGC_PROCESSES_HOME": str(self.home),
            "OGC_PROCESSES_LEASE_SECONDS": "60",  # nobody is silent for so long, however busy the machine
            "OGC_PROCESSES_PROCESSES": str(IMPORT_PATH),
        }
        self._asking = httpx.Client(base_url=self.api, trust_env=False, timeout=30)
        self._server: subprocess.Popen[bytes] | None = None
        self.workers: dict[str, subprocess.Popen[bytes]] = {}

    def load_server(self) -> None:
        """Start a server without services, which nobody can reach yet."""
        made = {"PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false"}
        self._server = self._run("server", [str(SERVER), str(self._port)], stdin=subprocess.PIPE, **made)

    def open_server(self) -> None:
        """Have the server listen that was loaded, and wait until it answers."""
        assert self._server is not None
        assert self._server.stdin is not None
        self._server.stdin.write(b"\n")
        self._server.stdin.close()
        self._until_it_answers(self._server)

    def start_server(self) -> None:
        """Start the server with all its services, on the same database and port as before; wait until it answers."""
        self._server = self._prefect("server", "server", "start", "--host", "127.0.0.1", "--port", str(self._port))
        self._until_it_answers(self._server)

    def _until_it_answers(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            assert server.poll() is None, self.log("server")
            assert time.monotonic() < deadline, self.log("server")
            time.sleep(0.2)

    def stop_server(self) -> None:
        """Kill the server."""
        assert self._server is not None
        kill_all(self._server)

    def start_worker(self, name: str) -> None:
        """Start a worker of the pool, which runs a few jobs at once."""
        arguments = ("--pool", POOL, "--type", "process", "--name", name, "--limit", "3")
        self.workers[name] = self._prefect(name, "worker", "start", *arguments)

    def kill_worker(self, name: str, *, with_runs: bool) -> None:
        """Kill a worker, and what it runs or not."""
        worker = self.workers.pop(name)
        if with_runs:
            kill_all(worker)
        else:
            worker.kill()
            worker.wait(PATIENCE)

    def log(self, name: str) -> str:
        """The end of what one of them wrote."""
        return (self._folder / f"{name}.log").read_text("utf-8", "replace")[-4000:]

    def close(self) -> None:
        """End everything."""
        self._asking.close()
        for running in (*self.workers.values(), self._server):
            if running is not None:
                kill_all(running)

    def _prefect(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        return self._run(name, ["-m", "prefect", *arguments])

    def _run(
        self, name: str, arguments: Sequence[str], *, stdin: int = subprocess.DEVNULL, **environment: str
    ) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self._folder,
                env={**os.environ, **self.environment, **environment},
                stdin=stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/health") is True
        except httpx.HTTPError:
            return False

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """What Prefect's own API answers."""
        deadline = time.monotonic() + PATIENCE
        # Prefect's database may be locked for a moment.
        while (reply := self._asking.request(method, path, json=body or None)).status_code == 503:
            assert time.monotonic() < deadline, reply.text
            time.sleep(0.2)
        return reply.raise_for_status().json()

    def start_by_hand(self, process_id: str, **inputs: Any) -> str:
        """Start a run of a deployment, as a person does on Prefect's pages; gives its id."""
        return self._start(process_id, inputs)

    def _start(self, process_id: str, inputs: dict[str, Any], **more: Any) -> str:
        deployment = self.ask("GET", f"/deployments/name/{POOL}/{process_id}")["id"]
        body = {"parameters": {"inputs": inputs}, "idempotency_key": uuid.uuid4().hex, **more}
        return self.ask("POST", f"/deployments/{deployment}/create_flow_run", **body)["id"]

    def start_later(self, process_id: str, seconds: float, **inputs: Any) -> None:
        """Have a run of a deployment started in so many seconds, as a schedule does."""
        at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        state = {"type": "SCHEDULED", "state_details": {"scheduled_time": at}}
        self._start(process_id, inputs, state=state)

    def run_of(self, job_id: str) -> str:
        """The id of the run that was ordered of a job."""
        (run,) = self.ask("POST", "/flow_runs/filter", flow_runs={"name": {"any_": [job_id]}})
        return run["id"]

    def cancel(self, run_id: str) -> None:
        """Cancel a run, as a person does on Prefect's pages."""
        self.ask("POST", f"/flow_runs/{run_id}/set_state", state={"type": "CANCELLING"})


def kill_all(running: subprocess.Popen[Any]) -> None:
    """Kill a process and its descendants, whichever session these are in."""
    family: list[psutil.Process] = []
    try:
        process = psutil.Process(running.pid)
        process.send_signal(signal.SIGSTOP)  # it starts no more of them
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        pass
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    running.wait(PATIENCE)
    if running.stdin is not None:
        running.stdin.close()
