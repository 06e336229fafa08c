"""Processes of a user's own. Workers import this file by name."""

import logging

from backend.processes.base import Output, process


@process(id="divide", title="Divide", output=Output(id="quotient"), example={"by": 2})
def divide(by: float) -> float:
    """One divided by a number."""
    logging.getLogger(__name__).debug("dividing by %g", by)
    return 1 / by


@process(id="warn", title="Warn", output=Output(id="said"), example={})
def warn() -> bool:
    """Warn in the log, as the author of a process may."""
    logging.getLogger(__name__).warning("the input is old")
    return True
