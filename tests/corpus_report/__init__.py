"""What becomes of the descriptions and requests in a folder: `uv run python -m tests.corpus_report DIR`."""
