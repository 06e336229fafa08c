"""A bridge in a process of its own, with one execution that its server never answers.

`python -m tests.mcp_server.execution.bridge_process HOME` tells the URI of the job and waits for the end of its input.
"""

import sys
from pathlib import Path

import anyio
import anyio.to_thread

from tests.mcp_server.execution.bench import Bench
from tests.mcp_server.execution.jobs_site import site_without_jobs


async def main(home: Path) -> None:
    site, _ = site_without_jobs()
    async with anyio.create_task_group() as tasks:
        execution = await Bench(home, site, wait_seconds=0.1, tasks=tasks).run()
        sys.stdout.write(f"{execution.job}\n")
        sys.stdout.flush()
        await anyio.to_thread.run_sync(sys.stdin.read)
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]))
