"""Argleton's adapter: what a probe asks, in calls of our tools; what they answer, as its outcome."""

import runpy
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from argleton.model import Outcome, Probe, discover
from argleton.run import ROOT
from argleton.score import Verdict, judge

from tests.argleton import operations
from tests.argleton.tools import RefusedError, Tools


def probes() -> list[Probe]:
    """Every trap and clean twin, in the order of their names."""
    return discover(ROOT)


def run(probe: Probe, tools: Tools) -> Outcome:
    """Ask the tools what the probe asks."""
    operation = getattr(operations, probe.operation, None)
    if operation is None:
        return Outcome(unsupported=True)
    named = dict(argument.split("=", 1) for argument in probe.arguments if "=" in argument)
    tools.forget()
    try:
        found = operation(tools, *(argument for argument in probe.arguments if "=" not in argument), **named)
    except RefusedError as refusal:
        return Outcome(refusal=str(refusal))
    except (LookupError, TypeError, ValueError) as error:
        return Outcome(error=f"the answer is not as expected: {error!r}")
    return Outcome(answer=found, warnings=list(dict.fromkeys(tools.warnings)))


def judged(folder: Path, tools: Tools) -> Iterator[Verdict]:
    """The verdict on each probe; its files are made in the folder, and no others are there meanwhile."""
    for probe in probes():
        for old in folder.iterdir():
            old.unlink() if old.is_file() else shutil.rmtree(old)
        _build(probe.directory / "build.py", folder)
        yield judge(probe, run(probe, tools))


def _build(script: Path, folder: Path) -> None:
    """Run the probe's own script that makes its files; in this process, as loading GDAL for each would take long."""
    before, sys.argv = sys.argv, [str(script), str(folder)]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as ended:
        if ended.code:
            raise RuntimeError(f"{script.parent.name}: its files could not be made") from ended
    finally:
        sys.argv = before
