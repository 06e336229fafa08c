"""Each geospatial process beside the bare library call that does the same: `python -m benchmarks processes`."""
