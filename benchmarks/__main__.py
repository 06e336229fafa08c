"""Measure everything, or the named parts: `python -m benchmarks [PART …]`."""

import argparse
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from benchmarks import jobs, latency, load, many, many_processes, size, startup, throughput
from benchmarks.geospatial import compared
from benchmarks.table import Figure, markdown

PARTS: Mapping[str, Callable[[Path], Awaitable[list[Figure]]]] = {
    "stock": latency.against_stock_pygeoapi,
    "memory": latency.in_memory,
    "start": startup.start_up,
    "cancel": load.cancel,
    "dismiss": load.dismiss,
    "describe": load.describe,
    "jobs": jobs.stored_jobs,
    "many": many.many_processes,
    "found": many_processes.many_processes,
    "large": size.large_result,
    "throughput": throughput.throughput,
}
WITH_TABLES: Mapping[str, Callable[[Path], Awaitable[tuple[list[Figure], str]]]] = {
    "processes": compared.processes,
    "tools": size.tools,
}


def main() -> int:
    """Print the tables; exit 1 where a bar is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join([*PARTS, *WITH_TABLES]))
    parser.add_argument("--quick", action="store_true", help="processes with little data, to see that they run")
    given = parser.parse_args()
    figures: list[Figure] = []
    tables: list[str] = []
    for part in given.parts or [*PARTS, *WITH_TABLES]:
        print(f"measuring {part} …", file=sys.stderr)
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            if part in PARTS:
                figures += anyio.run(PARTS[part], Path(folder))
                continue
            few = {"size": compared.QUICK} if given.quick and part == "processes" else {}
            found, table = anyio.run(partial(WITH_TABLES[part], Path(folder), **few))
            figures += found
            tables.append(table)
    print(markdown(figures), *tables, sep="\n\n")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
