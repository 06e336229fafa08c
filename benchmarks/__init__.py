"""Speed and size, measured. `uv run python -m benchmarks` prints the table of docs/performance.md."""

from backend.jobs.library_threads import one_thread_each

one_thread_each()  # as in a worker, and before anything imports NumPy
