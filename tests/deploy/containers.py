"""The commands of the images, run as they stand, but on free loopback ports and with the volumes in a folder."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tests.deploy.images import read_images, read_services
from tests.faults.injection import still_there
from tests.interop.own_backend import until

_PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Container:
    """One running command of an image."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def workers(self) -> list[int]:
        """The process ids of gunicorn's own children that serve."""
        return sorted(
            child.pid for child in psutil.Process(self.process.pid).children() if child.status() != psutil.STATUS_ZOMBIE
        )

    def stop(self, seconds: float) -> int:
        """End it as `docker stop` does; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)


@contextmanager
def backend_container(home: Path, *, workers: int = 2, **environment: str) -> Generator[Container]:
    """The command of the image `backend`, with its defaults, ready to serve."""
    image = read_images()["backend"]
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        variables = {
            **_plain(read_services()["backend"]["environment"]),
            **image.environment,
            "OGC_PROCESSES_CONFIG": str(image.source_of("/own") / "processes.yml"),
            "OGC_PROCESSES_PROCESSES": str(image.source_of("/own")),
            "OGC_PROCESSES_DATA": str(image.source_of("/datasets")),
            "WEB_CONCURRENCY": str(workers),
            # Beats the file of settings, as the port is taken over from here.
            "GUNICORN_CMD_ARGS": f"--bind fd://{listening.fileno()}",
            **environment,
        }
        command = [str(image.source_of(word)) if word.startswith("/etc/") else word for word in image.command]
        with _running(command, home, variables, url, (listening.fileno(),)) as container:
            _until_healthy(container, "backend")
            yield container


@contextmanager
def mcp_container(home: Path, backend_url: str) -> Generator[Container]:
    """The command of the image `mcp`, pointed to a backend, ready to serve."""
    image = read_images()["mcp"]
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    command = [*image.command]
    command[command.index("--host") + 1] = "127.0.0.1"
    command[command.index("--port") + 1] = str(port)
    given = _plain(read_services()["mcp"]["environment"])
    name = given["OGC_PROCESSES_SERVERS"].partition("=")[0]
    variables = {**image.environment, **given, "OGC_PROCESSES_SERVERS": f"{name}={backend_url}"}
    with _running(command, home, variables, f"http://127.0.0.1:{port}", ()) as container:
        _until_healthy(container, "mcp")
        yield container


@contextmanager
def _running(
    command: Sequence[str], home: Path, variables: dict[str, str], url: str, pass_fds: tuple[int, ...]
) -> Generator[Container]:
    log = home.with_suffix(".log")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OGC_PROCESSES_")}
    path = f"{_PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    program = shutil.which(command[0], path=path)
    assert program is not None, command[0]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [program, *command[1:]],
            cwd=home.parent,
            env={**inherited, **variables, "PATH": path, "OGC_PROCESSES_HOME": str(home)},
            stdout=output,
            stderr=output,
            pass_fds=pass_fds,
        )
    descendants: list[psutil.Process] = []
    try:
        yield Container(url, process, log)
    finally:
        if process.poll() is None:
            descendants = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=10)
        for left in still_there(descendants, seconds=10):
            left.kill()


def run_health_check(service: str, container: Container) -> int:
    """The health check of the compose file against a container; returns its exit code."""
    words = read_services()[service]["healthcheck"]["test"][1:]
    port = read_images()[service].ports[0]
    asked = [word.replace(f"http://127.0.0.1:{port}", container.url) for word in words]
    assert asked != words
    return subprocess.run([sys.executable, *asked[1:]], capture_output=True, timeout=20, check=False).returncode


def _until_healthy(container: Container, service: str) -> None:
    def reachable() -> bool:
        assert container.process.poll() is None, container.log.read_text(encoding="utf-8")
        try:
            return httpx.get(container.url + {"backend": "/conformance", "mcp": "/health"}[service]).is_success
        except httpx.TransportError:
            return False

    until(reachable, bool, seconds=120)


def _plain(environment: dict[str, object]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in environment.items()}
