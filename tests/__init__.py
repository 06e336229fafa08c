"""Tests, mirroring the source; importable because benchmarks start the same servers."""
