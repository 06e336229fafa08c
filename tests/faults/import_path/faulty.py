"""Processes that do what jobs do, and what none should. Workers import this file by name."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import shapely

from backend.processes.base import Output, Progress, process

STUBBORN = "import signal, time; [signal.signal(s, signal.SIG_IGN) for s in (1, 2, 15, 29)]; time.sleep(600)"
"""A program that ends by SIGKILL alone."""

PARTS = (Output(id="shape"), Output(id="text", media_type="text/plain"), Output(id="bytes", media_type="image/png"))


def work(seconds: float, progress: Progress) -> dict[str, Any]:
    """Native code on large geometries, a file now and then; several results, each too large for the store's rows."""
    end = time.monotonic() + seconds
    shape, rounds = shapely.Point(0, 0).buffer(1, quad_segs=2000), 0
    while time.monotonic() < end:
        shape = shapely.union_all(shapely.buffer([shape, shapely.Point(rounds % 7, 0)], 0.5, quad_segs=2000))
        shape = shapely.segmentize(shape.envelope, 0.01)
        rounds += 1
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * 100_000)
        progress(50, f"round {rounds}")
    return {"shape": [[1.5] * 1000] * 20, "text": "word " * 20_000, "bytes": b"\x89PNG" + b"x" * 90_000}


@process(id="once", title="Once", output=PARTS)
def once(progress: Progress, seconds: float = 0.2) -> dict[str, Any]:
    """Work that may not be done twice."""
    return work(seconds, progress)


@process(id="again", title="Again", output=PARTS, idempotent=True)
def again(progress: Progress, seconds: float = 0.2) -> dict[str, Any]:
    """Work that may be done again."""
    return work(seconds, progress)


@process(id="quick", title="Quick", output=Output(id="value"), idempotent=True)
def quick(number: int = 0) -> int:
    """Give a number back."""
    return number


@process(id="ignore", title="Ignore", output=Output(id="value"))
def ignore(marker: str) -> int:
    """Ignore all signals that may be, start children that do too, write all pids into `marker`, and never end."""
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGIO):
        signal.signal(one, signal.SIG_IGN)
    plain = subprocess.Popen([sys.executable, "-c", STUBBORN])
    escaped = subprocess.Popen([sys.executable, "-c", STUBBORN], start_new_session=True)
    Path(marker).write_text(f"{os.getpid()} {plain.pid} {escaped.pid}")
    return sum(range(10**15))


@process(id="hog", title="Hog", output=Output(id="value"))
def hog() -> int:
    """Take memory until there is no more."""
    taken = [bytearray(32 * 2**20)]
    while True:
        taken.append(bytearray(32 * 2**20))


@process(id="crash", title="Crash", output=Output(id="value"))
def crash() -> int:
    """Say a last word, and die as native code does."""
    print("the last word", flush=True)  # noqa: T201 - that is the point
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


@process(id="spin", title="Spin", output=Output(id="value"))
def spin() -> int:
    """Hold a processor for days."""
    return sum(range(10**15))


@process(id="rest", title="Rest", output=Output(id="value"))
def rest(seconds: float = 600) -> float:
    """Be at work for so long, and leave the processor to others."""
    time.sleep(seconds)
    return seconds


@process(id="patient", title="Patient", output=Output(id="value", media_type="text/plain"))
def patient(marker: str, length: int = 1) -> str:
    """Be at work until there is the file `marker`, and give a text of some length."""
    while not Path(marker).exists():
        time.sleep(0.02)
    return "x" * length


@process(id="scribble", title="Scribble", output=Output(id="value"))
def scribble(megabytes: int = 1) -> int:
    """Write one temporary file."""
    with tempfile.TemporaryFile() as file:
        for _ in range(megabytes):
            file.write(b"x" * 2**20)
            file.flush()
    return megabytes


@process(id="chatter", title="Chatter", output=Output(id="value", media_type="text/plain"))
def chatter(lines: int = 3, length: int = 0) -> str:
    """Print, from Python and from native code, and give a text of some length."""
    for number in range(lines):
        print(f"line {number}", flush=True)  # noqa: T201 - that is the point
    os.write(2, b"native line\n")
    return "x" * length


@process(id="leave", title="Leave", output=Output(id="value"))
def leave() -> int:
    """Succeed, and leave a child behind."""
    return subprocess.Popen([sys.executable, "-c", STUBBORN]).pid


@process(id="swallow", title="Swallow", output=Output(id="value"))
def swallow(text: str) -> int:
    """Count the characters of a text, which may be too long for a row of the store."""
    return len(text)
