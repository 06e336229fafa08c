"""Measure everything, or the named parts: `python -m benchmarks [PART …]`."""

import argparse
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from benchmarks import jobs, latency, load, many, many_processes, size, startup, throughput
from benchmarks.table import Figure, markdown

PARTS: Mapping[str, Callable[[Path], Awaitable[list[Figure]]]] = {
    "stock": latency.against_stock_pygeoapi,
    "memory": latency.in_memory,
    "start": startup.start_up,
    "cancel": load.cancel,
    "describe": load.describe,
    "jobs": jobs.stored_jobs,
    "many": many.many_processes,
    "found": many_processes.many_processes,
    "large": size.large_result,
    "throughput": throughput.throughput,
}


def main() -> int:
    """Print the tables; exit 1 where a bar is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join([*PARTS, "tools"]))
    asked = parser.parse_args().parts or [*PARTS, "tools"]
    figures: list[Figure] = []
    details = ""
    for part in asked:
        print(f"measuring {part} …", file=sys.stderr)
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            if part == "tools":
                found, details = anyio.run(partial(size.tools, Path(folder)))
            else:
                found = anyio.run(partial(PARTS[part], Path(folder)))
        figures += found
    print(markdown(figures), details, sep="\n\n")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
