"""What the fork server imports, and its workers are born with. Nobody else imports this module."""

import gc
from importlib import import_module

from backend.jobs.library_threads import one_thread_each

_MODULES = ("backend.jobs.worker", "backend.processes.inputs", "sqlalchemy.dialects.sqlite")
"""Most of the workers' memory and start."""


def _load() -> None:
    one_thread_each()
    # What is imported stays: to look for garbage in it takes long and finds none, and would be done by each worker
    # again, who would copy all the memory by it.
    gc.disable()
    for name in _MODULES:
        import_module(name)
    gc.freeze()
    gc.enable()


_load()
