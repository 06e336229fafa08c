"""The stdio server as a client starts it: a clean stream, and a clean end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.injection import still_there

pytestmark = pytest.mark.long(20)

ROOT = Path(__file__).resolve().parents[3]
_ENDING_SECONDS = 90
"""Only guards against a server that never ends."""

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
WARM = {"OGC_PROCESSES_WARM": "true"}
"""As users start it: the worker processes begin to start at once."""

INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}

NOISY = '''
import os
from backend.processes.base import Output, process

print("printed while a plugin is imported")
os.write(1, b"written past Python's own stream")


@process(
    id="noisy",
    title="Noisy",
    version="1.0.0",
    keywords=["test"],
    output=Output(id="out", title="Out", description="A number.", media_type="application/json"),
    idempotent=True,
)
def noisy() -> int:
    """Prints a lot."""
    print("printed in a worker")
    os.system("echo printed by a child")
    return 1


@process(id="divide", title="Divide", keywords=["test"], output=Output(id="quotient", title="q", description="q."))
def divide(by: float) -> float:
    """One divided by a number."""
    return 1 / by
'''
CONFIG = """resources:
  noisy: {type: process, processor: {name: noisy.noisy}}
  divide: {type: process, processor: {name: noisy.divide}}
"""


FOREIGN = '''
from backend.processes.base import Output, process

print("→ imported ✓")


@process(id="foreign", title="Foreign", keywords=["test"], output=Output(id="out", title="o", description="o."))
def foreign() -> int:
    """Prints what few code pages have."""
    print("→ größe ✓")
    return 1
'''


def call_of(argument: str) -> str:
    """A tool call as a line, its argument written as it is."""
    params = f'{{"name": "get_job", "arguments": {{"job": {argument}}}}}'
    return f'{{"jsonrpc": "2.0", "id": 77, "method": "tools/call", "params": {params}}}'


class Session:
    """A stdio server, spoken to line by line: every line that is not JSON-RPC is a failure."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._ids = iter(range(1, 1000))

    def send(self, message: dict[str, Any]) -> None:
        self.write(json.dumps(message))

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self, message_id: int | None) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            assert message["jsonrpc"] == "2.0"
            if message.get("id") == message_id and "method" not in message:
                return message
        raise AssertionError("the server ended before it answered")

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        message_id = next(self._ids)
        self.send({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})
        return self.answer(message_id)["result"]

    def initialize(self) -> dict[str, Any]:
        self.send(INITIALIZE)
        answered = self.answer(0)
        self.send(INITIALIZED)
        return answered["result"]

    def family(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]


@contextmanager
def started(home: Path, *arguments: str, log: Path | None = None, **settings: str) -> Iterator[Session]:
    errors = None if log is None else log.open("wb")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "mcp_server", "--home", str(home), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors or subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=os.environ | {"OGC_PROCESSES_WAIT_SECONDS": "20"} | settings,
    )
    try:
        yield Session(process)
    finally:
        if process.poll() is None:
            process.kill()
        for stream in (process.stdin, process.stdout, errors):
            if stream is not None:
                stream.close()
        process.wait(_ENDING_SECONDS)


def test_processes_print_every_character_whatever_the_code_page_of_the_system(home: Path, tmp_path: Path) -> None:
    (tmp_path / "foreign.py").write_text(FOREIGN, encoding="utf-8")
    config = tmp_path / "foreign.yml"
    config.write_text("resources:\n  foreign: {type: process, processor: {name: foreign.foreign}}\n", encoding="utf-8")
    log = tmp_path / "stderr.log"
    folder = str(tmp_path)
    with started(home, "--processes", folder, "--config", str(config), log=log, PYTHONIOENCODING="cp1252") as session:
        session.initialize()
        result = session.request("tools/call", name="foreign", arguments={})
        assert result["structuredContent"]["status"] == "successful"
        assert session.process.stdin is not None
        session.process.stdin.close()
        session.process.wait(_ENDING_SECONDS)
    told = log.read_text(encoding="utf-8")
    assert "→ imported ✓" in told
    assert "→ größe ✓" in told


def test_what_plugins_print_goes_to_the_operator_and_the_end_of_standard_input_ends_all_processes(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "noisy.py").write_text(NOISY, encoding="utf-8")
    (tmp_path / "noisy.yml").write_text(CONFIG, encoding="utf-8")
    log = tmp_path / "stderr.log"
    with started(
        home, "--processes", str(tmp_path), "--config", str(tmp_path / "noisy.yml"), log=log, **WARM
    ) as session:
        assert session.initialize()["serverInfo"]["name"] == "ogc-processes-mcp"
        result = session.request("tools/call", name="noisy", arguments={})
        assert result["structuredContent"]["outputs"]["out"]["value"] == 1
        assert "noisy" in [tool["name"] for tool in session.request("tools/list")["tools"]]
        assert session.request("tools/call", name="divide", arguments={"by": 0})["isError"]
        family = session.family()
        assert len(family) > 1
        assert session.process.stdin is not None
        session.process.stdin.close()
        assert session.process.wait(_ENDING_SECONDS) == 0
        assert still_there(family, seconds=_ENDING_SECONDS) == []
    told = log.read_text(encoding="utf-8")
    assert "printed in a worker" in told
    assert "]: process divide failed\nTraceback (most recent call last):\n" in told
    assert "in divide\n    return 1 / by" in told


@pytest.mark.skipif(sys.platform == "win32", reason="there is no way to interrupt one process alone")
def test_an_interrupt_ends_the_server_and_all_its_processes_while_the_client_still_listens(home: Path) -> None:
    with started(home, **WARM) as session:
        session.initialize()
        result = session.request("tools/call", name="hello_world", arguments={"name": "x"})
        assert result["structuredContent"]["status"] == "successful"
        family = session.family()
        session.process.send_signal(signal.SIGINT)
        assert session.process.wait(_ENDING_SECONDS) == 130
        assert still_there(family, seconds=_ENDING_SECONDS) == []


@pytest.mark.parametrize("said", ["nothing", "initialize"])
def test_a_client_that_leaves_at_once_leaves_nothing_behind(home: Path, said: str) -> None:
    with started(home, **WARM) as session:
        if said == "initialize":
            assert session.initialize()["serverInfo"]["name"]
        assert session.process.stdin is not None
        assert session.process.stdout is not None
        session.process.stdin.close()
        # On a slow machine it may still tell that its tools have changed.
        assert all(json.loads(line)["jsonrpc"] == "2.0" for line in session.process.stdout)
        assert session.process.wait(_ENDING_SECONDS) == 0


def test_what_is_no_message_is_answered_and_a_client_that_then_leaves_without_reading_does_not_keep_the_server(
    home: Path,
) -> None:
    lines = [  # with the id that its answer names, the code, and words of the message
        ("this is no JSON", None, -32700, "Parse error"),
        ("[]", None, -32600, "Invalid request"),
        (call_of(r'"\ud800"'), 77, -32700, "Parse error"),
        (call_of(f'"{"x" * 30_000}"'), None, -32600, "20000 bytes at most"),
        ("[" * 10_000, None, -32700, "Parse error"),
        (call_of("[" * 300 + "]" * 300), 77, -32700, "recursion limit"),
    ]
    with started(home, "--no-embedded", OGC_PROCESSES_MAX_REQUEST_BYTES="20000") as session:
        session.initialize()
        for line, message_id, code, said in lines:
            session.write(line)
            fault = session.answer(message_id)["error"]
            assert (fault["code"], said in fault["message"]) == (code, True), fault
            assert [tool["name"] for tool in session.request("tools/list")["tools"]]
        for number in range(300):
            session.send({"jsonrpc": "2.0", "id": 1000 + number, "method": "tools/list", "params": {}})
        assert session.process.stdin is not None
        session.process.stdin.close()
        assert session.process.wait(_ENDING_SECONDS) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes the stream")
def test_a_closed_standard_stream_is_one_clear_line(home: Path) -> None:
    command = f'exec "{sys.executable}" -m mcp_server --home "{home}" <&-'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "ogc-processes-mcp: standard input and output must be open: the client speaks through them"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes the stream")
def test_a_server_whose_standard_error_is_closed_serves_all_the_same(home: Path) -> None:
    command = f'exec "{sys.executable}" -m mcp_server --home "{home}" --no-embedded 2>&-'
    opened = ["sh", "-c", command]
    with subprocess.Popen(opened, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write('{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        server.stdin.flush()
        assert json.loads(server.stdout.readline()) == {"jsonrpc": "2.0", "id": 1, "result": {}}
        server.stdin.close()
        assert server.wait(_ENDING_SECONDS) == 0
