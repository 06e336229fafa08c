"""`uv run python -m tests.corpus_report DIR`: every measure of a corpus, and what speaks against it."""

import sys
from pathlib import Path

from tests.corpus_report.corpus import read_corpus
from tests.corpus_report.measures import MEDIAN_BYTES, P95_BYTES, Measure, measures, sizes

_SHOWN = 20


def main(folder: Path) -> int:
    """Print the report of a folder; 1 if a bar is not met."""
    corpus = read_corpus(folder)
    found = measures(corpus)
    for measure in found:
        _show(measure)
    size = sizes(corpus.described)
    print(f"{_mark(size.met)} bytes of a tool: median {size.median:.0f} (at most {MEDIAN_BYTES}), ", end="")
    print(f"95th percentile {size.p95:.0f} (at most {P95_BYTES}), largest {size.largest}")
    return 0 if size.met and all(measure.met for measure in found) else 1


def _show(measure: Measure) -> None:
    share = 100 * measure.good / max(1, measure.total)
    bar = f"at least {100 * measure.least:g} %"
    print(f"{_mark(measure.met)} {measure.title}: {measure.good} of {measure.total}, {share:.1f} % ({bar})")
    for line in measure.against[:_SHOWN]:
        print(f"      {line}")
    if len(measure.against) > _SHOWN:
        print(f"      and {len(measure.against) - _SHOWN} more")


def _mark(met: bool) -> str:
    return "met " if met else "MISSED"


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
