"""`slow-steps`: a job that takes its time and says how far it is."""

import time
from typing import Annotated, TypedDict

from pydantic import Field

from backend.processes.base import Output, Progress, process
from backend.processes.pausing import pause_until


class Done(TypedDict):
    """What `slow-steps` did."""

    steps: int
    seconds: float


@process(
    id="slow-steps",
    title="Slow steps",
    keywords=["example", "progress", "job"],
    output=Output(id="done", title="What was done", description="Steps taken and seconds waited."),
    idempotent=True,
    example={"seconds": 2, "steps": 4},
)
def slow_steps(
    progress: Progress,
    seconds: Annotated[float, Field(ge=0, le=3600, description="Total duration in seconds.")] = 5,
    steps: Annotated[int, Field(ge=1, le=1000, description="Number of equal steps.")] = 5,
) -> Done:
    """Wait for a time in equal steps and report progress after each; tries out jobs."""
    start = time.monotonic()
    for step in range(1, steps + 1):
        pause_until(start + seconds * step / steps)
        progress(100 * step / steps, f"step {step} of {steps}")
    return Done(steps=steps, seconds=round(time.monotonic() - start, 3))
