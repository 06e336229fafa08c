"""The comparison of processes with bare library calls, on so little data that only its running is shown."""

from pathlib import Path

import anyio

from benchmarks.geospatial.compared import QUICK, every_case, processes
from benchmarks.geospatial.data import Data
from benchmarks.geospatial.memory import grown
from benchmarks.table import markdown


def test_every_process_and_the_bare_call_beside_it_run_and_are_told_in_the_table(tmp_path: Path) -> None:
    async def measured() -> str:
        figures, table = await processes(tmp_path, size=QUICK)
        return f"{markdown(figures)}\n{table}"

    told = anyio.run(measured)
    cases = every_case(Data(tmp_path / "data", QUICK.features, QUICK.side))
    assert len(cases) > 30
    assert all(f"| {case.name} |" in told for case in cases)
    assert "buffer of 100 points, dissolved" in told


def test_memory_is_that_of_one_case(tmp_path: Path) -> None:
    data = Data.made(tmp_path, 50, 20)
    assert grown(data, "filter-features", "own") >= 0
