"""Speed and size, measured. `uv run python -m benchmarks` prints the table of docs/performance.md."""
