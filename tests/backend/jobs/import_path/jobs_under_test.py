"""Processes that misbehave in the ways a job engine has to bear. Workers import this file by name."""

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from pygeoapi.process.base import BaseProcessor

from backend.errors import ProcessRefusedError
from backend.processes.base import Output, Progress, process

MEBIBYTE = 2**20


def burn() -> int:
    """Hold the interpreter's lock in C code for days."""
    return sum(range(10**15))


class Plain(BaseProcessor):
    """A plugin as pygeoapi's users write them, with the one output `value`."""

    media_type = "application/json"

    def __init__(self, processor_def: dict[str, Any]) -> None:
        modes = ["sync-execute", "async-execute"]
        super().__init__(processor_def, {"outputs": {"value": {"schema": {}}}, "jobControlOptions": modes})

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:  # noqa: ARG002 - pygeoapi's
        return self.media_type, self.value(**data)

    def value(self, **inputs: Any) -> Any:
        raise NotImplementedError


class Echo(Plain):
    """Gives back what it got, and a number of megabytes."""

    def value(self, megabytes: int = 0, **inputs: Any) -> Any:
        return {"got": inputs, "padding": "x" * (megabytes * MEBIBYTE)}


class Picture(Plain):
    """Bytes that are no JSON."""

    media_type = "image/png"

    def value(self) -> Any:
        return b"\x89PNG"


class NoNumber(Plain):
    """A value that JSON does not have."""

    def value(self) -> Any:
        return {"value": float("nan")}


class Burn(Plain):
    """Never ends, and never lets Python code run."""

    def value(self) -> Any:
        return burn()


class BurnOnce(Plain):
    """Never ends the first time, and then says how often it was begun. `marker` is a file to count in."""

    idempotent = True

    def value(self, marker: str) -> Any:
        begun = count(marker)
        return burn() if begun == 1 else begun


class Crash(Plain):
    """Dies as native code dies."""

    idempotent = True

    def value(self, marker: str) -> Any:
        count(marker)
        os.kill(os.getpid(), signal.SIGSEGV)


class Murmur(Plain):
    """Prints, and leaves it to others to see that it is written."""

    def value(self) -> Any:
        print("a murmur", end="")  # noqa: T201 - that is the point
        return "quiet"


class Noise(Plain):
    """Prints, as Python and as native code do."""

    def value(self) -> Any:
        print("noise of print", flush=True)  # noqa: T201 - that is the point
        os.write(1, b"noise of native code\n")
        return "quiet"


class Refuse(Plain):
    """Will not answer."""

    def value(self) -> Any:
        raise ProcessRefusedError("The distance is too large.", path="$.inputs.distance")


class LeaveFiles(Plain):
    """Makes a temporary file, writes its name into `marker`, and never ends."""

    def value(self, marker: str) -> Any:
        with tempfile.NamedTemporaryFile(delete=False) as file:
            Path(marker).write_text(file.name)
        return burn()


@process(id="tell", title="Tell", output=Output(id="value"), example={}, idempotent=True)
def tell(progress: Progress, seconds: float = 30) -> dict[str, Any]:
    """Report half-way and stay there."""
    progress(50, "half-way")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(0.02)
    return {}


def count(marker: str) -> int:
    """How often it was called with this file."""
    with Path(marker).open("a") as file:
        file.write("x")
    return Path(marker).stat().st_size
