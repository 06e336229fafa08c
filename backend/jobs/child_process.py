"""What every process that a server starts does first, whatever its work."""

import os
import signal
from contextlib import suppress
from multiprocessing.connection import Connection

from backend.geo.vector.reach import confine
from backend.jobs.liveness import lead_group
from backend.jobs.server_watch import die_with_server
from telemetry.streams import write_utf8


def belong_to_server(alive: Connection, output: Connection | None = None) -> None:
    """Make the calling process its server's: it ends with the server, and reaches no further than it may.

    alive: the pipe by which it learns of its server's death.
    output: where its standard streams go; None leaves them the server's standard error.
    """
    # What it starts is killed with it.
    lead_group()
    die_with_server(alive)
    # Ctrl-C in a terminal reaches every process; ending its own ones is the server's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Before they lead elsewhere: Python would look for its place in a file that is none any more.
    write_utf8()
    _divert_streams(output)
    confine()


def _divert_streams(output: Connection | None) -> None:
    """Standard output may be a protocol's stream: whatever a process prints goes where logs go."""
    with suppress(OSError):
        if output is not None:
            os.dup2(output.fileno(), 2)
            output.close()
        os.dup2(2, 1)
