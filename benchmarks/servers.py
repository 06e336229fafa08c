"""The servers that are measured, as processes of their own, on loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
from mcp import Client, StdioServerParameters

HERE = Path(__file__).resolve().parent
OWN_PROCESSES = ["--config", str(HERE / "processes.yml"), "--processes", str(HERE / "processes")]


def stdio_server(home: Path, *options: str) -> StdioServerParameters:
    """How a client starts the MCP server over stdio."""
    return StdioServerParameters(
        command=sys.executable, args=["-m", "mcp_server", "--home", str(home), *options], env=dict(os.environ)
    )


def stdio_client(home: Path, *options: str) -> Client:
    """A client of a fresh MCP server over stdio."""
    return Client(stdio_server(home, *options))


@contextmanager
def backend_over_http(home: Path, *options: str) -> Generator[str]:
    """The backend alone; gives its URL once it answers."""
    port = _free_port()
    arguments = ["backend", "--home", str(home), "--port", str(port), *options]
    with _running([sys.executable, "-m", "mcp_server", *arguments], f"http://127.0.0.1:{port}") as url:
        yield url


@contextmanager
def invented_servers(count: int, each: int) -> Generator[str]:
    """Servers of invented processes in one process; gives the URL below which they are numbered."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with _running([sys.executable, "-m", "benchmarks.invented", str(port), str(count), str(each)], f"{url}/0"):
        yield url


@contextmanager
def _running(command: list[str], url: str) -> Generator[str]:
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_answers(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the server for {url} ended with {server.returncode}")
        try:
            httpx.get(f"{url}/conformance", trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing answers at {url}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
