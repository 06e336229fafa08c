"""How much memory one run takes, in a process of its own: `python -m benchmarks.geospatial.memory …`."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from benchmarks.geospatial.cases import Case
from benchmarks.geospatial.data import Data

type Side = Literal["own", "bare"]

WARM = 200, 60
"""Features and cells along a raster of the run that imports everything."""


def peak_growth(data: Data, name: str, side: Side) -> int:
    """Bytes by which resident memory grows at most while a case runs."""
    command = [sys.executable, "-m", __name__, str(data.folder), str(data.features), str(data.side), name, side]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(told.split()[-1])


def grown(data: Data, name: str, side: Side) -> int:
    """Bytes by which this process's memory has grown at most since everything is imported."""
    from benchmarks.geospatial.compared import every_case  # noqa: PLC0415  # imports this module

    with TemporaryDirectory() as small:
        _run(every_case(Data.made(Path(small), *WARM)), name, side)
    before = _resident("VmRSS")
    _run(every_case(data), name, side)
    return max(0, _resident("VmHWM") - before)


def _run(cases: Sequence[Case], name: str, side: Side) -> None:
    [case] = [case for case in cases if case.name == name]
    (case.own if side == "own" else case.bare)()


def _resident(member: str) -> int:
    """Bytes of this process's memory, as Linux tells it: VmRSS now, VmHWM at most."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(member)]
    return int(line.split()[1]) * 1024


def _main(folder: str, features: str, cells: str, name: str, side: Side) -> None:
    print(grown(Data(Path(folder), int(features), int(cells)), name, side))


if __name__ == "__main__":
    _main(*sys.argv[1:])  # pyright: ignore[reportArgumentType]  # `peak_growth` gives them
