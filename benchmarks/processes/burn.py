"""A CPU-bound job in native code that never looks up: what cancelling and loaded servers are measured with."""

import os
from typing import Annotated

from pydantic import Field

from backend.processes.base import Output, Progress, process


@process(
    id="burn",
    title="Burn a core",
    version="1.0.0",
    output=Output(id="total", title="Total", description="A sum.", media_type="application/json"),
    idempotent=True,
)
def burn(progress: Progress, size: Annotated[int, Field(ge=1)] = 10**11) -> int:
    """Add up integers in one call of native code that never releases the interpreter."""
    progress(1, f"pid {os.getpid()}")
    return sum(range(size))
