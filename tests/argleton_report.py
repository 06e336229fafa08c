"""Prints what Argleton's probes got from our tools: `uv run python -m tests.argleton_report`."""

import tempfile
from collections import Counter
from pathlib import Path

from tests.argleton.adapter import judged
from tests.argleton.tools import tools_on


def main() -> None:
    """Run all probes and print one line for each, and the counts."""
    counts: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        data, home = Path(folder, "data"), Path(folder, "home")
        data.mkdir()
        with tools_on(data, home) as tools:
            for verdict in judged(data, tools):
                counts[verdict.population, verdict.verdict] += 1
                print(f"{verdict.population:5}  {verdict.probe_id:30}  {verdict.verdict:20}  {verdict.detail[:160]}")
    for (population, name), count in sorted(counts.items()):
        print(f"{population:5}  {name:20}  {count}")


if __name__ == "__main__":
    main()
