"""Ends a worker process, and what it started, as soon as its server is dead, however that died."""

import os
import select
import signal
import sys
import threading
from multiprocessing.connection import Connection

from backend.jobs.liveness import end_children, kill_group

_EXIT_CODE = 70


def die_with_server(alive: Connection) -> None:
    """Watch the read end of a pipe whose only write end is the server's: it closes when the server dies."""
    if sys.platform == "linux":
        _die_by_signal(alive)
    else:
        threading.Thread(target=_die_at_end, args=(alive,), name="server-watch", daemon=True).start()


def _die_by_signal(alive: Connection) -> None:
    """Let the kernel kill our group. A thread would have to wait while C code holds the interpreter's lock."""
    import fcntl  # noqa: PLC0415 - absent on Windows

    # The pipe's owner belongs to the open file description, which all workers share: open one of our own.
    own = os.open(f"/proc/self/fd/{alive.fileno()}", os.O_RDONLY | os.O_NONBLOCK)
    leads = os.getpgrp() == os.getpid()
    fcntl.fcntl(own, fcntl.F_SETOWN, -os.getpid() if leads else os.getpid())  # negative: the group, children too
    fcntl.fcntl(own, fcntl.F_SETSIG, signal.SIGKILL)  # a child may ignore every other signal
    fcntl.fcntl(own, fcntl.F_SETFL, fcntl.fcntl(own, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([own], [], [], 0)[0]:
        os._exit(_EXIT_CODE)  # it died before we listened


def _die_at_end(alive: Connection) -> None:
    try:
        alive.recv_bytes()
    except (EOFError, OSError):
        end_children()
        kill_group(os.getpid())
        os._exit(_EXIT_CODE)
