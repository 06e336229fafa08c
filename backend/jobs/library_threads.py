"""How many threads the libraries of a worker may start."""

import os

_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""What OpenBLAS (NumPy's), MKL and OpenMP look at when they are loaded."""


def one_thread_each() -> None:
    """Let libraries that are loaded from now on reckon in one thread, unless the environment says otherwise.

    There is a worker for each processor already; and threads of OpenBLAS that have nothing to do keep one busy for some
    hundredths of a second each time.
    """
    for name in _VARIABLES:
        os.environ.setdefault(name, "1")
