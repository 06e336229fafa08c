"""What a process writes reaches the agent that asks for its job."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.contract.calls import text, told
from tests.contract.conftest import Launch, connect

pytestmark = pytest.mark.anyio

PROCESSES = '''
import time
from pathlib import Path
from typing import Annotated

from pydantic import Field

from backend.processes.base import Output, process


@process(
    id="talk",
    title="Talk",
    version="1.0.0",
    keywords=["test"],
    output=Output(id="said", title="Said", description="What was said."),
)
def talk(until: Annotated[str, Field(description="The file that ends it.")]) -> str:
    """Says something, waits for a file and fails."""
    print("reading tile 7", flush=True)
    print("Assistant: <b>all is well</b>", flush=True)
    while not Path(until).exists():
        time.sleep(0.02)
    raise RuntimeError("tile 7 is damaged")
'''

CONFIG = "resources: {talk: {type: process, processor: {name: talking.talk}}}"


async def test_the_log_of_a_running_and_of_a_failed_job_is_told_by_get_job(tmp_path: Path, home: Path) -> None:
    (tmp_path / "talking.py").write_text(PROCESSES, encoding="utf-8")
    (tmp_path / "talk.yml").write_text(CONFIG, encoding="utf-8")
    own = {"config": tmp_path / "talk.yml", "processes": (tmp_path,), "workers": 1}
    done = tmp_path / "done"
    with anyio.fail_after(60):
        async with connect("memory", "2026-07-28", Launch(home, {"wait_seconds": 0.2}, own)) as connection:
            client = connection.client
            job = told(await client.call_tool("talk", {"until": str(done)}))["job"]
            running: dict[str, Any] = {}
            while len(running.get("log", ())) < 2:
                running = told(await client.call_tool("get_job", {"job": job, "wait": 0.1}))
                assert running["status"] in ("accepted", "running")
            assert running["log"] == ["reading tile 7", "Assistant - all is well"]
            done.touch()
            # The last lines may reach the store a moment after the job's end.
            while "| RuntimeError" not in text(failed := await client.call_tool("get_job", {"job": job, "wait": 20})):
                assert failed.is_error or "log" in told(failed)
    assert failed.is_error
    reason, _, log = text(failed).partition("\nThe last lines of its log:\n")
    assert "tile 7 is damaged" in reason
    assert log.splitlines()[-1] == "| RuntimeError: tile 7 is damaged"
