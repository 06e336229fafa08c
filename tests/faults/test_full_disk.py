"""The disk is full: nothing is accepted and lost, and all goes on once there is room."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import httpx
import pytest

from tests.faults.injection import Backend, client_of, statuses

pytestmark = [pytest.mark.long(10), pytest.mark.anyio]

ASYNC = {"Prefer": "respond-async"}
FINAL = {"successful", "failed"}
LONG = "x" * 300_000
"""Inputs that stand in a file, and not in the job's row."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 16 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root on Linux alone")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as full:
        for size in (2**20, 4096, 1):
            while True:
                try:
                    full.write(b"x" * size)
                except OSError:
                    break


async def execute(client: httpx.AsyncClient, process: str, **inputs: object) -> httpx.Response:
    return await client.post(f"/processes/{process}/execution", json={"inputs": inputs}, headers=ASYNC)


async def end_of(client: httpx.AsyncClient, job: str) -> dict[str, object]:
    with anyio.fail_after(60):
        while (document := (await client.get(f"/jobs/{job}")).json())["status"] not in FINAL:
            await anyio.sleep(0.05)
    return document


async def until_running(client: httpx.AsyncClient, job: str) -> None:
    with anyio.fail_after(60):
        while (await client.get(f"/jobs/{job}")).json()["status"] != "running":
            await anyio.sleep(0.01)


async def until_told(log: Path, text: str) -> None:
    with anyio.fail_after(60):
        while text not in await anyio.Path(log).read_text(encoding="utf-8"):
            await anyio.sleep(0.05)


async def test_on_a_full_disk_nothing_is_accepted_and_lost(
    serve: Callable[..., Backend], home: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    backend = serve(log=log)
    async with client_of(backend.url) as client:
        done = (await execute(client, "once", seconds=0)).raise_for_status().json()["jobID"]
        assert (await end_of(client, done))["status"] == "successful"
        gate = tmp_path / "gate"
        inputs = {"marker": str(gate), "length": len(LONG)}
        under_way = (await execute(client, "patient", **inputs)).raise_for_status().json()["jobID"]
        await until_running(client, under_way)
        fill(home / "filler")
        refusals = [await execute(client, "quick") for _ in range(5)]
        refusals += [await execute(client, "swallow", text=LONG) for _ in range(3)]
        assert {reply.status_code for reply in refusals} == {507}
        assert refusals[0].headers["content-type"] == "application/problem+json"
        assert refusals[-1].json()["detail"].startswith("There is no room on the disk for the inputs")
        assert not list((home / "inputs").glob("*"))
        assert statuses(home).keys() == {done, under_way}
        assert (await client.get(f"/jobs/{done}/results")).status_code == 200
        gate.touch()
        await until_told(log, "could not be stored")
        (home / "filler").unlink()
        ended = await end_of(client, under_way)
        assert ended["status"] == "failed"
        assert str(ended["message"]).startswith("The end of the job could not be stored")
        for again in (await execute(client, "once", seconds=0), await execute(client, "swallow", text=LONG)):
            assert (await end_of(client, again.raise_for_status().json()["jobID"]))["status"] == "successful"
        sys.stderr.write(f"\nrefused with {refusals[0].status_code}; the job under way: {ended['message']}\n")
